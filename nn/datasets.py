"""Data to train on: made up, in two dimensions, to be looked at; and real."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.arguments import flag
from autograd.errors import ArgumentError, MissingExtraError
from nn.arguments import generator, positive, real
from nn.tables import rows_of

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence


class Dataset(NamedTuple):
    """
    Inputs, and what should come out for each of them.

    Parameters
    ----------
    inputs
        A list of numbers for each example.
    targets
        The class of each example.

    Examples
    --------
    >>> inputs, targets = xor()
    >>> inputs[1], targets[1]
    ([0.0, 1.0], 1)
    """

    inputs: list[list[float]]
    targets: list[int]

    def split(self, held_out: float = 0.2, seed: int | random.Random | None = 0) -> Split:
        """
        Hold some examples out; each class has its share in both parts.

        Parameters
        ----------
        held_out
            Share of the examples in the second part.
        seed
            Of the split: a number, a generator, or None for Python's global one.

        Returns
        -------
        Split

        Raises
        ------
        ImportError
            scikit-learn is not installed.
        TypeError, ValueError
            There is a class with fewer examples than parts, or the share is not between 0 and 1.
        """
        return split(self.inputs, self.targets, held_out, seed)


class Split(NamedTuple):
    """
    A data set in two parts.

    Parameters
    ----------
    train_inputs, held_out_inputs
        A list of numbers for each example.
    train_targets, held_out_targets
        The class of each example.
    """

    train_inputs: list[Any]
    held_out_inputs: list[Any]
    train_targets: list[Any]
    held_out_targets: list[Any]


# ---------------------------------------------------------------------- made up


def moons(count: int = 200, noise: float = 0.1, seed: int | random.Random | None = 0) -> Dataset:
    """
    Make two interleaving half circles.

    Parameters
    ----------
    count
        Number of examples.
    noise
        Standard deviation of what is added to each coordinate.
    seed
        Of the noise and the order: a number, a generator, or None for Python's global one.

    Returns
    -------
    Dataset
        scikit-learn's ``make_moons``, of the classes 0 and 1.

    Raises
    ------
    ImportError
        scikit-learn is not installed.
    TypeError, ValueError
        `count` is no positive integer, or `noise` is negative.
    """
    positive(count, "moons: count")
    noise = real(noise, "moons: noise", 0.0)
    return _listed(_sklearn("moons").make_moons(count, noise=noise, random_state=_state(seed)))


def circles(
    count: int = 200, noise: float = 0.05, factor: float = 0.5, seed: int | random.Random | None = 0
) -> Dataset:
    """
    Make a circle within a circle.

    Parameters
    ----------
    count, noise, seed
        As for `moons`.
    factor
        Radius of the inner one; that of the outer one is 1.

    Returns
    -------
    Dataset
        scikit-learn's ``make_circles``: the outer one is class 0, the inner one class 1.

    Raises
    ------
    ImportError, TypeError, ValueError
        As `moons`, or `factor` is not between 0 and 1.
    """
    positive(count, "circles: count")
    factor = real(factor, "circles: factor", 0.0, 1.0, open_above=True)
    noise = real(noise, "circles: noise", 0.0)
    return _listed(_sklearn("circles").make_circles(count, noise=noise, factor=factor, random_state=_state(seed)))


def blobs(count: int = 200, centers: int = 3, spread: float = 1.0, seed: int | random.Random | None = 0) -> Dataset:
    """
    Make round clouds of points, one for each class.

    Parameters
    ----------
    count, seed
        As for `moons`.
    centers
        Number of clouds.
    spread
        Standard deviation within a cloud; the middles are uniform in [-10, 10].

    Returns
    -------
    Dataset
        scikit-learn's ``make_blobs``.

    Raises
    ------
    ImportError, TypeError, ValueError
        As `moons`.
    """
    positive(count, "blobs: count")
    positive(centers, "blobs: centers")
    spread = real(spread, "blobs: spread", 0.0)
    made = _sklearn("blobs").make_blobs(count, centers=centers, cluster_std=spread, random_state=_state(seed))
    return _listed(made)


def spirals(
    count: int = 200, arms: int = 2, turns: float = 1.0, noise: float = 0.02, seed: int | random.Random | None = 0
) -> Dataset:
    """
    Make arms that wind around the origin: no straight line tells them apart, nor do a few.

    Parameters
    ----------
    count
        Number of examples, over all arms.
    arms
        Number of arms; each is a class.
    turns
        How often an arm goes around.
    noise
        As for `moons`; the arms go from radius 0.1 to 1.
    seed
        As for `moons`.

    Returns
    -------
    Dataset
        An arm's points are evenly spaced, the arms one after the other.

    Raises
    ------
    TypeError, ValueError
        `count` or `arms` is no positive integer, there are fewer points than arms, or `noise` is negative.

    References
    ----------
    Lang and Witbrock: Learning to Tell Two Spirals Apart, 1988.
    """
    positive(count, "spirals: count")
    positive(arms, "spirals: arms")
    if count < arms:
        msg = f"spirals: count must be at least the number of arms, {arms}, not {count}"
        raise ArgumentError(msg)
    turns, noise = real(turns, "spirals: turns", 0.0), real(noise, "spirals: noise", 0.0)
    gauss = generator(seed).gauss
    inputs, targets = [], []
    for arm in range(arms):
        points = count // arms + (arm < count % arms)
        for i in range(points):
            along = i / max(points - 1, 1)
            radius, angle = 0.1 + 0.9 * along, 2 * math.pi * (turns * along + arm / arms)
            inputs.append([radius * math.cos(angle) + gauss(0, noise), radius * math.sin(angle) + gauss(0, noise)])
            targets.append(arm)
    return Dataset(inputs, targets)


def xor(count: int = 4, noise: float = 0.0, seed: int | random.Random | None = 0) -> Dataset:
    """
    Give the four corners of the unit square, of class 1 where exactly one coordinate is 1.

    Parameters
    ----------
    count
        Number of examples: the corners, again and again.
    noise, seed
        As for `spirals`.

    Returns
    -------
    Dataset

    Raises
    ------
    TypeError, ValueError
        `count` is no positive integer, or `noise` is negative.

    References
    ----------
    Minsky and Papert: Perceptrons, 1969: a network without hidden layer cannot learn it.

    Examples
    --------
    >>> xor()
    Dataset(inputs=[[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], targets=[0, 1, 1, 0])
    """
    positive(count, "xor: count")
    noise, gauss = real(noise, "xor: noise", 0.0), generator(seed).gauss
    corners = [(i // 2 % 2, i % 2) for i in range(count)]
    inputs = [[x + gauss(0, noise), y + gauss(0, noise)] if noise else [float(x), float(y)] for x, y in corners]
    return Dataset(inputs, [x ^ y for x, y in corners])


# ---------------------------------------------------------------------- real


def digits() -> Dataset:
    """
    Load the handwritten digits that scikit-learn ships.

    Returns
    -------
    Dataset
        1,797 images of 8 x 8 pixels in [0, 1], row by row, of the classes 0 to 9.

    Raises
    ------
    ImportError
        scikit-learn is not installed.

    References
    ----------
    Alpaydin and Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.
    """
    images, classes = _sklearn("digits").load_digits(return_X_y=True)
    return _listed((images / 16.0, classes))


def iris() -> Dataset:
    """
    Load Fisher's measurements of three kinds of iris, which scikit-learn ships.

    Returns
    -------
    Dataset
        150 flowers: length and width of the sepal, then of the petal, in cm; setosa, versicolor and virginica are the
        classes 0 to 2.

    Raises
    ------
    ImportError
        scikit-learn is not installed.

    References
    ----------
    Fisher: The use of multiple measurements in taxonomic problems, 1936.
    """
    return _listed(_sklearn("iris").load_iris(return_X_y=True))


def _sklearn(what: str) -> Any:
    try:
        import sklearn.datasets  # noqa: PLC0415 - optional
    except ImportError as error:
        msg = f"the {what} come with scikit-learn: pip install 'chainrule[data]'"
        raise MissingExtraError(msg) from error
    return sklearn.datasets


def _state(seed: int | random.Random | None) -> int:
    """Give scikit-learn a seed: it takes those of 32 bits."""
    rng = generator(seed)
    return seed if isinstance(seed, int) and 0 <= seed < 2**32 else rng.getrandbits(32)


def _listed(arrays: tuple[Any, Any]) -> Dataset:
    return Dataset(*(array.tolist() for array in arrays))


# ---------------------------------------------------------------------- before training


def split(
    inputs: Sequence[Any],
    targets: Sequence[Any],
    held_out: float = 0.2,
    seed: int | random.Random | None = 0,
    *,
    stratify: bool = True,
) -> Split:
    """
    Hold some examples out.

    Parameters
    ----------
    inputs, targets
        The examples.
    held_out
        Share of the examples in the second part.
    seed
        Of the split: a number, a generator, or None for Python's global one.
    stratify
        Whether each class has its share in both parts; not for targets that are no classes.

    Returns
    -------
    Split

    Raises
    ------
    ImportError
        scikit-learn is not installed.
    TypeError, ValueError
        There are not as many targets as inputs, there is a class with fewer examples than parts, or the share is not
        between 0 and 1.

    Examples
    --------
    >>> parts = split(*xor(count=40))
    >>> len(parts.train_inputs), len(parts.held_out_inputs), sum(parts.held_out_targets)
    (32, 8, 4)
    """
    if len(inputs) != len(targets):
        msg = f"split: there must be a target for each input, not {len(targets)} for {len(inputs)}"
        raise ArgumentError(msg)
    share = real(held_out, "split: held_out", 0.0, 1.0, open_below=True, open_above=True)
    flag(stratify, "split: stratify")
    try:
        from sklearn.model_selection import train_test_split  # noqa: PLC0415 - optional
    except ImportError as error:
        msg = "the split is made by scikit-learn: pip install 'chainrule[data]'"
        raise MissingExtraError(msg) from error
    try:
        parts = train_test_split(
            list(inputs),
            list(targets),
            test_size=share,
            random_state=_state(seed),
            stratify=targets if stratify else None,
        )
    except ValueError as error:
        classes = all(isinstance(target, int | str) for target in targets)
        hint = "" if classes or not stratify else "; targets that are no classes need stratify=False"
        msg = f"split: {str(error).rstrip('.')}{hint}"
        raise ArgumentError(msg) from None
    return Split(*parts)


class Standardiser:
    """
    Shift and scale each feature so that over the given inputs its mean is 0 and its standard deviation is 1.

    Parameters
    ----------
    inputs
        A sequence of numbers for each example: those to train on, since what is held out must not be known.

    Raises
    ------
    TypeError, ValueError
        `inputs` is no sequence of sequences of numbers, all of one length, or it is empty.

    Examples
    --------
    >>> standardise = Standardiser([[1.0, 7.0], [3.0, 7.0]])
    >>> standardise([[1.0, 7.0], [5.0, 8.0]])
    [[-1.0, 0.0], [3.0, 1.0]]
    """

    def __init__(self, inputs: Sequence[Sequence[float]]) -> None:
        columns = list(zip(*rows_of(inputs, "Standardiser: inputs"), strict=True))
        #: The mean of each feature.
        self.means = [math.fsum(column) / len(column) for column in columns]
        #: The standard deviation of each feature; 1 for one that is constant.
        self.spreads = [_spread(column, mean) for column, mean in zip(columns, self.means, strict=True)]

    def __call__(self, inputs: Sequence[Sequence[float]]) -> list[list[float]]:
        """
        Shift and scale.

        Parameters
        ----------
        inputs
            As many numbers for each example.

        Returns
        -------
        list of list of float

        Raises
        ------
        TypeError, ValueError
            They are not of that width.
        """
        return [
            [(x - mean) / spread for x, mean, spread in zip(row, self.means, self.spreads, strict=True)]
            for row in rows_of(inputs, "Standardiser: inputs", len(self.means))
        ]


def _spread(column: Sequence[float], mean: float) -> float:
    return math.hypot(*(x - mean for x in column)) / math.sqrt(len(column)) or 1.0


def mini_batches(count: int, size: int, seed: int | random.Random | None = None) -> Iterator[list[int]]:
    """
    Deal out examples in random order, so many at a time.

    Parameters
    ----------
    count
        Number of examples.
    size
        Number of examples in a mini-batch; the last one may have fewer.
    seed
        Of the order: a number, a generator, or None for Python's global one.

    Returns
    -------
    iterator over lists of int
        Indices of examples; each comes once.

    Raises
    ------
    TypeError, ValueError
        `count` or `size` is no positive integer.

    Examples
    --------
    >>> list(mini_batches(5, 2, seed=0))
    [[2, 1], [0, 4], [3]]
    """
    positive(count, "mini_batches: count")
    positive(size, "mini_batches: size")
    order = list(range(count))
    generator(seed).shuffle(order)
    return (order[start : start + size] for start in range(0, count, size))
