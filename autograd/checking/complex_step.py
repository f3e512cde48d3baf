"""Derivatives by a step into the complex plane: no difference is taken, so nothing cancels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd.engine import Value, topological_order
from autograd.errors import ArgumentError
from autograd.ops import TABLE
from autograd.rules import complex_reader, group, parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_STEP = 2.0**-300  # its square is nothing beside one, and times any likely derivative it is a number


class ComplexStep:
    """
    A recorded graph, to be computed again with complex numbers.

    If x is shifted by ih, the imaginary part of the result is h times the derivative, but for terms of h². The values
    come from the texts of the table, the local derivatives are not used.

    Parameters
    ----------
    root
        The node to differentiate.

    Raises
    ------
    ValueError
        An operation in the graph has no complex form.

    References
    ----------
    Squire and Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review 40 (1998).

    Examples
    --------
    >>> x = Value(2.0)
    >>> ComplexStep(x * x * x).slope({x: 1.0})
    12.0
    """

    def __init__(self, root: Value) -> None:
        order = topological_order(root, live=True)
        readers: dict[str, Callable[..., complex]] = {}
        without: list[str] = []
        for node in order:
            if node.op and node.op not in readers and node.op not in without:
                try:
                    readers[node.op] = complex_reader().value(node.op)
                except LookupError:
                    without.append(node.op)
        if without:
            raise ArgumentError(_no_complex_form(without))
        self.root = root
        self._data = {node: node.data for node in order}
        self._steps = [(node, readers[node.op]) for node in order if node.op]

    def slope(self, direction: Mapping[Value, float], relative_shift: float = 0.0) -> float:
        """
        Differentiate along a direction.

        Parameters
        ----------
        direction
            How fast each leaf changes; those that are missing do not.
        relative_shift
            Where: the leaves' data times one plus this.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            With complex numbers an operation does not give what it gave with real ones.
        ArithmeticError
            An operation has no value.
        """
        numbers: dict[Value, complex] = dict(self._data)
        for leaf, rate in direction.items():
            numbers[leaf] = complex(self._data.get(leaf, leaf.data) * (1 + relative_shift), rate * _STEP)
        for node, value in self._steps:
            operands: Sequence[complex] = [numbers.get(x, x.data) if isinstance(x, Value) else x for x in node.operands]
            groups = group(TABLE[node.op], operands)
            star = parameters(TABLE[node.op])[0].kind == "star"
            result = complex(value(*groups[0]) if star else value(*groups))
            if not relative_shift and abs(result.real - node.data) > 1e-6 * abs(node.data) + 1e-30:
                raise ArgumentError(_no_complex_form([node.op]))
            numbers[node] = result
        return numbers[self.root].imag / _STEP


def _no_complex_form(names: Sequence[str]) -> str:
    listed = ", ".join(names)
    return (
        f"gradcheck: method 'complex' needs a complex form of every operation of f, and {listed} "
        f"{'has' if len(names) == 1 else 'have'} none here; use method='richardson'"
    )
