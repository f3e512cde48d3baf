"""Embeddings: numbers for words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd import Value, take
from autograd.errors import ArgumentError, OperandError
from nn.arguments import positive
from nn.examples import is_sequence
from nn.initialisers import normal_
from nn.module import Module

if TYPE_CHECKING:
    import random


class Embedding(Module):
    """
    A table with a row of parameters for each index.

    Parameters
    ----------
    num_embeddings
        How many rows.
    embedding_dim
        How many parameters a row has; they start as N(0, 1).
    seed
        Seed or generator; by default Python's global one.

    Raises
    ------
    TypeError, ValueError
        There are no such numbers.

    References
    ----------
    Bengio, Ducharme, Vincent, Jauvin: A Neural Probabilistic Language Model, 2003.

    Examples
    --------
    >>> embedding = Embedding(3, 2, seed=0)
    >>> embedding(1) == embedding.weight[1], len(embedding([0, 2, 2]))
    (True, 3)
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, seed: int | random.Random | None = None) -> None:
        positive(num_embeddings, "Embedding: num_embeddings")
        positive(embedding_dim, "Embedding: embedding_dim")
        self.weight = [[Value(0.0) for _ in range(embedding_dim)] for _ in range(num_embeddings)]
        normal_(self.weight, seed=seed)

    def forward(self, index: Any) -> list[Any]:
        """
        Look up rows.

        Parameters
        ----------
        index
            An integer, or a list of them. It may be a Value, so that what is recorded holds for any index.

        Returns
        -------
        list of Value
            For a list, a list of rows.

        Raises
        ------
        TypeError
            It is not an integer.
        ValueError
            There is no such row.
        """
        if is_sequence(index):
            return [self.forward(each) for each in index]
        if isinstance(index, Value):
            return [take(column, index) for column in zip(*self.weight, strict=True)]
        try:
            row = index.__index__()
        except AttributeError:
            msg = f"{self!r}: an index must be an integer, not {type(index).__name__} {index!r}"
            raise OperandError(msg) from None
        if not 0 <= row < len(self.weight):
            msg = f"{self!r}: an index must be from 0 to {len(self.weight) - 1}, not {row}"
            raise ArgumentError(msg)
        return list(self.weight[row])

    def extra_repr(self) -> str:
        """
        Say its size.

        Returns
        -------
        str
        """
        return f"{len(self.weight)}, {len(self.weight[0])}"
