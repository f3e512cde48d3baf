"""The update rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd import Value
from autograd.errors import ArgumentError, OperandError
from autograd.operands import number
from autograd.rules.patterns import text_function

if TYPE_CHECKING:
    from collections.abc import Iterable


class SGD:
    """
    Gradient descent: w ← w - η ∂L/∂w, with a gradient of one mini-batch it is stochastic.

    Parameters
    ----------
    parameters
        The leaves to update.
    lr
        The learning rate η.

    Raises
    ------
    TypeError
        A parameter is not a Value.
    ValueError
        There are no parameters, one of them is not a leaf, or the learning rate is negative.

    References
    ----------
    Robbins and Monro: A Stochastic Approximation Method, 1951.

    Examples
    --------
    >>> w = Value(1.0)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.8
    """

    def __init__(self, parameters: Iterable[Value], lr: float) -> None:
        if not hasattr(parameters, "__iter__"):
            advice = "; write model.parameters()" if hasattr(parameters, "parameters") else ""
            msg = f"SGD: parameters must be a list of Values, not {type(parameters).__name__}{advice}"
            raise OperandError(msg)
        self.parameters = list(parameters)
        if not self.parameters:
            msg = "SGD: parameters must not be empty"
            raise ArgumentError(msg)
        for parameter in self.parameters:
            _check_leaf(parameter)
        self.lr = number(lr, "SGD: lr")
        if not self.lr >= 0.0:
            msg = f"SGD: lr must be zero or positive, not {lr}"
            raise ArgumentError(msg)

    #: The rule, in the manner of the table of operations: `step` computes it, and `autograd.stepping` shows it.
    formula = "w - η*grad"

    def step(self) -> None:
        """Move every parameter against its gradient."""
        updated = text_function(self.formula, ("w", "η", "grad"))
        for parameter in self.parameters:
            parameter.data = updated(parameter.data, self.lr, parameter.grad)

    def explain(self, parameter: Value, grad: float) -> tuple[str, dict[str, float]]:
        """
        Tell what `step` would do to a parameter, without doing it.

        Parameters
        ----------
        parameter
            One of the parameters.
        grad
            Its gradient.

        Returns
        -------
        formula, numbers
            The text of the new value, and the number for each name in it: ``w`` is the parameter, ``grad`` its
            gradient.

        Examples
        --------
        >>> w = Value(1.0)
        >>> SGD([w], lr=0.1).explain(w, 2.0)
        ('w - η*grad', {'w': 1.0, 'η': 0.1, 'grad': 2.0})
        """
        return self.formula, {"w": parameter.data, "η": self.lr, "grad": grad}

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to 0.0."""
        for parameter in self.parameters:
            parameter.grad = 0.0


def _check_leaf(parameter: Value) -> None:
    if not isinstance(parameter, Value):
        msg = f"SGD: a parameter must be a Value, not {type(parameter).__name__} {parameter!r}"
        raise OperandError(msg)
    if parameter.op:
        msg = (
            f"SGD: a parameter must be a leaf, but {parameter!r} is the result of {parameter.op}: change p.data, "
            "as in p.data -= lr * p.grad; p -= lr * p.grad makes a new node"
        )
        raise ArgumentError(msg)
