"""Files are written as a whole or not at all, whatever stands where they are wanted."""

import os
import stat
import threading

import pytest

import nn
from autograd import Value, record
from autograd.errors import OperandError
from autograd.files import write_whole

needs_links = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has neither links nor pipes")


def test_what_is_there_keeps_its_permissions(tmp_path):
    target = tmp_path / "file"
    write_whole(target, [b"one ", b"two"])
    assert target.read_bytes() == b"one two"
    (tmp_path / "other").touch()
    assert target.stat().st_mode == (tmp_path / "other").stat().st_mode
    target.chmod(0o600)
    write_whole(os.fsencode(target), [b"three"])
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"three", 0o600)
    target.chmod(0o666)  # some of which a umask takes
    write_whole(target, [b"four"])
    assert stat.S_IMODE(target.stat().st_mode) == 0o666


@needs_links
def test_a_link_stays_one(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for content in (b"first", b"second"):
        write_whole(tmp_path / "link", [content])
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "file").read_bytes() == content
    assert len([*tmp_path.iterdir()]) == 2


def test_files_that_are_written_at_once_are_apart(tmp_path):
    def content():
        yield b"first "
        write_whole(tmp_path / "other", [b"other"])
        yield b"second"

    write_whole(tmp_path / "file", content())
    assert (tmp_path / "file").read_bytes() == b"first second"
    assert (tmp_path / "other").read_bytes() == b"other"


@needs_links
def test_by_the_name_of_an_open_pipe():
    reading, writing = os.pipe()
    write_whole(f"/dev/fd/{writing}", [b"text"])
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        assert file.read() == b"text"


@needs_links
def test_into_a_pipe_it_is_written(tmp_path):
    pipe, found = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, [b"some ", b"text"])
    reader.join()
    assert found == [b"some text"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_failure_leaves_what_was_there_and_names_what_was_asked_for(tmp_path):
    target = tmp_path / ("n" * 250)  # nearly as long as names may be
    write_whole(target, [b"old"])

    def content():
        yield b"new"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match=r"No space left on device: '.*nnn'") as caught:
        write_whole(target, content())
    assert caught.value.filename == str(target)
    assert target.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [target]
    for wrong in (tmp_path / "nowhere" / "file", target / "below", tmp_path):
        with pytest.raises(OSError, match="Errno") as caught:
            write_whole(wrong, [b""])
        assert caught.value.filename == str(wrong)


@pytest.mark.parametrize("path", [None, 5, 1.5])
def test_what_is_no_path(path):
    program, model = record(lambda x: x[0] * 2, [1.0]), nn.MLP(1, [1], seed=0)
    for use in (program.save, type(program).load, model.save, model.load):
        with pytest.raises(OperandError, match=f"path must be the name of a file, .* not {type(path).__name__} {path}"):
            use(path)


def test_programs_and_models_are_written_so(tmp_path):
    model = nn.MLP(1, [1], seed=0)
    w = Value(2.0)
    for kind, keep in (("model", model.save), ("program", record(lambda x: x[0] * w, [1.0], [w]).save)):
        target = tmp_path / kind
        target.touch()
        target.chmod(0o640)
        keep(target)
        assert stat.S_IMODE(target.stat().st_mode) == 0o640
        assert target.stat().st_size > 50
