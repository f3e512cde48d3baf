"""
Finds layers on a tape: sums of products that share their factors, and products that are summed over the examples.

Of a network that was recorded neuron by neuron these are the matrix products that it is made of. Forward, the neurons of
a layer are sums of products with the same inputs; backward, the adjoints of its inputs are sums of products with the same
adjoints; and the gradient of its weights is each input times each adjoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autograd.program.kernel import TILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.program.tape import Tape


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

    def tiled_weights(self, tape: Tape) -> list[int]:
        """
        Order the weights as the interpreter reads them: for some sums at a time their starts, then each weight.

        Parameters
        ----------
        tape
            Where the places are.

        Returns
        -------
        list of int
            Places; -1 for 0.0, where there are not so many sums, or they start from 0.0.
        """
        ordered: list[int] = []
        for first in range(0, len(self.dots), TILE):
            missing = [-1] * (first + TILE - len(self.dots))
            starts = [-1 if tape.numbers.get(start) == 0.0 else start for start in self.starts[first : first + TILE]]
            ordered += [*starts, *missing]
            for column in zip(*self.weights[first : first + TILE], strict=True):
                ordered += [*column, *missing]
        return ordered


class Layers(NamedTuple):
    """
    The layers of a tape.

    Parameters
    ----------
    member
        By the place of a sum the layer that it belongs to.
    """

    member: dict[int, Layer]


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

    def code(self, register: Sequence[int], unused: int, nowhere: int) -> list[int]:
        """
        Write the operands of the interpreter's instruction.

        Parameters
        ----------
        register
            By place.
        unused
            A register for the rest of a tile.
        nowhere
            A total for it.

        Returns
        -------
        list of int
        """
        rows, columns = -(-len(self.a) // TILE), -(-len(self.x) // TILE)
        words = [rows, columns]
        for places, tiles in ((self.a, rows), (self.x, columns)):
            words += [register[place] for place in places]
            words += [unused] * (tiles * TILE - len(places))
        padded = [[*row, *[nowhere] * (columns * TILE - len(row))] for row in self.targets]
        padded += [[nowhere] * (columns * TILE)] * (rows * TILE - len(padded))
        for i in range(0, rows * TILE, TILE):
            for j in range(0, columns * TILE, TILE):
                for row in padded[i : i + TILE]:
                    words += row[j : j + TILE]
        return words


def layers_of(tape: Tape, needed: Sequence[int], uniform: set[int]) -> Layers:
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
    Layers
    """
    member: dict[int, Layer] = {}
    if "dot" not in tape.names:
        return Layers(member)
    code, codes = tape.names.index("dot"), tape.codes
    by_xs: dict[tuple[int, ...], Layer] = {}
    for place in needed:
        if codes[place] != code:
            continue
        start, *factors = tape.operands[tape.starts[place] : tape.starts[place + 1]]
        if codes[start] not in uniform:
            continue
        pairs = list(zip(factors[::2], factors[1::2], strict=True))
        if all(codes[w] in uniform for w, _ in pairs):
            weights, xs = zip(*pairs, strict=True)
        elif all(codes[w] in uniform for _, w in pairs):
            xs, weights = zip(*pairs, strict=True)
        else:
            continue
        layer = by_xs.setdefault(xs, Layer(xs, [], [], []))
        layer.dots.append(place)
        layer.starts.append(start)
        layer.weights.append(weights)
        member[place] = layer
    return Layers(member)


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
    uses: dict[int, int] = {}
    for place in (*stored, *summed):
        uses[place] = uses.get(place, 0) + 1
    names, operands, starts, codes = tape.names, tape.operands, tape.starts, tape.codes
    sums = {names.index(op): op for op in ("add", "mul", "dot") if op in names}
    candidates = set(summed)
    for place in reversed(tape.needed_for([*stored, *summed])):
        is_sum = codes[place] in sums
        if is_sum and place in candidates:
            candidates.update(operands[starts[place] : starts[place + 1]])
        if names[codes[place]] not in ("constant", "input", "param"):
            for operand in operands[starts[place] : starts[place + 1]]:
                uses[operand] = uses.get(operand, 0) + 1
    for index, root in enumerate(summed):
        left = [root]
        while left:
            place = left.pop()
            op = sums.get(codes[place])
            own = operands[starts[place] : starts[place + 1]] if op else ()
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
