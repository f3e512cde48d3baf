"""
Programs in files: a line that names the format, its version and a checksum of the rest; a line of JSON; then arrays.

Of a function that goes several ways these two, JSON and arrays, are there for each of them.

What is saved is the graph, not the tape: it is put on a tape anew when it is loaded, so that a file has nothing in it
that is run, and does not depend on the instructions of a version. All that is read is looked at before it is used.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import sys
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.entry import Op
from autograd.errors import ArgumentError
from autograd.files import name_of, write_whole
from autograd.ops import TABLE
from autograd.primitives import COMPARISONS
from autograd.program.foreign import check_foreign, foreign_entries
from autograd.program.graph import Compared, Graph
from autograd.program.tape import SOURCES
from autograd.rules.parameters import parameters
from autograd.sources import SourceLine

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence

_VERSION = 1
_HEAD = re.compile(rb"chainrule program (\d{1,9})(?: ([0-9a-f]{64}))?")

#: What follows the line of JSON, each with its type; the numbers of the parameters come last.
_ARRAYS = {"codes": "H", "operands": "i", "starts": "q", "line_of": "i", "numbers": "d", "params": "d"}


class _DamagedError(Exception):
    """What is wrong with a file."""


def write(path: str | os.PathLike[str], graphs: Iterable[Graph], params: Sequence[float]) -> None:
    """
    Write graphs into a file.

    Parameters
    ----------
    path
        Where. What is there is replaced when all has been written.
    graphs
        One, or one for each way that a function goes.
    params
        The numbers of their parameters.

    Raises
    ------
    TypeError
        An operation is made of functions of Python.
    OSError
        The file cannot be written.
    """
    body = b"".join(_packed(graph, params) for graph in graphs)
    first = f"chainrule program {_VERSION} {hashlib.sha256(body).hexdigest()}\n".encode()
    write_whole(path, [first, body])


def read(path: str | os.PathLike[str]) -> tuple[list[Graph], list[float]]:
    """
    Read graphs from a file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    graphs, params
        The graphs, and the numbers of their parameters.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        It is damaged, of another version, or something else.
    """
    file = name_of(path)
    name = repr(file)
    try:
        content = _opened(Path(file).read_bytes())
        graphs: list[Graph] = []
        while _left(content) or not graphs:
            head = _header_in(content)
            graph, params = _graph_in(head, content)
            check_foreign(_entries_in(head), name)
            _check_nodes(graph)
            graphs.append(graph)
            _require((graph.inputs, graph.params) == (graphs[0].inputs, graphs[0].params), "the leaves of its ways")
    except _DamagedError as damage:
        msg = f"{name} {damage}"
        raise ArgumentError(msg) from None
    return graphs, params


def _packed(graph: Graph, params: Sequence[float]) -> bytes:
    entries = foreign_entries(graph.names, "save")
    arrays = {name: array("d", params) if name == "params" else getattr(graph, name) for name in _ARRAYS}
    head = {
        "names": graph.names,
        "entries": {name: [op.parameters, op.value, op.partials, op.let] for name, op in entries.items()},
        "inputs": graph.inputs,
        "params": graph.params,
        "single": graph.single,
        "size": graph.size,
        "roots": graph.roots,
        "comparisons": graph.comparisons,
        "labels": list(graph.labels.items()),
        "lines": graph.lines,
        "arrays": {name: len(each) for name, each in arrays.items()},
    }
    return b"".join([json.dumps(head).encode(), b"\n", *map(_bytes_of, arrays.values())])


def _bytes_of(numbers: array[Any]) -> bytes:
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def _opened(data: bytes) -> io.BytesIO:
    """See that a file is of this format; give it, to be read behind its first line."""
    if not data:
        msg = "is empty, and no saved program"
        raise _DamagedError(msg)
    first, _, _ = data[:200].partition(b"\n")
    found = _HEAD.fullmatch(first)
    if not found:
        msg = "is no saved program: it does not begin as one"
        raise _DamagedError(msg)
    if int(found[1]) != _VERSION:
        msg = f"is a program saved in version {int(found[1])} of the format; this chainrule reads version {_VERSION}"
        raise _DamagedError(msg)
    content = io.BytesIO(data)
    content.seek(len(first) + 1)
    if hashlib.sha256(memoryview(data)[content.tell() :]).hexdigest().encode() != found[2]:
        msg = "is damaged: its checksum is not that of its contents; save the program anew, or copy the file again"
        raise _DamagedError(msg)
    return content


def _left(content: io.BytesIO) -> int:
    here = content.tell()
    left = content.seek(0, io.SEEK_END) - here
    content.seek(here)
    return left


def _header_in(content: io.BytesIO) -> dict[str, Any]:
    try:
        head = json.loads(content.readline())
    except (ValueError, RecursionError):
        head = None
    return _of(dict, head, "the header")  # type: ignore[no-any-return]


def _graph_in(head: dict[str, Any], content: io.BytesIO) -> tuple[Graph, list[float]]:
    """Make the graph; what its nodes are has still to be looked at."""
    graph = Graph(_texts(head, "inputs"), _texts(head, "params"), single=_of(bool, head.get("single"), "single"))
    counts = _of(dict, head.get("arrays"), "arrays")
    found: dict[str, array[Any]] = {}
    for name, kind in _ARRAYS.items():
        found[name] = numbers = array(kind)
        length = _whole(counts.get(name), _left(content) // numbers.itemsize + 1, f"the length of {name}")
        numbers.frombytes(content.read(length * numbers.itemsize))
        if sys.byteorder == "big":
            numbers.byteswap()
    graph.names = _texts(head, "names")
    _require(len({*graph.names}) == len(graph.names), "names")
    graph.codes, graph.operands, graph.starts = found["codes"], found["operands"], found["starts"]
    graph.line_of, graph.numbers = found["line_of"], found["numbers"]
    count = len(graph)
    _require(len(graph.starts) == count + 1 and len(graph.line_of) == count, "its lengths")
    _require(len(found["params"]) == len(graph.params), "the numbers of its parameters")
    graph.size = _whole(head.get("size"), count + 1, "size")
    graph.roots = [_whole(root, count, "a root") for root in _of(list, head.get("roots"), "roots")]
    _require(len(graph.roots) == 1 if graph.single else len(graph.roots) > 0, "its roots")
    for each in _rows(head, "lines", 3):
        file, number, text = each
        graph.lines.append(SourceLine(_of(str, file, "a line"), _of(int, number, "a line"), _of(str, text, "a line")))
    _require(all(-1 <= line < len(graph.lines) for line in graph.line_of), "the lines of its nodes")
    graph.labels = {
        _whole(place, count, "a label"): _of(str, label, "a label") for place, label in _rows(head, "labels", 2)
    }
    for left, operator, right, outcome, text in _rows(head, "comparisons", 5):
        _require(isinstance(operator, str) and operator in COMPARISONS, "a comparison")
        graph.comparisons.append(
            Compared(
                _whole(left, count, "a comparison"), operator, _whole(right, count, "a comparison"),
                _of(bool, outcome, "a comparison"), _of(str, text, "a comparison"),
            )
        )  # fmt: skip
    return graph, found["params"].tolist()


def _entries_in(head: dict[str, Any]) -> dict[str, Op]:
    """Read what the operations that users had registered are."""
    entries: dict[str, Op] = {}
    for name, given in _of(dict, head.get("entries"), "entries").items():
        _require(isinstance(given, list) and len(given) == 4, "an entry")
        own, value, partials, let = given
        _require(isinstance(own, str) and isinstance(value, str), "an entry")
        _require(partials is None or isinstance(partials, list), "an entry")
        _require(isinstance(let, list) and all(isinstance(each, list) for each in let), "an entry")
        stated = None if partials is None else tuple(partials)
        entries[name] = Op(name, own, value, stated, "", tuple(map(tuple, let)))
    return entries


def _check_nodes(graph: Graph) -> None:
    """See that each node is what it can be: of so many operands, and these before it."""
    kinds = [(name, _numbers_of_operands(name)) for name in graph.names]
    sizes = {"constant": len(graph.numbers), "input": len(graph.inputs), "param": len(graph.params)}
    operands, starts = graph.operands, graph.starts
    _require(starts[0] == 0 and starts[-1] == len(operands), "where operands stand")
    given: set[tuple[str, int]] = set()
    for place, code in enumerate(graph.codes):
        start, stop = starts[place], starts[place + 1]
        _require(code < len(kinds) and 0 <= start <= stop <= len(operands), f"node {place}")
        name, (least, step) = kinds[code]
        limit = sizes.get(name, place)
        count = stop - start
        right = count == least if not step else count >= least and (count - least) % step == 0
        own = operands[start:stop]
        _require(right and all(0 <= operand < limit for operand in own), f"node {place}")
        if name in ("input", "param"):
            _require((name, own[0]) not in given, f"node {place}")
            given.add((name, own[0]))


def _numbers_of_operands(name: str) -> tuple[int, int]:
    """Tell how many operands a node has at least, and in which steps there can be more; 0 for none."""
    if name in SOURCES:
        return 1, 0
    op = TABLE.get(name)
    if op is None or op.partials is None:
        msg = f"has an operation {name!r}, which this chainrule does not know"
        raise _DamagedError(msg)
    own = parameters(op)
    listed = [parameter for parameter in own if parameter.kind != "scalar"]
    least = len(own) - len(listed)
    if any(not parameter.may_be_empty for parameter in listed):
        least += len(listed)
    return least, len(listed)


def _rows(head: dict[str, Any], name: str, width: int) -> Iterator[list[Any]]:
    for row in _of(list, head.get(name), name):
        _require(isinstance(row, list) and len(row) == width, name)
        yield row


def _texts(head: dict[str, Any], name: str) -> list[str]:
    return [_of(str, each, name) for each in _of(list, head.get(name), name)]


def _of(kind: type[Any], given: Any, what: str) -> Any:
    _require(type(given) is kind, what)
    return given


def _whole(given: Any, limit: int, what: str) -> int:
    _require(type(given) is int and 0 <= given < limit, what)
    return given  # type: ignore[no-any-return]


def _require(right: bool, what: str) -> None:  # noqa: FBT001 - a condition
    if not right:
        msg = f"is damaged, or was not written by chainrule: {what} cannot be so"
        raise _DamagedError(msg)
