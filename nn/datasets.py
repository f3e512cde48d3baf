"""Real data to train on."""

from __future__ import annotations

from typing import NamedTuple

from autograd.errors import MissingExtraError


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

    train_inputs: list[list[float]]
    held_out_inputs: list[list[float]]
    train_targets: list[int]
    held_out_targets: list[int]


def digits(held_out: float = 0.2, seed: int = 0) -> Split:
    """
    Load the handwritten digits that scikit-learn ships, split so that each digit has its share in both parts.

    Parameters
    ----------
    held_out
        Share of the examples in the second part.
    seed
        Of the split.

    Returns
    -------
    Split
        1,797 images of 8 x 8 pixels in [0, 1], row by row, of the classes 0 to 9.

    Raises
    ------
    ImportError
        scikit-learn is not installed.

    References
    ----------
    Alpaydin and Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.
    """
    try:
        from sklearn.datasets import load_digits  # noqa: PLC0415 - optional
        from sklearn.model_selection import train_test_split  # noqa: PLC0415 - optional
    except ImportError as error:
        msg = "the digits come with scikit-learn: pip install 'chainrule[data]'"
        raise MissingExtraError(msg) from error
    images, classes = load_digits(return_X_y=True)
    parts = train_test_split(images / 16.0, classes, test_size=held_out, random_state=seed, stratify=classes)
    return Split(*(part.tolist() for part in parts))
