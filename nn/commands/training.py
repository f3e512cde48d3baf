"""``chainrule train``."""

from __future__ import annotations

from collections import Counter
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.errors import ArgumentError, MissingExtraError
from nn.arguments import choose, positive
from nn.commands.names import train_names
from nn.commands.recipes import RECIPES
from nn.datasets import Standardiser
from nn.diagnosis import diagnose
from nn.layers import MLP
from nn.losses import bce_with_logits, cross_entropy
from nn.metrics import confusion_matrix, decisions
from nn.optim import OPTIMIZERS
from nn.schedules import CosineAnnealingLR
from nn.training import evaluate, fit, predict

if TYPE_CHECKING:
    import argparse

    from nn.commands.recipes import Recipe
    from nn.datasets import Split
    from nn.training import History


class Trained(NamedTuple):
    """
    What came of training.

    Parameters
    ----------
    model
        The network.
    history
        The epochs.
    split
        The data, as the network was given them.
    train_accuracy, held_out_accuracy
        Shares of right answers, at the end.
    """

    model: MLP
    history: History
    split: Split
    train_accuracy: float
    held_out_accuracy: float


def add_train(commands: Any) -> None:
    """
    Tell the parser of the command line about it.

    Parameters
    ----------
    commands
        What ``add_subparsers`` gave.
    """
    parser = commands.add_parser(
        "train",
        help="train a network on a data set, and save it with its plots",
        description="Train a network on a data set, of which a fifth is held out, and save it with its plots. "
        "What is not given is chosen to suit the data.",
    )
    parser.add_argument("data", choices=[*RECIPES, "names"], metavar="DATA", help=", ".join([*RECIPES, "names"]))
    parser.add_argument("--hidden", metavar="WIDTHS", help="widths of the hidden layers, as 16,16; 0 for none")
    parser.add_argument("--activation", metavar="NAME", help="of the hidden layers, as tanh")
    parser.add_argument("--init", metavar="NAME", help="how weights are initialised, as xavier_uniform")
    parser.add_argument("--optimizer", metavar="NAME", help=", ".join(OPTIMIZERS))
    parser.add_argument("--lr", type=float, metavar="RATE", help="learning rate")
    parser.add_argument("--weight-decay", type=float, metavar="RATE", help="how weights are drawn to zero")
    parser.add_argument("--epochs", type=int, metavar="COUNT", help="rounds over the examples")
    parser.add_argument("--batch-size", type=int, metavar="COUNT", help="examples in a mini-batch")
    parser.add_argument(
        "--seed", type=int, default=0, help="of the data, the split, the weights and the order (default 0)"
    )
    parser.add_argument("--out", metavar="FOLDER", help="where to save (default: trained/DATA)")
    names = parser.add_argument_group("names", "A small GPT learns to make names up; beside these it has --batch-size.")
    names.add_argument("--steps", type=int, metavar="COUNT", help="updates (default 2000)")
    names.add_argument("--data", dest="file", metavar="FILE", help="names of your own, one a line")
    names.add_argument("--block-size", type=int, metavar="COUNT", help="longest name, and 1 (default 16)")
    names.add_argument("--samples", type=int, metavar="COUNT", help="how many new names (default 20)")
    names.add_argument("--temperature", type=float, metavar="T", help="below 1 likelier names, above 1 bolder ones")
    names.add_argument("--save", metavar="FILE", help="where to save the network")


def train(given: argparse.Namespace) -> None:
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
    """
    check_options(given)
    if given.data == "names":
        train_names(given)
        return
    recipe = chosen(given)
    folder = Path(given.out or f"trained/{given.data}")
    _check_installed()
    _make(folder)
    try:
        result = train_by(given.data, recipe, given.seed)
    except KeyboardInterrupt:
        msg = "chainrule: interrupted; nothing is saved"
        raise SystemExit(msg) from None
    print(f"accuracy on what it was trained on: {100 * result.train_accuracy:.1f} %")  # noqa: T201
    for saved in _save(folder, given.data, recipe, result):
        print(f"saved {saved}")  # noqa: T201
    print(f"held-out accuracy: {100 * result.held_out_accuracy:.1f} %", flush=True)  # noqa: T201


def check_options(given: argparse.Namespace) -> None:
    """
    See that only options are given that the data set has, and give those of names their defaults.

    Parameters
    ----------
    given
        The options.

    Raises
    ------
    ValueError
        An option belongs to another data set.
    """
    others = _OF_CLASSES if given.data == "names" else _OF_NAMES
    for name in others:
        if getattr(given, name) is not None:
            option = "data" if name == "file" else name.replace("_", "-")
            msg = f"train {given.data} has no --{option}: see chainrule train --help"
            raise ArgumentError(msg)
    for name, default in _OF_NAMES.items():
        if getattr(given, name) is None:
            setattr(given, name, default)


#: Options of the data sets with classes.
_OF_CLASSES = ("hidden", "activation", "init", "optimizer", "lr", "weight_decay", "epochs", "out")

#: Options of names, with their defaults.
_OF_NAMES = {"steps": 2000, "file": None, "block_size": 16, "samples": 20, "temperature": 1.0, "save": None}


def chosen(given: argparse.Namespace) -> Recipe:
    """
    Change a recipe as the command line says.

    Parameters
    ----------
    given
        The options.

    Returns
    -------
    Recipe

    Raises
    ------
    ValueError
        The widths of the hidden layers cannot be read.
    """
    options = {name: value for name in ("activation", "init", "optimizer", "lr", "weight_decay", "epochs", "batch_size")
               if (value := getattr(given, name)) is not None}  # fmt: skip
    if given.optimizer and given.lr is None:
        options["lr"] = 0.1 if given.optimizer.lower() == "sgd" else RECIPES[given.data].lr
    if given.hidden is not None:
        try:
            widths = tuple(int(width) for width in given.hidden.split(","))
        except ValueError:
            msg = f"--hidden must be widths with commas between them, as 16,16, not {given.hidden!r}"
            raise ArgumentError(msg) from None
        if widths != (0,):
            for width in widths:
                positive(width, "--hidden: a width")
        options["hidden"] = () if widths == (0,) else widths
    return RECIPES[given.data]._replace(**options)


def train_on_digits(seed: int, epochs: int) -> None:
    """
    Train a small network on the digits for the tour, and tell what came of it.

    Parameters
    ----------
    seed
        Of the split, the weights and the order.
    epochs
        How long.

    Raises
    ------
    ImportError
        scikit-learn or tqdm are not installed.
    """
    result = train_by("digits", RECIPES["digits"]._replace(hidden=(30,), epochs=epochs), seed)
    split = result.split
    predicted = decisions(predict(result.model, split.held_out_inputs))
    mistaken = Counter(
        (digit, taken) for digit, taken in zip(split.held_out_targets, predicted, strict=True) if digit != taken
    )
    said = ", ".join(f"{digit} for {taken} ({count} x)" for (digit, taken), count in mistaken.most_common(3))
    diagnosis = diagnose(result.model, split.train_inputs, split.train_targets, "cross_entropy")
    print(f"accuracy on what it was trained on: {100 * result.train_accuracy:.1f} %")  # noqa: T201
    print(f"most often mistaken: {said or 'none'}")  # noqa: T201
    print(f"what passes through the network: {diagnosis.kind}\n{diagnosis.table()}")  # noqa: T201
    print(f"held-out accuracy: {100 * result.held_out_accuracy:.1f} %", flush=True)  # noqa: T201


def train_by(name: str, recipe: Recipe, seed: int, *, progress: bool = True) -> Trained:
    """
    Train by a recipe: nothing but the first part of the split decides anything.

    Parameters
    ----------
    name
        Of the data.
    recipe
        How.
    seed
        Of the data, the split, the weights and the order.
    progress
        Whether to tell how it goes.

    Returns
    -------
    Trained

    Raises
    ------
    TypeError, ValueError
        An option of the recipe cannot be used.
    """
    positive(recipe.epochs, "epochs")
    kind = choose(recipe.optimizer.lower(), OPTIMIZERS, "optimizer")
    split = (recipe.load(seed=seed) if recipe.made_up else recipe.load()).split(seed=seed)
    if recipe.standardise:
        standardise = Standardiser(split.train_inputs)
        split = split._replace(
            train_inputs=standardise(split.train_inputs), held_out_inputs=standardise(split.held_out_inputs)
        )
    binary = len(recipe.classes) == 2
    widths = [*recipe.hidden, 1 if binary else len(recipe.classes)]
    width = len(split.train_inputs[0])
    model = MLP(width, widths, activation=recipe.activation, seed=seed, init=recipe.init)
    loss = bce_with_logits if binary else partial(cross_entropy, label_smoothing=recipe.label_smoothing)
    if progress:
        print(  # noqa: T201
            f"{name}: {len(split.train_targets):,} examples to train on, {len(split.held_out_targets):,} held out, a "
            f"fifth of each class (seed {seed})\n"
            f"a network of {width} inputs and layers of {', '.join(map(str, widths))} neurons, {recipe.activation}: "
            f"{len(model.parameters()):,} parameters"
        )
    optimizer = kind(model.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
    cooling = CosineAnnealingLR(optimizer, T_max=recipe.epochs)
    history = fit(
        model, split.train_inputs, split.train_targets, loss=loss, optimizer=optimizer, epochs=recipe.epochs,
        batch_size=recipe.batch_size, seed=seed, schedule=cooling, metric="accuracy", progress=progress,
    )  # fmt: skip
    train_accuracy, held_out_accuracy = (
        evaluate(model, inputs, targets, loss=loss, metric="accuracy")["accuracy"]
        for inputs, targets in (
            (split.train_inputs, split.train_targets),
            (split.held_out_inputs, split.held_out_targets),
        )
    )
    return Trained(model, history, split, train_accuracy, held_out_accuracy)


def _check_installed() -> None:
    """See that what is needed after training is there before."""
    missing = [name for name in ("sklearn", "tqdm", "matplotlib", "safetensors") if find_spec(name) is None]
    if missing:
        msg = f"training on data sets needs {' and '.join(missing)}: pip install 'chainrule[all]'"
        raise MissingExtraError(msg)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"--out must be a folder that can be made, not {str(folder)!r}: {error.strerror}"
        raise ArgumentError(msg) from None


def _save(folder: Path, name: str, recipe: Recipe, result: Trained) -> list[Path]:
    """Save the network and its plots, and tell where."""
    from nn import plotting  # noqa: PLC0415 - draws only what has been trained

    split = result.split
    saved = [folder / "model.safetensors", folder / "history.png"]
    result.model.save(saved[0])
    _draw(saved[1], result.history.plot)
    if len(split.train_inputs[0]) == 2:
        everything = [*split.train_inputs, *split.held_out_inputs], [*split.train_targets, *split.held_out_targets]
        saved.append(folder / "boundary.png")
        _draw(saved[-1], lambda: plotting.decision_boundary(result.model, *everything))
    if name == "digits":
        saved.append(folder / "weights.png")
        _draw(saved[-1], lambda: plotting.weight_images(result.model.layers[0], (8, 8)))
    predicted = decisions(predict(result.model, split.held_out_inputs))
    matrix = confusion_matrix(predicted, split.held_out_targets, range(len(recipe.classes)))
    saved.append(folder / "confusion.png")
    _draw(saved[-1], lambda: plotting.confusion(matrix, recipe.classes))
    return saved


def _draw(path: Path, plot: Any) -> None:
    """Draw into a file, without a window."""
    from matplotlib import pyplot as plt  # noqa: PLC0415 - optional

    plt.switch_backend("agg")
    figure = plot().figure
    figure.savefig(path, dpi=120)
    plt.close(figure)
