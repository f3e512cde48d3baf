"""The ``chainrule`` command."""

from __future__ import annotations

import argparse
import platform
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import autograd
from autograd import AutogradError, Value
from autograd.checking import central_difference
from autograd.parsing import parse
from autograd.stepping import steps
from autograd.stepping.terminal import walk
from nn.commands.training import add_train, train, train_on_digits
from nn.optim import SGD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.parsing import Expression
    from autograd.stepping import Steps

_PICTURES = ("svg", "png", "pdf", "dot")
_EXAMPLE = "tanh(w*x + b)", {"w": 0.5, "x": 2.0, "b": -0.5}


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command.

    Parameters
    ----------
    arguments
        The words after ``chainrule``; by default those of the command line.

    Returns
    -------
    int
        The exit status: 0, or 2 after an error, which is printed.
    """
    parser = _parser()
    given = parser.parse_args(_joined(sys.argv[1:] if arguments is None else arguments))
    if given.command is None:
        parser.print_help()
        return 0
    try:
        {"tour": _tour, "step": _step, "draw": _draw, "train": train}[given.command](given)
    except AutogradError as error:
        print(f"chainrule: error: {error}", file=sys.stderr)  # noqa: T201 - a command prints
        return 2
    return 0


def _joined(words: Sequence[str]) -> list[str]:
    """See that an expression that begins with a minus is not taken for an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--expr":
            joined[-1] = f"--expr={word}"
        elif joined and joined[0] in ("step", "draw") and re.match("-(?!-|[ho]$)", word):
            joined.append(f" {word}")
        else:
            joined.append(word)
    return joined


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chainrule", description="Backpropagation, step by step.")
    engine = "native engine" if autograd.NATIVE else f"Python engine: {autograd.WHY_NOT_NATIVE}"
    version = f"chainrule {autograd.__version__} (Python {platform.python_version()}, {engine})"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(dest="command", title="commands")
    tour = commands.add_parser(
        "tour",
        help="differentiate an expression step by step, then train a network on real handwritten digits",
        description="Differentiate an expression step by step, then train a network on real handwritten digits.",
    )
    tour.add_argument("--expr", metavar="EXPRESSION", help=f"your own expression, as {_EXAMPLE[0]!r}")
    tour.add_argument("values", nargs="*", metavar="NAME=NUMBER", help="a number for each name in the expression")
    tour.add_argument(
        "--seed", type=int, default=0, help="seed of the split, the weights and the order of the images (default 0)"
    )
    tour.add_argument("--epochs", type=_positive, default=8, help="rounds over the digits (default 8)")
    tour.add_argument(
        "--html", metavar="FILE", default="chainrule-tour.html",
        help="where to write the page that draws the expression and steps through it (default chainrule-tour.html)",
    )  # fmt: skip
    step = commands.add_parser(
        "step",
        help="step through the passes of an expression, with keys",
        description="Step through the passes of an expression, with keys; where there is no terminal, print them.",
    )
    step.add_argument("expr", metavar="EXPRESSION", help=f"as {_EXAMPLE[0]!r}")
    step.add_argument("values", nargs="*", metavar="NAME=NUMBER", help="a number for each name in the expression")
    step.add_argument(
        "--by", choices=("contribution", "node", "layer"), default="contribution",
        help="what one step back is: a term of a sum (default), the gradient of a node, a layer",
    )  # fmt: skip
    step.add_argument("--lr", type=float, metavar="RATE", help="show the update of gradient descent with this rate too")
    step.add_argument("--html", metavar="FILE", help="write a page to step through with a browser, in place of that")
    drawn = commands.add_parser(
        "draw",
        help="draw the graph of an expression into a file",
        description="Draw the graph of an expression, with its numbers and gradients, into a file.",
    )
    drawn.add_argument("expr", metavar="EXPRESSION", help=f"as {_EXAMPLE[0]!r}")
    drawn.add_argument("values", nargs="*", metavar="NAME=NUMBER", help="a number for each name in the expression")
    drawn.add_argument(
        "-o", "--out", type=Path, default=Path("graph.svg"), metavar="FILE",
        help=f"where to: its ending, one of {', '.join(_PICTURES)}, says what it becomes (default graph.svg)",
    )  # fmt: skip
    drawn.add_argument("--rankdir", choices=("LR", "TB"), default="LR", help="left to right (default) or top to bottom")
    drawn.add_argument("--local-grads", action="store_true", help="write the local derivatives on the arrows")
    drawn.add_argument("--color", action="store_true", help="colour the boxes by their gradients")
    add_train(commands)
    return parser


def _positive(text: str) -> int:
    count = int(text)
    if count < 1:
        msg = f"must be at least 1, not {text}"
        raise argparse.ArgumentTypeError(msg)
    return count


def _say(text: str = "") -> None:
    print(text, flush=True)  # noqa: T201 - a command prints


# ---------------------------------------------------------------------- an expression


def _tour(given: argparse.Namespace) -> None:
    if given.expr is None and given.values:
        msg = f"{given.values[0]!r} is given without --expr 'EXPRESSION'"
        raise autograd.errors.ArgumentError(msg)
    text, values = (_EXAMPLE[0], _EXAMPLE[1]) if given.expr is None else (given.expr, read_values(given.values))
    expression = parse(text)
    expression.check_names(values)
    show_expression(expression, values)
    _write_page(steps(_computed(expression, values)[1]), given.html)
    _train_on_digits(given.seed, given.epochs)


def read_values(words: Sequence[str]) -> dict[str, float]:
    """
    Read ``name=number`` words of the command line.

    Parameters
    ----------
    words
        Say ``["w=0.5", "x=2"]``.

    Returns
    -------
    dict of str to float

    Raises
    ------
    ValueError
        A word is not of that form, or a name comes twice.
    """
    values: dict[str, float] = {}
    for word in words:
        name, equals, number = word.partition("=")
        try:
            if not (equals and name.isidentifier()):
                raise ValueError  # noqa: TRY301 - said below
            value = float(number)
        except ValueError:
            msg = f"{word!r} is not of the form name=number, as w=0.5"
            raise autograd.errors.ArgumentError(msg) from None
        if name in values:
            msg = f"{name} is given twice"
            raise autograd.errors.ArgumentError(msg)
        values[name] = value
    return values


def show_expression(expression: Expression, values: dict[str, float]) -> None:
    """
    Print the forward and the backward pass of an expression, and its gradients beside finite differences.

    Parameters
    ----------
    expression
        What `parse` read.
    values
        A number for each of its names.

    Raises
    ------
    ValueError
        The expression has no names, or no value there.
    """
    leaves, root = _computed(expression, values)
    _say(_title(expression, values))
    for phase, title in (("forward", "Forward pass: each node from its operands"),
                         ("backward", "Backward pass: each node hands its gradient on to its parents")):  # fmt: skip
        _say(f"\n{title}")
        for step in steps(root):
            if step.phase == phase:
                _say(f"  {step}")
    root.backward()
    _say(f"\n{'Gradient':<12}{'by the chain rule':>24}{'by finite difference':>24}")
    for index, (name, leaf) in enumerate(leaves.items()):
        _say(f"{name:<12}{leaf.grad:>24.15g}{_difference(expression, values, index):>24}")


def _computed(expression: Expression, values: dict[str, float]) -> tuple[dict[str, Value], Value]:
    """Make the leaves, and what is computed from them."""
    leaves = {name: Value(value, name) for name, value in values.items()}
    root = expression(**leaves)
    if not isinstance(root, Value):
        kind = "a list" if isinstance(root, list) else "a comparison" if isinstance(root, bool) else "a plain number"
        reason = "it has no names" if not leaves else f"its result is {kind}, not one number that depends on them"
        msg = f"{expression.text!r} cannot be differentiated: {reason}"
        raise autograd.errors.ArgumentError(msg)
    return leaves, root


def _title(expression: Expression, values: dict[str, float]) -> str:
    return f"{expression.text}   at   {', '.join(f'{name} = {value:g}' for name, value in values.items())}"


def _step(given: argparse.Namespace) -> None:
    values = read_values(given.values)
    expression = parse(given.expr.strip())
    expression.check_names(values)
    leaves, root = _computed(expression, values)
    optimizer = None if given.lr is None else SGD(leaves.values(), given.lr)
    listed = steps(root, given.by, optimizer)
    if given.html is None:
        walk(listed, _title(expression, values))
    else:
        _write_page(listed, given.html)


def _write_page(listed: Steps, path: str) -> None:
    try:
        listed.to_html(path)
    except OSError as error:
        msg = f"--html: {path!r} cannot be written: {error.strerror}"
        raise autograd.errors.ArgumentError(msg) from error
    _say(f"\nTo step through it on its drawing, open {path} with a browser")


def _draw(given: argparse.Namespace) -> None:
    from autograd.drawing.rendering import find_dot  # noqa: PLC0415 - it needs graphviz

    values = read_values(given.values)
    expression = parse(given.expr.strip())
    expression.check_names(values)
    format_ = given.out.suffix.removeprefix(".")
    if format_ not in _PICTURES:
        msg = f"-o must end in one of {', '.join(f'.{ending}' for ending in _PICTURES)}, not in {given.out.suffix!r}"
        raise autograd.errors.ArgumentError(msg)
    if not given.out.parent.is_dir():
        msg = f"-o must be a file in a folder that is there, not {str(given.out)!r}"
        raise autograd.errors.ArgumentError(msg)
    _, root = _computed(expression, values)
    root.backward()
    drawing = autograd.draw(root, rankdir=given.rankdir, local_grads=given.local_grads, color_by_grad=given.color)
    text = given.out.with_suffix(".dot")
    if format_ == "dot" or not find_dot():
        text.write_text(drawing.source, encoding="utf-8")
        if format_ != "dot":
            _say("there is no program dot to make a picture: pip install 'chainrule[draw]'; this is the DOT text")
        _say(f"saved {text}")
        return
    given.out.write_bytes(drawing.pipe(format=format_, quiet=True))
    _say(f"saved {given.out}")


def _difference(expression: Expression, values: dict[str, float], index: int) -> str:
    def f(*point: float) -> Any:
        return expression(**dict(zip(values, point, strict=True)))

    try:
        return f"{central_difference(f, list(values.values()), index):.15g}"
    except (ArithmeticError, ValueError):
        return "has no value near by"


# ---------------------------------------------------------------------- the digits


def _train_on_digits(seed: int, epochs: int) -> None:
    _say()
    train_on_digits(seed, epochs)
