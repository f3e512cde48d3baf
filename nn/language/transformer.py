"""
A GPT of scalars: every number in it is a Value, or one of a `dot`.

It is a transformer in the form of GPT-2, made as small as it goes: RMSNorm in place of LayerNorm, no biases, relu in
place of gelu. With the sizes it has by default it is that of Karpathy's microgpt: 4,192 parameters for 27 tokens.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import autograd
from autograd import Value
from autograd.errors import ArgumentError
from autograd.many import data_of
from autograd.watchers import no_grad
from nn.arguments import generator, positive
from nn.embedding import Embedding
from nn.examples import is_sequence
from nn.initialisers import normal_
from nn.layers import Linear
from nn.module import Module
from nn.normalisation import RMSNorm

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

#: Spread of the weights at the start.
_STD = 0.08

#: What keeps RMSNorm from dividing by zero.
_EPS = 1e-5


class KeyValueCache:
    """
    The keys and values of all tokens so far, of each layer: what a later token looks back at.

    Parameters
    ----------
    n_layer
        How many layers.
    """

    def __init__(self, n_layer: int) -> None:
        self.keys: list[list[list[Any]]] = [[] for _ in range(n_layer)]
        self.values: list[list[list[Any]]] = [[] for _ in range(n_layer)]

    def __len__(self) -> int:
        """Tell how many tokens there have been."""
        return len(self.keys[0])


class CausalSelfAttention(Module):
    """
    Each token looks back: it takes a mean of the values of all tokens so far, weighted by how well their keys match.

    Each head has a part of the width to itself: softmax(q·k/√d) weighs the values, for a query q, all keys k and d
    numbers in each.

    Parameters
    ----------
    n_embd
        Width.
    n_head
        How many heads; they divide the width.

    References
    ----------
    Vaswani, Shazeer, Parmar and others: Attention Is All You Need, 2017.
    """

    def __init__(self, n_embd: int, n_head: int) -> None:
        self.query, self.key, self.value, self.out = (
            Linear(n_embd, n_embd, bias=False, init="zeros") for _ in range(4)
        )
        self.n_head, self.head_size = n_head, n_embd // n_head

    def forward(self, x: Sequence[Any], keys: list[list[Any]], values: list[list[Any]]) -> list[Any]:
        """
        Look back from the next token.

        Parameters
        ----------
        x
            Its numbers.
        keys, values
            Those of the tokens before; its own are added.

        Returns
        -------
        list of Value
        """
        query = self.query(x)
        keys.append(self.key(x))
        values.append(self.value(x))
        found: list[Any] = []
        for head, weights in enumerate(self.weights(query, keys)):
            columns = zip(*(value[self._part(head)] for value in values), strict=True)
            found += [autograd.dot(weights, column) for column in columns]
        return self.out(found)  # type: ignore[no-any-return]

    def weights(self, query: Sequence[Any], keys: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """
        Tell how much each head looks at each token.

        Parameters
        ----------
        query
            Of the token that looks.
        keys
            Of those that are looked at.

        Returns
        -------
        list of list of Value
            For each head a weight for each token; they add up to 1.
        """
        return [
            autograd.softmax(
                [autograd.dot(query[self._part(head)], key[self._part(head)]) / self.head_size**0.5 for key in keys]
            )
            for head in range(self.n_head)
        ]

    def _part(self, head: int) -> slice:
        return slice(head * self.head_size, (head + 1) * self.head_size)

    def extra_repr(self) -> str:
        """
        Say its sizes.

        Returns
        -------
        str
        """
        return f"{self.n_head} heads of {self.head_size}"


class TransformerBlock(Module):
    """
    A layer: tokens look back, then each by itself goes through an MLP; both are added to what comes in.

    Parameters
    ----------
    n_embd, n_head
        As for `GPT`.
    """

    def __init__(self, n_embd: int, n_head: int) -> None:
        self.norm = RMSNorm(n_embd, _EPS, elementwise_affine=False)
        self.attention = CausalSelfAttention(n_embd, n_head)
        self.wide = Linear(n_embd, 4 * n_embd, bias=False, init="zeros")
        self.narrow = Linear(4 * n_embd, n_embd, bias=False, init="zeros")

    def forward(self, x: Sequence[Any], keys: list[list[Any]], values: list[list[Any]]) -> list[Any]:
        """
        Compute the outputs of the next token.

        Parameters
        ----------
        x, keys, values
            As for `CausalSelfAttention`.

        Returns
        -------
        list of Value
        """
        x = _added(x, self.attention(self.norm(x), keys, values))
        return _added(x, self.narrow([autograd.relu(each) for each in self.wide(self.norm(x))]))


class GPT(Module):
    """
    A transformer that tells of each token which one may come next.

    Parameters
    ----------
    vocab_size
        How many tokens there are.
    n_embd
        How many numbers stand for a token.
    n_head
        Attention heads of each layer; they divide `n_embd`.
    n_layer
        How many layers.
    block_size
        How many tokens it can look at.
    seed
        Seed or generator for the weights, which start as N(0, 0.08²); by default Python's global one.

    Raises
    ------
    TypeError, ValueError
        There are no such sizes.

    References
    ----------
    Radford, Wu, Child, Luan, Amodei, Sutskever: Language Models are Unsupervised Multitask Learners, 2019. The sizes,
    and what is left out: Karpathy, microgpt, 2026.

    Examples
    --------
    >>> model = GPT(27, seed=0)
    >>> len(model.parameters())
    4192
    >>> logits = model([26, 4, 12])
    >>> len(logits), len(logits[0])
    (3, 27)
    >>> round(model.loss([26, 4, 12, 12, 0, 26]).data, 1)  # it knows nothing yet: to guess would cost log(27), 3.3
    3.6
    """

    def __init__(
        self,
        vocab_size: int,
        n_embd: int = 16,
        n_head: int = 4,
        n_layer: int = 1,
        block_size: int = 16,
        seed: int | random.Random | None = None,
    ) -> None:
        sizes = {"vocab_size": vocab_size, "n_embd": n_embd, "n_head": n_head, "n_layer": n_layer}
        for name, size in {**sizes, "block_size": block_size}.items():
            positive(size, f"GPT: {name}")
        if n_embd % n_head:
            msg = f"GPT: n_head must divide n_embd, but {n_embd} numbers cannot be shared by {n_head} heads"
            raise ArgumentError(msg)
        self.block_size = block_size
        self.token_embedding = Embedding(vocab_size, n_embd, seed=0)
        self.position_embedding = Embedding(block_size, n_embd, seed=0)
        self.head = Linear(n_embd, vocab_size, bias=False, init="zeros")
        self.norm = RMSNorm(n_embd, _EPS, elementwise_affine=False)
        self.blocks = [TransformerBlock(n_embd, n_head) for _ in range(n_layer)]
        rng = generator(seed)
        for part in self.modules():
            if isinstance(part, Embedding | Linear):
                normal_(part.weight, std=_STD, seed=rng)

    def cache(self) -> KeyValueCache:
        """
        Make a cache, for tokens that come one after the other.

        Returns
        -------
        KeyValueCache
        """
        return KeyValueCache(len(self.blocks))

    def forward(self, tokens: Any, cache: KeyValueCache | None = None) -> list[list[Any]]:
        """
        Tell of each token which one may come next.

        Parameters
        ----------
        tokens
            One after the other; or lists of such. A token is an integer, or a Value if it is to vary in a program.
        cache
            Of the tokens before these; by default there are none. These are added to it.

        Returns
        -------
        list of list of Value
            For each token a logit for each that may follow.

        Raises
        ------
        TypeError, ValueError
            There is no such token, or there are more than fit into a block.

        Examples
        --------
        >>> model = GPT(3, seed=0)
        >>> cache = model.cache()
        >>> one_by_one = [model([token], cache)[0][0].data for token in (2, 0, 1)]
        >>> one_by_one == [logits[0].data for logits in model([2, 0, 1])]
        True
        """
        if len(tokens) and is_sequence(tokens[0]):
            return [self.forward(each) for each in tokens]
        cache = self.cache() if cache is None else cache
        if len(cache) + len(tokens) > self.block_size:
            msg = (
                f"{len(cache) + len(tokens)} tokens are more than this GPT can look at: make one with a larger "
                f"block_size than {self.block_size}, or give fewer"
            )
            raise ArgumentError(msg)
        return [self._next(token, cache) for token in tokens]

    def _next(self, token: Any, cache: KeyValueCache) -> list[Any]:
        """Give the logits after one more token."""
        x = self.norm(_added(self._embedded(token), self.position_embedding(len(cache))))
        for block, keys, values in zip(self.blocks, cache.keys, cache.values, strict=True):
            x = block(x, keys, values)
        return self.head(x)  # type: ignore[no-any-return]

    def _embedded(self, token: Any) -> list[Any]:
        """Look a token up; one that is data as a product with a 1 among zeros: a layer, at which programs are best."""
        if not isinstance(token, Value):
            return self.token_embedding(token)  # type: ignore[no-any-return]
        index = autograd.floor(token)
        self.token_embedding(int(index.data))  # there must be such a token
        hot = [autograd.where(index - place, 0.0, 1.0) for place in range(len(self.token_embedding.weight))]
        return [autograd.dot(column, hot) for column in zip(*self.token_embedding.weight, strict=True)]

    def attention(self, tokens: Sequence[int]) -> list[list[list[list[float]]]]:
        """
        Tell where each head looks, as plain numbers.

        Parameters
        ----------
        tokens
            As for a call.

        Returns
        -------
        list
            For each layer, each head and each token a weight for each token up to itself.

        Raises
        ------
        TypeError, ValueError
            As for a call.

        Examples
        --------
        >>> model = GPT(3, n_embd=4, n_head=2, seed=0)
        >>> [len(weights) for weights in model.attention([2, 0, 1])[0][1]]
        [1, 2, 3]
        """
        found: list[list[list[list[float]]]] = [[[] for _ in range(block.attention.n_head)] for block in self.blocks]
        cache = self.cache()

        def look(layer: int) -> Callable[..., None]:
            def hook(_: Module, __: Any, query: list[Any]) -> None:
                queries[layer] = query

            return hook

        queries: dict[int, list[Any]] = {}
        with no_grad(), ExitStack() as stack:
            for layer, block in enumerate(self.blocks):
                stack.enter_context(block.attention.query.register_forward_hook(look(layer)))
            for token in tokens:
                self([token], cache)
                for layer, block in enumerate(self.blocks):
                    for head, weights in enumerate(block.attention.weights(queries[layer], cache.keys[layer])):
                        found[layer][head].append([data_of(weight) for weight in weights])
        return found

    def loss(self, tokens: Sequence[Any]) -> Any:
        """
        Tell how badly each token is foretold from those before it: the mean of `losses`, the cross-entropy.

        Parameters
        ----------
        tokens
            Of a document, as `Characters.encode` gives them.

        Returns
        -------
        Value

        Raises
        ------
        TypeError, ValueError
            As for a call; or there is none to foretell.
        """
        if len(tokens) < 2:
            msg = f"GPT.loss: there must be at least two tokens, of which the second is foretold, not {len(tokens)}"
            raise ArgumentError(msg)
        return autograd.mean(self.losses(tokens))

    def losses(self, tokens: Sequence[Any]) -> list[Any]:
        """
        Tell how badly each token but the first is foretold from those before it: -log of its probability.

        Parameters
        ----------
        tokens
            As for `loss`.

        Returns
        -------
        list of Value

        Raises
        ------
        TypeError, ValueError
            As for a call.
        """
        foretold = zip(self(tokens[:-1]), tokens[1:], strict=True)
        return [autograd.logsumexp(logits) - autograd.take(logits, token) for logits, token in foretold]

    def extra_repr(self) -> str:
        """
        Say its sizes.

        Returns
        -------
        str
        """
        vocabulary, width = len(self.token_embedding.weight), len(self.token_embedding.weight[0])
        return (
            f"{vocabulary}, n_embd={width}, n_head={self.blocks[0].attention.n_head}, n_layer={len(self.blocks)}, "
            f"block_size={self.block_size}"
        )


def _added(x: Sequence[Any], y: Sequence[Any]) -> list[Any]:
    return [one + other for one, other in zip(x, y, strict=True)]
