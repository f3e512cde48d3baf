"""The model that a network has to beat: it counts how often which token follows which."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from nn.arguments import positive, real

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Bigrams:
    """
    Counts of pairs of tokens: the probability of b after a is (count of ab + s)/(count of a + s tokens).

    Parameters
    ----------
    documents
        For each its tokens.
    vocab_size
        How many tokens there are.
    smoothing
        s: with 1, as if each pair had been seen once more.

    Raises
    ------
    TypeError, ValueError
        There are no such sizes.

    References
    ----------
    Jurafsky, Martin: Speech and Language Processing, chapter 3: N-gram Language Models, "add-one smoothing".

    Examples
    --------
    >>> model = Bigrams([[2, 0, 1, 2], [2, 0, 0, 2]], 3)
    >>> model.probability(2, 0)
    0.6
    """

    def __init__(self, documents: Iterable[Sequence[int]], vocab_size: int, smoothing: float = 1.0) -> None:
        positive(vocab_size, "Bigrams: vocab_size")
        start = real(smoothing, "Bigrams: smoothing", 0.0)
        #: For each token, for each that may follow, how often it did; with s.
        self.counts = [[start] * vocab_size for _ in range(vocab_size)]
        for document in documents:
            for first, second in pairwise(document):
                self.counts[first][second] += 1

    def probability(self, first: int, second: int) -> float:
        """
        Give the probability of a token after another one.

        Parameters
        ----------
        first, second
            The tokens.

        Returns
        -------
        float
        """
        return self.counts[first][second] / sum(self.counts[first])

    def losses(self, tokens: Sequence[int]) -> list[float]:
        """
        Tell how badly each token but the first is foretold: -log of its probability.

        Parameters
        ----------
        tokens
            Of a document.

        Returns
        -------
        list of float
        """
        return [-math.log(self.probability(first, second)) for first, second in pairwise(tokens)]
