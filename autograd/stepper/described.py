"""How a step is told to the script, as data for JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autograd.engine import Value
    from autograd.sources import SourceLine
    from autograd.stepping.step import Sentence, Step


def described_step(step: Step, place: Mapping[Value, int]) -> dict[str, Any]:
    """
    Describe a step.

    Parameters
    ----------
    step
        The step.
    place
        Of each node in the order.

    Returns
    -------
    dict
        Its sentence as a template with quantities; of an update and of a layer the numbers too.
    """
    told: dict[str, Any] = {"node": place[step.node], **_sentence(step.sentence)}
    told["symbols"] = len(step.symbols.replace("{", "{{").replace("}", "}}"))
    told["latex"] = step.latex
    if step.parent is not None:
        told["parent"] = place[step.parent]
    if step.argument is not None:
        told["argument"] = step.argument
    if step.note:
        told["note"] = step.note
    if step.sum:
        told["sum"] = _sentence(step.sum)
    if step.layer is not None:
        told["layer"] = step.layer
    if step.phase == "update" or step.layer is not None:
        told["numbers"] = [number(each) for each in step.sentence.numbers]
    return told | described_source(step.source)


def _sentence(sentence: Sentence) -> dict[str, Any]:
    return {"line": sentence.line, "quantities": [_quantity(each) for each in sentence.quantities]}


def _quantity(quantity: Iterable[Any]) -> list[Any]:
    kind, node, argument, tight = quantity
    return [kind, node, argument, 1] if tight else [kind, node] if argument is None else [kind, node, argument]


def described_source(source: SourceLine | None) -> dict[str, Any]:
    """
    Describe a line of code.

    Parameters
    ----------
    source
        The line; None if it is not known.

    Returns
    -------
    dict
        With ``"source"``, or empty.
    """
    return {"source": {"number": source.number, "text": source.text}} if source else {}


def number(x: float) -> float | str:
    """
    Write a number so that JSON can hold it.

    Parameters
    ----------
    x
        Any float.

    Returns
    -------
    float or str
        Of inf and nan their names.
    """
    return x if math.isfinite(x) else str(float(x))
