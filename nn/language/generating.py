"""New documents from a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import autograd
from autograd.watchers import no_grad
from nn.arguments import generator, positive, real

if TYPE_CHECKING:
    import random

    from nn.language.transformer import GPT


def generate(
    model: GPT, bos: int, *, count: int = 1, temperature: float = 1.0, seed: int | random.Random | None = None
) -> list[list[int]]:
    """
    Draw new documents, a token at a time, each from the probabilities that the model gives.

    Parameters
    ----------
    model
        The network.
    bos
        The token that begins and ends a document.
    count
        How many documents.
    temperature
        What logits are divided by: below 1 the likely becomes likelier, above 1 all becomes more alike.
    seed
        Seed or generator; by default Python's global one.

    Returns
    -------
    list of list of int
        For each document its tokens, without `bos`; at most as many as the block has.

    Raises
    ------
    TypeError, ValueError
        An argument cannot be used.

    Examples
    --------
    >>> import nn
    >>> characters = nn.Characters(["emma", "ava"])
    >>> model = nn.GPT(len(characters), block_size=4, seed=0)
    >>> [characters.decode(tokens) for tokens in generate(model, characters.bos, count=2, seed=1)]
    ['a', 'vame']
    """
    positive(count, "generate: count")
    temperature = real(temperature, "generate: temperature", 0.0, open_below=True)
    rng = generator(seed)
    with no_grad():
        return [_document(model, bos, temperature, rng) for _ in range(count)]


def _document(model: GPT, bos: int, temperature: float, rng: random.Random) -> list[int]:
    cache, tokens = model.cache(), [bos]
    while len(cache) < model.block_size:
        (logits,) = model(tokens[-1:], cache)
        probabilities = autograd.softmax([logit.data / temperature for logit in logits])
        (token,) = rng.choices(range(len(probabilities)), probabilities)
        if token == bos:
            break
        tokens.append(token)
    return tokens[1:]
