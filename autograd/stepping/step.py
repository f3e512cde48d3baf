"""One step of a pass, as data and as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from autograd.engine import Value
    from autograd.sources import SourceLine


class Quantity(NamedTuple):
    """
    What a number in a step is, so that it can be computed anew.

    Parameters
    ----------
    kind
        ``"data"``: of the node; ``"operand"``: what the node was computed from, in an argument; ``"slope"``: the node's
        local derivative by it; ``"adjoint"``: the gradient of the node, complete; ``"share"``: slope times adjoint;
        ``"before"``, ``"after"``: the number that the step changes (``node`` says whose); ``"setting"``: a number of
        the optimizer's; ``"data norm"``, ``"grad norm"``, ``"parameter norm"``: of the layer in place of the node.
    node
        Its place in the topological order.
    argument
        Which operand of the node; None where that says nothing.
    tight
        With a minus sign it stands in parentheses.
    """

    kind: str
    node: int
    argument: int | None = None
    tight: bool = False

    def written(self, number: float) -> str:
        """
        Write a number as it stands in a step.

        Parameters
        ----------
        number
            What the quantity is.

        Returns
        -------
        str

        Examples
        --------
        >>> Quantity("operand", 2, 0).written(-1 / 3), Quantity("operand", 2, 0, tight=True).written(-2.0)
        ('-0.3333', '(-2)')
        """
        text = short(number)
        return f"({text})" if self.tight and text.startswith("-") else text


@dataclass(frozen=True)
class Sentence:
    """
    A line of text with numbers in it.

    Parameters
    ----------
    line
        The text, as `str.format` takes it: a ``{}`` for each number.
    quantities
        What each number is.
    numbers
        The numbers.
    """

    line: str
    quantities: tuple[Quantity, ...]
    numbers: tuple[float, ...]

    def __str__(self) -> str:
        return self.line.format(*(q.written(x) for q, x in zip(self.quantities, self.numbers, strict=True)))


@dataclass(frozen=True)
class Step:
    """
    One step of a pass.

    Parameters
    ----------
    phase
        ``"forward"``: a node is computed; ``"backward"``: a gradient grows; ``"update"``: an optimizer would move a
        parameter.
    node
        The node that is computed, or that hands a parent its share; where a gradient is collected as one sum, and in an
        update, the node whose number changes; of a layer its last node.
    parent
        Whose gradient changes; None in the forward pass, in an update and for a layer.
    argument
        Of which operand of `node` it is the share; None where there is more than one, or none.
    before, after
        The number that changes, before and after: the node's data, the parent's gradient in this sweep; for a layer the
        norm of all these numbers.
    edges
        The edges that the step goes along, each as a node's place in the topological order and the argument.
    symbols
        The step in names only.
    latex
        The same, typeset.
    rule
        The local derivative as people know it, with names; "" in the forward pass and for a layer.
    sentence
        The step in a line, with names and with numbers.
    note
        What is a convention in it, as the derivative at a kink; the line ends with it.
    sum
        When the parent's last share has arrived: the sum in full; else None.
    source
        The line of the user's code that made the node, if it was recorded.
    layer
        The number of the layer; None if the step is not that of a layer.
    """

    phase: str
    node: Value
    parent: Value | None
    argument: int | None
    before: float
    after: float
    edges: tuple[tuple[int, int], ...]
    symbols: str
    latex: str
    rule: str
    sentence: Sentence
    note: str = ""
    sum: Sentence | None = None
    source: SourceLine | None = None
    layer: int | None = None

    @property
    def line(self) -> str:
        """The text of the step, with ``{}`` for each number."""
        return self.sentence.line

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What the numbers in the line are."""
        return self.sentence.quantities

    @property
    def text(self) -> str:
        """The step in a line, with names and with numbers."""
        return str(self.sentence)

    @property
    def total(self) -> str:
        """The sum in full, when the parent's last share has arrived: ``a.grad = 6 + 1 = 7 (...)``; else ""."""
        return str(self.sum) if self.sum else ""

    def resolve(self, quantity: Quantity) -> float:
        """
        Give the number that a quantity of this step has.

        Parameters
        ----------
        quantity
            One of `quantities`, or of those of `sum`.

        Returns
        -------
        float

        Raises
        ------
        LookupError
            The step does not have it.
        """
        for sentence in (self.sentence, self.sum):
            if sentence and quantity in sentence.quantities:
                return sentence.numbers[sentence.quantities.index(quantity)]
        msg = f"{quantity} does not occur in this step: {self}"
        raise LookupError(msg)

    def __str__(self) -> str:
        return self.text


def short(number: float) -> str:
    """
    Write a number in a step.

    Parameters
    ----------
    number
        The number.

    Returns
    -------
    str
        With four significant digits.
    """
    return f"{number:.4g}"
