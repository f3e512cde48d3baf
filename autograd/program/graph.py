"""The graph that a program computes, in arrays: all that is needed to run it anew, here or in another process."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from autograd.engine import Value, topological_order
from autograd.noting import made_at
from autograd.program.foreign import check_foreign, foreign_entries
from autograd.program.pausing import collector_paused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from autograd.entry import Op
    from autograd.sources import SourceLine
    from autograd.tracing import Comparison


class Compared(NamedTuple):
    """
    A comparison that was made while recording.

    Parameters
    ----------
    left, operator, right
        What was compared, by the places of the nodes.
    outcome
        What came out.
    text
        How it is told.
    """

    left: int
    operator: str
    right: int
    outcome: bool
    text: str


class Graph:
    """
    Nodes, each behind those that it is computed from; one is named by its place.

    It holds no Value, so that those of the recorded graph can go. Once made it stays as it is, and programs share it.

    Parameters
    ----------
    inputs, params
        Their labels, "" for none.
    single
        Whether there is one result, not a list of them.

    Attributes
    ----------
    names
        Of the operations that occur; ``"constant"``, ``"input"`` and ``"param"`` for leaves.
    codes
        Of each node which of these it is.
    operands, starts
        Those of node i stand between ``starts[i]`` and ``starts[i + 1]``: places of nodes; of a leaf which input, which
        parameter, or which of the `numbers`.
    numbers
        Those of constants.
    lines, line_of
        Lines of code, and of each node which of these has made it; -1 if that is not known.
    labels
        Of the nodes that have one.
    roots
        The places of the results.
    comparisons
        Those that must come out as they did.
    size
        How many nodes there are without plain numbers.
    """

    def __init__(self, inputs: Sequence[str], params: Sequence[str], *, single: bool) -> None:
        self.inputs, self.params, self.single = list(inputs), list(params), single
        self.names: list[str] = []
        self.codes = array("H")
        self.operands = array("i")
        self.starts = array("q", [0])
        self.numbers = array("d")
        self.lines: list[SourceLine] = []
        self.line_of = array("i")
        self.labels: dict[int, str] = {}
        self.roots: list[int] = []
        self.comparisons: list[Compared] = []
        self.size = 0

    def __len__(self) -> int:
        return len(self.codes)

    def nodes(self) -> Iterator[tuple[str, array[int]]]:
        """
        Go through the nodes.

        Yields
        ------
        name, operands
            Of each node.
        """
        names, operands, starts = self.names, self.operands, self.starts
        for place, code in enumerate(self.codes):
            yield names[code], operands[starts[place] : starts[place + 1]]

    def leaves(self) -> list[int | None]:
        """
        Find what is differentiated by: the parameters, or without any the inputs.

        Returns
        -------
        list of int or None
            Their places; None for one on which nothing depends.
        """
        kind, count = ("param", len(self.params)) if self.params else ("input", len(self.inputs))
        if kind not in self.names:
            return [None] * count
        code = self.names.index(kind)
        at = {self.operands[self.starts[i]]: i for i, each in enumerate(self.codes) if each == code}
        return [at.get(which) for which in range(count)]

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __copy__(self) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (vars(self), foreign_entries(self.names, "pickle"))


@collector_paused()
def graph_of(
    roots: Sequence[Value], inputs: Sequence[Value], params: Sequence[Value], comparisons: Sequence[Comparison], *,
    single: bool,
) -> tuple[Graph, list[tuple[Value, float]]]:  # fmt: skip
    """
    Write down a graph of Values.

    Parameters
    ----------
    roots
        What is computed.
    inputs, params
        Leaves whose numbers are given at each run.
    comparisons
        Those that must come out as they did.
    single
        Whether there is one result, not a list of them.

    Returns
    -------
    graph
        The same in arrays.
    constants
        The other leaves, with the numbers that they have.
    """
    graph = Graph([leaf.label for leaf in inputs], [leaf.label for leaf in params], single=single)
    writer = _Writer(graph, inputs, params)
    compared = [each for one in comparisons for each in (one.left, one.right) if isinstance(each, Value)]
    order = topological_order(*roots, *compared)
    writer.write(order)
    graph.size = len(order)
    graph.roots = [writer.place[root] for root in roots]
    for one in comparisons:
        left, right = (writer.place_of(each) for each in (one.left, one.right))
        graph.comparisons.append(Compared(left, one.operator, right, one.outcome, str(one)))
    return graph, writer.constants


class _Writer:
    """Appends nodes to a graph."""

    def __init__(self, graph: Graph, inputs: Sequence[Value], params: Sequence[Value]) -> None:
        self.place: dict[Value, int] = {}
        self.constants: list[tuple[Value, float]] = []
        self._graph = graph
        self._given = {leaf: ("input", which) for which, leaf in enumerate(inputs)}
        self._given |= {leaf: ("param", which) for which, leaf in enumerate(params)}
        self._codes: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._lines: dict[SourceLine, int] = {}

    def write(self, order: Iterable[Value]) -> None:
        """Append nodes, each behind its operands."""
        place, labels = self.place, self._graph.labels
        for node in order:
            op = node.op
            if op:
                operands = [place[each] if isinstance(each, Value) else self.place_of(each) for each in node.operands]
                at = self._append(op, operands)
            elif node in self._given:
                kind, which = self._given[node]
                at = self._append(kind, (which,))
            else:
                self.constants.append((node, node.data))
                at = self._constant(node.data)
            place[node] = at
            if label := node.label:
                labels[at] = label
            if source := made_at(node):
                self._note_line(at, source)

    def place_of(self, operand: Value | float) -> int:
        """Give the place of a node or of a plain number, which is there once."""
        if isinstance(operand, Value):
            return self.place[operand]
        key = float(operand).hex()  # 0.0 is not -0.0
        place = self._numbers.get(key)
        if place is None:
            place = self._numbers[key] = self._constant(operand)
        return place

    def _constant(self, number: float) -> int:
        numbers = self._graph.numbers
        numbers.append(number)
        return self._append("constant", (len(numbers) - 1,))

    def _append(self, name: str, operands: Sequence[int]) -> int:
        graph = self._graph
        code = self._codes.get(name)
        if code is None:
            code = self._codes[name] = len(graph.names)
            graph.names.append(name)
        graph.codes.append(code)
        graph.operands.extend(operands)
        graph.starts.append(len(graph.operands))
        graph.line_of.append(-1)
        return len(graph.codes) - 1

    def _note_line(self, place: int, source: SourceLine) -> None:
        graph = self._graph
        line = self._lines.get(source)
        if line is None:
            line = self._lines[source] = len(graph.lines)
            graph.lines.append(source)
        graph.line_of[place] = line


def _unpickled(attributes: dict[str, Any], entries: dict[str, Op]) -> Graph:
    check_foreign(entries, "the pickled program")
    graph = Graph.__new__(Graph)
    vars(graph).update(attributes)
    return graph
