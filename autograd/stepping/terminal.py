"""Steps in a terminal: one screen a step, and keys to go back and forth."""

from __future__ import annotations

import os
import select
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from autograd.stepping.step import short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autograd.stepping.sequence import Steps
    from autograd.stepping.step import Step

_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"  # another screen, the cursor hidden; and back
_HOME, _CLEAR_LINE, _CLEAR_REST = "\x1b[H", "\x1b[K", "\x1b[J"
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"

_TALL = 18  # lines: a terminal with room to spare
_SAID = 4  # lines that a step takes as a rule

_HELP = "→ or space: next   ←: back   PgUp, PgDn: ten   home, end   q: quit"

#: What keys send, as terminals differ, and where they go: by how many steps, or to which end.
_KEYS: dict[bytes, int | str] = {
    b" ": 1, b"\x1b[C": 1, b"\x1bOC": 1, b"\x1b[B": 1, b"\x1bOB": 1, b"l": 1, b"j": 1, b"n": 1, b"\r": 1, b"\n": 1,
    b"\x1b[D": -1, b"\x1bOD": -1, b"\x1b[A": -1, b"\x1bOA": -1, b"h": -1, b"k": -1, b"b": -1, b"p": -1, b"\x7f": -1,
    b"\x1b[6~": 10, b"\x1b[5~": -10,
    b"\x1b[H": "first", b"\x1bOH": "first", b"\x1b[1~": "first", b"\x1b[7~": "first", b"g": "first",
    b"\x1b[F": "last", b"\x1bOF": "last", b"\x1b[4~": "last", b"\x1b[8~": "last", b"G": "last",
    b"q": "quit", b"Q": "quit", b"\x03": "quit", b"\x04": "quit",
}  # fmt: skip


def walk(steps: Steps, title: str, stdin: TextIO | None = None, stdout: TextIO | None = None) -> None:
    """
    Show steps one by one in a terminal; where there is none, print them.

    Parameters
    ----------
    steps
        The steps.
    title
        What is computed.
    stdin, stdout
        Where keys come from and screens go to; by default those of the process.
    """
    stdin, stdout = stdin or sys.stdin, stdout or sys.stdout
    if not (steps and _can_walk(stdin, stdout)):
        print(f"{title}\n\n{steps}" if steps else title, file=stdout)
        return
    index, shown = 0, None
    with _screen_and_keys(stdin, stdout):
        keys = _keys(stdin.fileno())
        while True:
            size = os.get_terminal_size(stdout.fileno())
            if (index, size) != shown:
                lines = screen(steps, title, index, size.columns, size.lines)
                stdout.write(_HOME + "".join(f"{line}{_CLEAR_LINE}\r\n" for line in lines[:-1]))
                stdout.write(f"{lines[-1]}{_CLEAR_LINE}{_CLEAR_REST}")
                stdout.flush()
                shown = index, size
            key = next(keys)
            if key == "quit":
                return
            if isinstance(key, int):
                index = min(max(index + key, 0), len(steps) - 1)
            elif key:
                index = 0 if key == "first" else len(steps) - 1


def screen(steps: Steps, title: str, index: int, columns: int = 80, lines: int = 24) -> list[str]:
    """
    Lay out the screen of a step.

    Parameters
    ----------
    steps
        The steps.
    title
        What is computed.
    index
        Of the step.
    columns, lines
        Size of the terminal.

    Returns
    -------
    list of str
        At most so many lines, each of at most so many characters, not counting codes for bold and dim.
    """
    step = steps[index]
    total = step.total if step.sum and len(step.sum.numbers) > 1 else ""
    said = [f"  {_BOLD}{part}{_PLAIN}" for part in _wrapped(step.text, columns - 2)]
    said += [f"  {part}" for part in (_wrapped(total, columns - 2) if total else [])]
    if step.source:
        said.append(_clipped(f"  line {step.source.number}: {step.source.text}", columns))
    if lines >= _TALL:  # the table stands still while the lines above it come and go
        said += [""] * (_SAID - len(said))
    head = [_BOLD + _clipped(title, columns) + _PLAIN, _clipped(_progress(steps, index, columns), columns), ""]
    said = said[: max(1, lines - len(head) - 2)]
    room = lines - len(head) - len(said) - 3
    table = ["", *_table(steps, index, columns, room)] if room >= 3 else []
    return [*head, *said, *table, "", _DIM + _clipped(_HELP, columns) + _PLAIN][-lines:]


def _progress(steps: Steps, index: int, columns: int) -> str:
    """Show how far the passes are: ``step 4/7   forward ●●● │ backward ●○○○``."""
    parts = []
    dots = len(steps) <= columns - 50
    for phase in ("forward", "backward", "update"):
        places = steps.phase(phase)
        if places:
            done = sum(place <= index for place in places)
            parts.append(f"{phase} " + ("●" * done + "○" * (len(places) - done) if dots else f"{done}/{len(places)}"))
    return f"step {index + 1}/{len(steps)}   {' │ '.join(parts)}"


def _table(steps: Steps, index: int, columns: int, room: int) -> list[str]:
    """List nodes with what is known of them; around the present one, if there is no room for all."""
    data, grads = steps.numbers_after(index)
    step = steps[index]
    names = list(steps.names.values())
    chosen = _window(steps, step, room - 1)
    width = min(max(4, *(len(names[place]) for place in chosen)), columns // 3)
    symbols = {place: _operation(steps, place) for place in chosen}
    wide = min(max(9, *map(len, symbols.values())), max(9, columns - width - 30))
    rows = [_clipped(f"  {'node':<{width}}  {'operation':<{wide}}  {'value':>10}  {'gradient':>10}", columns)]
    for place in chosen:
        value = short(data[place]) if place in data else ""
        grad = short(grads[place]) if place in grads else ""
        row = (
            f"{_clipped(names[place], width):<{width}}  {_clipped(symbols[place], wide):<{wide}}  {value:>10}"
            f"  {grad:>10}"
        )
        changes, hands_on = steps.order[place] is (step.parent or step.node), steps.order[place] is step.node
        style = _BOLD if changes else "" if place in data else _DIM
        mark = "▸" if changes else "•" if hands_on else " "
        rows.append(f"{style}{mark} {_clipped(row, columns - 2)}{_PLAIN if style else ''}")
    return rows


def _window(steps: Steps, step: Step, room: int) -> range:
    """Choose the nodes to list."""
    count = len(steps.order)
    place = steps.order.index(step.parent or step.node)
    start = min(max(0, place - room // 2), max(0, count - room))
    return range(start, min(count, start + room))


def _operation(steps: Steps, place: int) -> str:
    return steps.computed_as(steps.order[place]) if steps.order[place].op else ""


def _wrapped(line: str, columns: int) -> list[str]:
    """Break a line where an equals sign or an arrow begins a part, if it is too long."""
    if len(line) <= columns:
        return [line]
    lines: list[str] = []
    for part in line.replace(" = ", "\n= ").replace(" → ", "\n→ ").replace(" (", "\n(", 1).split("\n"):
        if lines and len(lines[-1]) + len(part) < columns:
            lines[-1] += f" {part}"
        else:
            lines.append(f"  {part}" if lines else part)
    return [_clipped(part, columns) for part in lines]


def _clipped(text: str, columns: int) -> str:
    return text if len(text) <= columns else text[: max(0, columns - 1)] + "…"


# ---------------------------------------------------------------------- the terminal


def _can_walk(stdin: TextIO, stdout: TextIO) -> bool:
    """Tell whether keys can be read and screens be shown."""
    if os.environ.get("TERM", "") in ("", "dumb"):
        return False
    try:
        import termios  # noqa: F401, PLC0415 - Windows has none
    except ImportError:
        return False
    return stdin.isatty() and stdout.isatty()


@contextmanager
def _screen_and_keys(stdin: TextIO, stdout: TextIO) -> Iterator[None]:
    """Take another screen, and keys as they are pressed; give all back at the end."""
    import termios  # noqa: PLC0415 - Windows has none
    import tty  # noqa: PLC0415

    before = termios.tcgetattr(stdin.fileno())
    tty.setraw(stdin.fileno())
    stdout.write(_ENTER)
    try:
        yield
    finally:
        stdout.write(_LEAVE)
        stdout.flush()
        termios.tcsetattr(stdin.fileno(), termios.TCSADRAIN, before)


def _keys(file: int) -> Iterator[Any]:
    """Give where each key goes; "" now and then, so that a new size of the terminal is seen."""
    waiting = b""
    while True:
        if not select.select([file], [], [], 0.2)[0]:
            waiting = b""  # an escape alone means nothing
            yield ""
            continue
        read = os.read(file, 64)
        if not read:
            yield "quit"
        waiting += read
        while waiting:
            known = [key for key in _KEYS if waiting.startswith(key)]
            if known:
                waiting = waiting[len(known[0]) :]
                yield _KEYS[known[0]]
            elif any(key.startswith(waiting) for key in _KEYS):
                break  # the rest is under way
            else:
                waiting = waiting[1:]
