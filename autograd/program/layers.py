"""
Finds layers on a tape: sums of products that share factors, and products that are summed over the examples.

Of a network that was recorded neuron by neuron these are the matrix products that it is made of. Forward, the neurons
of a layer are sums of products with the same inputs; backward, the adjoints of its inputs are sums of products with the
same adjoints; and the gradient of its weights is each input times each adjoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.program.arrays import numpy
from autograd.program.kernel import TILE
from autograd.program.tape import SOURCES

if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence

    from autograd.program.tape import Tape


#: What a product starts from, which is a sum of one product.
_NO_START = -1


class Layer(NamedTuple):
    """
    Sums of products with the same numbers.

    Parameters
    ----------
    xs
        Places of these numbers.
    dots
        Places of the sums.
    starts
        For each sum the place of what it starts from, which is the same for all examples.
    weights
        For each sum the places of the other factors, which are so, too.
    """

    xs: tuple[int, ...]
    dots: list[int]
    starts: list[int]
    weights: list[tuple[int, ...]]

    def tiled_weights(self) -> list[int]:
        """
        Order the weights as the interpreter reads them: for some sums at a time their starts, then each weight.

        Returns
        -------
        list of int
            Places; -1 for -0.0, which changes nothing, where there are not so many sums or one starts from nothing.
        """
        ordered: list[int] = []
        for first in range(0, len(self.dots), TILE):
            missing = [-1] * (first + TILE - len(self.dots))
            starts = self.starts[first : first + TILE]
            ordered += [*starts, *missing]
            for column in zip(*self.weights[first : first + TILE], strict=True):
                ordered += [*column, *missing]
        return ordered


class Outer(NamedTuple):
    """
    Products of each of some numbers with each of others, each to be summed over the examples.

    Parameters
    ----------
    a, x
        Places of the numbers.
    targets
        For each a, for each x, which total the product belongs to.
    """

    a: tuple[int, ...]
    x: tuple[int, ...]
    targets: list[tuple[int, ...]]

    @property
    def operands(self) -> tuple[int, ...]:
        """All places that are read."""
        return (*self.a, *self.x)

    def registers(self, register: Sequence[int], unused: int) -> list[int]:
        """
        Write which registers the interpreter's instruction reads, in whole tiles.

        Parameters
        ----------
        register
            By place.
        unused
            A register for the rest of a tile.

        Returns
        -------
        list of int
        """
        return [
            register[place] if place >= 0 else unused for places in (self.a, self.x) for place in _filled(places, -1)
        ]

    def tiled_targets(self, nowhere: int) -> list[int]:
        """
        Order the targets as the interpreter does.

        Parameters
        ----------
        nowhere
            The target of what is in the rest of a tile.

        Returns
        -------
        list of int
        """
        padded = [_filled(row, nowhere) for row in self.targets]
        padded = _filled(padded, [nowhere] * len(padded[0]))
        return [
            target
            for i in range(0, len(padded), TILE)
            for j in range(0, len(padded[0]), TILE)
            for row in padded[i : i + TILE]
            for target in row[j : j + TILE]
        ]


def _filled(items: Sequence[Any], rest: Any) -> list[Any]:
    """Fill the last tile."""
    return [*items, *[rest] * (-len(items) % TILE)]


def layers_of(tape: Tape, needed: Sequence[int], uniform: set[int]) -> dict[int, Layer]:
    """
    Find layers.

    Parameters
    ----------
    tape
        The instructions.
    needed
        Places of those that are needed.
    uniform
        Codes of instructions whose result is the same for all examples.

    Returns
    -------
    dict of int to Layer
        By the place of a sum the layer that it belongs to.
    """
    names, codes, operands, starts = tape.names, tape.codes, tape.operands, tape.starts
    dot, mul = (names.index(op) if op in names else -1 for op in ("dot", "mul"))
    by_xs: dict[tuple[int, ...], Layer] = {}
    for place in needed:
        if codes[place] not in (dot, mul):
            continue
        own = operands[starts[place] : starts[place + 1]]
        start, factors = (own[0], own[1:]) if codes[place] == dot else (_NO_START, own)
        if start != _NO_START and codes[start] not in uniform:
            continue
        firsts, seconds = factors[::2], factors[1::2]
        if all(codes[w] in uniform for w in firsts):
            weights, xs = tuple(firsts), tuple(seconds)
        elif all(codes[w] in uniform for w in seconds):
            weights, xs = tuple(seconds), tuple(firsts)
        else:
            continue
        layer = by_xs.setdefault(xs, Layer(xs, [], [], []))
        layer.dots.append(place)
        layer.starts.append(start)
        layer.weights.append(weights)
    worth_it = [layer for layer in by_xs.values() if len(layer.xs) > 1 or len(layer.dots) >= TILE]
    return {place: layer for layer in worth_it for place in layer.dots}


def terms_of(
    tape: Tape, stored: Sequence[int], summed: Sequence[int]
) -> tuple[list[tuple[int, int, int]], list[tuple[int, int]]]:
    """
    Take apart what is to be summed over the examples, as far as nobody else needs it.

    Parameters
    ----------
    tape
        The instructions.
    stored
        Places of what is wanted for each example.
    summed
        Places of what is to be summed.

    Returns
    -------
    products, plain
        Each product as the places of its factors and the index of the sum that it belongs to; each other term as its
        place and that index.
    """
    products: list[tuple[int, int, int]] = []
    plain: list[tuple[int, int]] = []
    if not summed:
        return products, plain
    names, operands, starts, codes = tape.names, tape.operands, tape.starts, tape.codes
    sums = {names.index(op): op for op in ("add", "mul", "dot") if op in names}
    uses = uses_of(tape, tape.needed_for([*stored, *summed]))
    for place in (*stored, *summed):
        uses[place] += 1
    for index, root in enumerate(summed):
        left = [root]
        while left:
            place = left.pop()
            op = sums.get(codes[place])
            own = operands[starts[place] : starts[place + 1]]
            if op is None or uses[place] > 1:
                plain.append((place, index))
            elif op == "add":
                left += own
            elif op == "mul":
                products.append((own[0], own[1], index))
            elif tape.numbers.get(own[0]) == 0.0:
                products += [(x, a, index) for x, a in zip(own[1::2], own[2::2], strict=True)]
            else:
                plain.append((place, index))
    return products, plain


def uses_of(tape: Tape, needed: array[int]) -> Any:
    """
    Count how often each result is an operand.

    Parameters
    ----------
    tape
        The instructions.
    needed
        Places of those that count.

    Returns
    -------
    numpy.ndarray
        A count for each place of the tape.
    """
    np = numpy()
    sources = [code for code, name in enumerate(tape.names) if name in SOURCES]
    places = np.array(needed, dtype=np.int64)
    places = places[~np.isin(np.array(tape.codes)[places], sources)]
    starts = np.array(tape.starts)
    lengths = starts[places + 1] - starts[places]
    before = np.cumsum(lengths) - lengths
    which = np.repeat(starts[places] - before, lengths) + np.arange(lengths.sum())
    return np.bincount(np.array(tape.operands, dtype=np.int64)[which], minlength=len(tape))


def outers_of(products: Sequence[tuple[int, int, int]]) -> list[Outer]:
    """
    Put products together whose factors are the same.

    Parameters
    ----------
    products
        As `terms_of` gives them.

    Returns
    -------
    list of Outer
    """
    rows: dict[int, list[tuple[int, int]]] = {}
    for x, a, index in products:
        rows.setdefault(a, []).append((x, index))
    by_xs: dict[tuple[int, ...], Outer] = {}
    for a, row in rows.items():
        xs = tuple(x for x, _ in row)
        found = by_xs.get(xs) or Outer((), xs, [])
        targets = [*found.targets, tuple(index for _, index in row)]
        by_xs[xs] = Outer((*found.a, a), xs, targets)
    return list(by_xs.values())
