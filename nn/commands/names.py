"""``chainrule train names``: a GPT that makes names up."""

from __future__ import annotations

import random
from errno import EISDIR
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from math import log
from os import strerror
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, NamedTuple

from autograd.errors import ArgumentError, MissingExtraError
from nn.arguments import positive
from nn.language import GPT, Bigrams, Characters, fit_documents, generate, mean_loss

if TYPE_CHECKING:
    import argparse

    from nn.training import History

#: One of so many names is held out.
_HELD_OUT = 10

#: What the package `names` has, from the United States' census of 1990.
_LISTS = ("dist.female.first", "dist.male.first")


class TrainedOnNames(NamedTuple):
    """
    What came of training.

    Parameters
    ----------
    model, characters
        The network, and its tokens.
    history
        The steps.
    held_out
        The names that it was not trained on.
    loss, bigram_loss
        How badly it foretells these, a token, and how badly counted pairs do.
    """

    model: GPT
    characters: Characters
    history: History
    held_out: list[str]
    loss: float
    bigram_loss: float


def train_names(given: argparse.Namespace) -> None:
    """
    Train as the command line says.

    Parameters
    ----------
    given
        The options.

    Raises
    ------
    TypeError, ValueError
        An option cannot be used.
    ImportError
        A library is not installed.
    """
    needed = ["tqdm", *(["safetensors"] if given.save else [])]
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        msg = f"training on names needs {' and '.join(missing)}: pip install 'chainrule[data,names,save]'"
        raise MissingExtraError(msg)
    if given.save:
        _check_can_be_saved(Path(given.save))
    if not given.temperature > 0.0:
        msg = f"--temperature must be positive, not {given.temperature:g}"
        raise ArgumentError(msg)
    for name in ("steps", "block_size", "samples"):
        positive(getattr(given, name), f"--{name.replace('_', '-')}")
    batch_size = 8 if given.batch_size is None else given.batch_size
    positive(batch_size, "--batch-size")
    names = names_of_package() if given.file is None else names_in(Path(given.file), given.block_size)
    try:
        result = train_on_names(
            names, steps=given.steps, batch_size=batch_size, block_size=given.block_size, seed=given.seed,
        )  # fmt: skip
    except KeyboardInterrupt:
        msg = "chainrule: interrupted; nothing is saved"
        raise SystemExit(msg) from None
    if given.save:
        result.model.save(given.save)
        _say(f"saved {given.save}")
    _say(f"held-out loss, a character: {result.loss:.3f}; of counted pairs, with one added: {result.bigram_loss:.3f}; "
         f"to guess would cost {log(len(result.characters)):.3f}")  # fmt: skip
    made_up = generate(
        result.model, result.characters.bos, count=given.samples, temperature=given.temperature, seed=given.seed
    )
    known = set(names)
    said = [result.characters.decode(tokens) for tokens in made_up]
    _say(f"new names (temperature {given.temperature:g}; * is one that there is):")
    _say(", ".join(name + "*" * (name in known) for name in said))


def train_on_names(
    names: list[str], *, steps: int, batch_size: int = 8, block_size: int = 16, seed: int = 0, progress: bool = True
) -> TrainedOnNames:
    """
    Train a GPT on nine tenths of some names.

    Parameters
    ----------
    names
        Each once.
    steps, batch_size, block_size
        As for `nn.fit_documents` and `nn.GPT`.
    seed
        Of the split, the weights and the order.
    progress
        Whether to tell how it goes.

    Returns
    -------
    TrainedOnNames

    Raises
    ------
    TypeError, ValueError
        An argument cannot be used.
    """
    if len(names) < _HELD_OUT:
        msg = f"there must be at least {_HELD_OUT} names, one of which is held out, not {len(names)}"
        raise ArgumentError(msg)
    characters = Characters(names)
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    shuffled = rng.sample(names, len(names))
    held_out, trained_on = shuffled[: len(names) // _HELD_OUT], shuffled[len(names) // _HELD_OUT :]
    model = GPT(len(characters), block_size=block_size, seed=rng)
    if progress:
        _say(
            f"names: {len(trained_on):,} to train on, {len(held_out):,} held out (seed {seed})\n"
            f"a GPT of one layer, 16 numbers for a token, 4 heads: {len(model.parameters()):,} parameters"
        )
    documents, others = ([characters.encode(name) for name in part] for part in (trained_on, held_out))
    history = fit_documents(model, documents, steps=steps, batch_size=batch_size, seed=rng, progress=progress)
    bigrams = Bigrams(documents, len(characters))
    return TrainedOnNames(model, characters, history, held_out, mean_loss(model, others), mean_loss(bigrams, others))


def names_of_package() -> list[str]:
    """
    Read the first names of the package `names`.

    Returns
    -------
    list of str
        In lower case, each once.

    Raises
    ------
    ImportError
        It is not installed.
    """
    try:
        package = distribution("names")
    except PackageNotFoundError as error:
        msg = "the names come with a package: pip install 'chainrule[names]'; or give a file of your own with --data"
        raise MissingExtraError(msg) from error
    paths = [Path(str(package.locate_file(f"names/{each}"))) for each in _LISTS]
    lines = [line for path in paths for line in path.read_text(encoding="ascii").splitlines()]
    return sorted({line.split()[0].lower() for line in lines if line.strip()})


def names_in(path: Path, block_size: int) -> list[str]:
    """
    Read names of a file, one a line.

    Parameters
    ----------
    path
        The file.
    block_size
        How many tokens the model foretells: the characters of a name, and its end.

    Returns
    -------
    list of str
        Each once.

    Raises
    ------
    ValueError
        It cannot be read, is empty, or has a name that does not fit into a block.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        msg = f"--data: {str(path)!r} cannot be read: {error.strerror}"
        raise ArgumentError(msg) from None
    except UnicodeDecodeError:
        msg = f"--data: {str(path)!r} is not text in UTF-8"
        raise ArgumentError(msg) from None
    names: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        name = line.strip()
        if len(name) >= block_size:
            msg = (
                f"--data: {name!r} in line {number} has {len(name)} characters, and with its end does not fit into a "
                f"block of {block_size}: leave it out, or give --block-size {len(name) + 1}"
            )
            raise ArgumentError(msg)
        if name:
            names[name] = None
    if len(names) < _HELD_OUT:
        msg = f"--data: {str(path)!r} must have at least {_HELD_OUT} names, one a line, not {len(names)}"
        raise ArgumentError(msg)
    return list(names)


def _check_can_be_saved(path: Path) -> None:
    """See that a file can be written, now and not only after training; it comes beside the path first."""
    try:
        if path.is_dir():
            raise IsADirectoryError(EISDIR, strerror(EISDIR))
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        msg = f"--save: {str(path)!r} cannot be written: {error.strerror}"
        raise ArgumentError(msg) from None


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a command prints
