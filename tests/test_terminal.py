"""Steps in a terminal: what a screen shows, and the keys, in a terminal of its own."""

import io
import os
import re
import select
import signal
import struct
import subprocess
import sys
import threading
import time

import pytest

import autograd
import nn
from autograd import Value, steps, tanh, trace_source
from autograd.stepping.terminal import screen, walk

CODES = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")


def plain(lines):
    return [CODES.sub("", line).rstrip() for line in lines]


def example():
    w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-1.0, "b")
    return steps(tanh(w * x + b) * w, optimizer=nn.SGD([w], 0.1))


# ---------------------------------------------------------------------- one screen


def test_a_screen_shows_the_step_and_what_is_known():
    listed = example()
    assert plain(screen(listed, "tanh(w*x + b)*w", 2, 80, 24)) == [
        "tanh(w*x + b)*w",
        "step 3/12   forward ●●●○ │ backward ○○○○○○○ │ update ○",
        "",
        "  v3 = tanh(v2) = tanh(0) = 0",
        "",
        "",
        "",
        "",
        "  node  operation       value    gradient",
        "  w                       0.5",
        "  x                         2",
        "  v1    w * x               1",
        "  b                        -1",
        "  v2    v1 + b              0",
        "▸ v3    tanh(v2)            0",
        "  v4    v3 * w",
        "",
        "→ or space: next   ←: back   PgUp, PgDn: ten   home, end   q: quit",
    ]


def test_gradients_grow_in_the_table():
    listed = example()
    before = [place for place, step in enumerate(listed) if step.parent and step.parent.label == "w"]
    first, second = (plain(screen(listed, "", place, 80, 24)) for place in before)
    assert "▸ w                       0.5           0" in first
    assert "▸ w                       0.5           1" in second
    assert "• v1    w * x               1         0.5" in second
    assert "  w.grad = 0 + 1 = 1 (two paths: through v4, through v1)" in second
    assert "▸ w                       0.4           1" in plain(screen(listed, "", len(listed) - 1, 80, 24))


@pytest.mark.parametrize("by", ["contribution", "node", "layer"])
@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (200, 60), (40, 12), (20, 5), (9, 3)])
def test_a_screen_fits(by, columns, lines):
    leaves = [Value(i / 7, f"a leaf with a long name {i}") for i in range(30)]
    with trace_source():
        root = autograd.logsumexp(leaves) * autograd.dot(leaves[:15], leaves[15:]) + leaves[0] * leaves[0] * leaves[1]
    listed = steps(root, by)
    for index in (0, len(listed) // 2, len(listed) - 1):
        shown = plain(screen(listed, "a long title " * 10, index, columns, lines))
        assert len(shown) <= lines
        assert max(map(len, shown)) <= columns


def test_the_source_line_is_shown():
    with trace_source():
        y = Value(2.0, "x") * 3  # the line
    assert any(line.endswith('y = Value(2.0, "x") * 3  # the line') for line in plain(screen(steps(y), "", 0)))


def test_the_table_stands_still():
    listed = example()
    heads = {plain(screen(listed, "", index, 80, 24)).index("  node  operation       value    gradient")
             for index in range(len(listed))}  # fmt: skip
    assert len(heads) == 1


def test_without_a_terminal_it_prints():
    out = io.StringIO()
    walk(example(), "a title", io.StringIO("qqq"), out)
    assert out.getvalue() == f"a title\n\n{example()}\n"
    out = io.StringIO()
    walk(steps(Value(1.0)), "a leaf", io.StringIO(), out)
    assert out.getvalue() == "a leaf\n"


# ---------------------------------------------------------------------- keys, in a terminal


class Terminal:
    """The command in a terminal of its own."""

    def __init__(self, *words, term="xterm", size=(24, 80)):
        import pty
        import termios

        self.own, other = pty.openpty()
        self.resize(*size)
        self.before = termios.tcgetattr(other)
        code = "import sys; from nn.cli import main; sys.exit(main())"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *words], stdin=other, stdout=other, stderr=other,
            env={**os.environ, "TERM": term},
        )  # fmt: skip
        self.other = other
        self.bytes, self.text = b"", ""

    def resize(self, lines, columns):
        import fcntl
        import termios

        fcntl.ioctl(self.own, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys, until):
        """Press keys, and read until a text is on the screen."""
        os.write(self.own, keys)
        return self.wait(until)

    def wait(self, until):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if until in self.screen():
                return self.screen()
            if select.select([self.own], [], [], 0.1)[0]:
                self.read()
        pytest.fail(f"{until!r} is not on the screen:\n{self.screen()}")

    def read(self):
        self.bytes += os.read(self.own, 65536)
        self.text = self.bytes.decode(errors="ignore")  # a character may have come in part

    def screen(self):
        return CODES.sub("", self.text.rpartition("\x1b[H")[2])

    def close(self):
        import termios

        status = self.process.wait(10)
        after = termios.tcgetattr(self.other)
        os.close(self.own)
        os.close(self.other)
        return status, after == self.before


@pytest.fixture
def terminal():
    pytest.importorskip("pty", reason="needs a POSIX terminal")
    opened = []

    def start(*words, **more):
        opened.append(Terminal(*words, **more))
        return opened[-1]

    yield start
    for one in opened:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


WORDS = ["step", "tanh(w*x+b)", "w=0.5", "x=2", "b=-1"]


def test_keys_go_back_and_forth(terminal):
    shown = terminal(*WORDS)
    shown.wait("step 1/8")
    assert "v1 = w * x = 0.5 * 2 = 1" in shown.screen()
    for keys, step in (
        (b"\x1b[C", 2), (b" ", 3), (b"\x1bOC", 4), (b"\x1b[D", 3), (b"\x1b[F", 8), (b" ", 8), (b"\x1b[H", 1),
        (b"\x1b[D", 1), (b"\x1b[4~", 8), (b"\x1b[1~", 1), (b"\x1b[6~", 8), (b"\x1b[5~", 1), (b"G", 8), (b"g", 1),
        (b"\x1b[C\x1b[C\x1b[C  ", 6), (b"zz\x1b[99~\x1b[D", 5),
    ):  # fmt: skip
        shown.press(keys, f"step {step}/8")
    assert "v1.grad += ∂v2/∂v1 · v2.grad = 1 · 1 → 1" in shown.screen()
    os.write(shown.own, b"q")
    assert shown.close() == (0, True)


def test_a_key_may_come_in_parts(terminal):
    shown = terminal(*WORDS)
    shown.wait("step 1/8")
    os.write(shown.own, b"\x1b")
    time.sleep(0.05)
    shown.press(b"[C", "step 2/8")
    os.write(shown.own, b"\x1b")  # alone it means nothing
    time.sleep(0.5)
    shown.press(b" ", "step 3/8")


@pytest.mark.parametrize("key", [b"q", b"\x03", b"\x04"])
def test_it_gives_the_terminal_back(terminal, key):
    shown = terminal(*WORDS)
    shown.wait("step 1/8")
    shown.press(key, "")
    assert shown.process.wait(10) == 0
    while select.select([shown.own], [], [], 0.2)[0]:
        shown.read()
    assert shown.text.endswith("\x1b[?25h\x1b[?1049l")
    assert shown.close() == (0, True)


def test_a_new_size_is_seen(terminal):
    shown = terminal(*WORDS)
    shown.wait("node  operation")
    shown.resize(6, 40)
    shown.process.send_signal(signal.SIGWINCH)
    deadline = time.monotonic() + 20
    while "node" in shown.screen() and time.monotonic() < deadline:
        shown.press(b"", "step 1/8")
        if select.select([shown.own], [], [], 0.3)[0]:
            shown.read()
    assert "node" not in shown.screen()


def test_a_terminal_without_screens_gets_text(terminal):
    shown = terminal(*WORDS, term="dumb")
    shown.wait("x.grad += ∂v1/∂x")
    assert "\x1b" not in shown.text
    assert shown.process.wait(10) == 0


def test_keys_walk_in_the_terminal_that_is_given(monkeypatch):
    pty = pytest.importorskip("pty", reason="needs a POSIX terminal")
    import termios

    monkeypatch.setenv("TERM", "xterm")
    own, other = pty.openpty()
    termios.tcsetwinsize(other, (12, 60))
    shown = []

    def press_and_read():
        shown.append(os.read(own, 65536))
        os.write(own, b"\x1b[C\x1b[F\x1b[D\x1b[H\x1bz\x1b[Cq")  # forth, last, back, first, nothing, forth, the end
        while b"\x1b[?1049l" not in b"".join(shown):
            shown.append(os.read(own, 65536))

    hand = threading.Thread(target=press_and_read, daemon=True)
    hand.start()
    with open(other, "w", closefd=False) as stdout, open(other, closefd=False) as stdin:
        walk(example(), "tanh", stdin=stdin, stdout=stdout)
    hand.join(20)
    assert not hand.is_alive()
    os.close(own)
    os.close(other)
    text = b"".join(shown).decode()
    assert text.startswith("\x1b[?1049h")
    assert [int(n) for n in re.findall(r"step (\d+)/", CODES.sub("", text))] == [1, 2, 12, 11, 1, 2]
    assert text.endswith("\x1b[?1049l")


def test_what_is_no_terminal_gets_text(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    printed = io.StringIO()
    walk(example(), "tanh", stdin=io.StringIO(), stdout=printed)
    assert printed.getvalue().startswith("tanh\n\nv1 = w * x = 0.5 * 2 = 1\n")
