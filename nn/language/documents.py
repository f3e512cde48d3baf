"""Documents as tokens, and how well they are foretold."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Protocol

from autograd.errors import ArgumentError, OperandError
from autograd.watchers import no_grad

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nn.language.transformer import GPT


class Foretelling(Protocol):
    """What foretells tokens, as a `GPT` or `Bigrams`."""

    def losses(self, tokens: Sequence[int]) -> list[Any]:
        """Give -log of the probability of each token but the first."""


def check_documents(model: GPT, documents: Any, role: str) -> list[list[int]]:
    """
    See that documents are tokens that a model knows, and fit into its block.

    Parameters
    ----------
    model
        The model.
    documents
        For each its tokens.
    role
        What they are; the messages begin with it.

    Returns
    -------
    list of list of int

    Raises
    ------
    TypeError, ValueError
        They are not.
    """
    try:
        given = [[operator.index(token) for token in document] for document in documents]
    except TypeError:
        msg = f"{role} must be lists of tokens, which are integers, as Characters.encode gives them"
        raise OperandError(msg) from None
    if not given:
        msg = f"{role} must have at least one document"
        raise ArgumentError(msg)
    vocabulary = len(model.token_embedding.weight)
    for place, document in enumerate(given):
        if len(document) < 2:
            msg = f"{role} must be of at least two tokens, but number {place} has {len(document)}: leave it out"
            raise ArgumentError(msg)
        if len(document) > model.block_size + 1:
            msg = (
                f"{role}: number {place} has {len(document)} tokens, of which this GPT foretells {model.block_size} "
                f"at most: leave it out, cut it, or make a GPT with block_size={len(document) - 1}"
            )
            raise ArgumentError(msg)
        for token in document:
            if not 0 <= token < vocabulary:
                msg = f"{role}: number {place} has the token {token}, but this GPT has those from 0 to {vocabulary - 1}"
                raise ArgumentError(msg)
    return given


def mean_loss(model: Foretelling, documents: Sequence[Sequence[int]]) -> float:
    """
    Tell how badly a model foretells documents: the mean of -log of the probability, over all tokens that it foretells.

    Parameters
    ----------
    model
        A `GPT` or `Bigrams`.
    documents
        For each its tokens.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        As for the model.

    Examples
    --------
    >>> import nn
    >>> characters = nn.Characters(["emma", "ava"])
    >>> documents = [characters.encode(name) for name in ("emma", "ava")]
    >>> round(mean_loss(nn.Bigrams(documents, len(characters)), documents), 6)
    1.172914
    """
    with no_grad():
        losses = [getattr(loss, "data", loss) for document in documents for loss in model.losses(document)]
    if not losses:
        msg = "mean_loss: documents must have at least one document"
        raise ArgumentError(msg)
    return sum(losses) / len(losses)
