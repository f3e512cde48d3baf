"""
Finds layers on a tape: sums of products that share factors, and products that are summed over the examples.

Of a network that was recorded neuron by neuron these are the matrix products that it is made of. Forward, the neurons
of a layer are sums of products with the same inputs; backward, the adjoints of its inputs are sums of products with the
same adjoints; and the gradient of its weights is each input times each adjoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.program.arrays import numpy
from autograd.program.dense import TILE
from autograd.program.tape import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from autograd.program.tape import Tape


#: Instructions whose result is the same for all examples.
UNIFORM = ("param", "constant")

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

    def tiled_weights(self, start: int, size: int) -> list[int]:
        """
        Order the weights of some sums, a tile, as the interpreter reads them: their starts, then each weight.

        Parameters
        ----------
        start, size
            Of the tile.

        Returns
        -------
        list of int
            Places; -1 for -0.0, which changes nothing, where a sum starts from nothing, or the tile has more than there
            are sums.
        """
        tile, missing = slice(start, start + size), [-1] * (start + size - len(self.dots))
        rows = [self.starts[tile], *zip(*self.weights[tile], strict=True)]
        return [weight for row in rows for weight in (*row, *missing)]

    def column(self, columns: Mapping[int, int], lanes: int) -> int | None:
        """
        Tell where in the row of an example the x begin, if the interpreter can read them there.

        Parameters
        ----------
        columns
            Of the places of inputs.
        lanes
            How many numbers a vector has.

        Returns
        -------
        int or None
            None if it cannot, or if it would not pay: there is no whole vector of inputs, or of sums, or a vector has
            two numbers.
        """
        first = columns.get(self.xs[0])
        follow = first is not None and [columns.get(x) for x in self.xs] == [*range(first, first + len(self.xs))]
        return first if follow and min(len(self.xs), len(self.dots)) >= lanes > 2 else None


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

    def part(self, rows: slice, columns: slice) -> Outer:
        """
        Take some of the products.

        Parameters
        ----------
        rows, columns
            Which a, and which x.

        Returns
        -------
        Outer
        """
        return Outer(self.a[rows], self.x[columns], [row[columns] for row in self.targets[rows]])

    def tiled_targets(self, height: int, width: int) -> list[int]:
        """
        Order the targets as the interpreter does: tile by tile.

        Parameters
        ----------
        height, width
            Of a tile.

        Returns
        -------
        list of int
        """
        return [
            target
            for i in range(0, len(self.a), height)
            for j in range(0, len(self.x), width)
            for row in self.targets[i : i + height]
            for target in row[j : j + width]
        ]


class RowOuter(NamedTuple):
    """
    Such products with inputs that stand side by side in the row of an example.

    Parameters
    ----------
    a
        Places of the other numbers.
    column
        Of the first input.
    length
        How many inputs there are.
    targets
        For each a which total the product with the first input belongs to; those with the others follow.
    """

    a: tuple[int, ...]
    column: int
    length: int
    targets: list[int]

    @property
    def operands(self) -> tuple[int, ...]:
        """All places that are read from registers."""
        return self.a


def tiles(count: int, size: int = TILE) -> list[tuple[int, slice]]:
    """
    Cut numbers into tiles.

    Parameters
    ----------
    count
        Of the numbers.
    size
        Of a tile.

    Returns
    -------
    list of (int, slice)
        The size of a tile, and which numbers are in such; first those of whole tiles, then the rest.

    Examples
    --------
    >>> tiles(10), tiles(3)
    ([(4, slice(0, 8, None)), (2, slice(8, 10, None))], [(3, slice(0, 3, None))])
    """
    whole = count // size * size
    cut = [(size, slice(0, whole)), (count - whole, slice(whole, count))]
    return [(own, part) for own, part in cut if part.start < part.stop]


def layers_of(
    tape: Tape, stored: Sequence[int], products: Sequence[tuple[int, int, int]], plain: Sequence[tuple[int, int]]
) -> tuple[Sequence[int], Sequence[int], dict[int, Layer]]:
    """
    Find layers.

    Parameters
    ----------
    tape
        The instructions.
    stored
        Places of what is wanted for each example.
    products, plain
        What is to be summed over the examples, as `terms_of` gives it.

    Returns
    -------
    needed
        Places of what is computed for each example.
    uses
        How often each place of the tape is an operand.
    layers
        By the place of a sum the layer that it belongs to.
    """
    multiplied = [factor for term in products for factor in term[:2]]
    needed = tape.needed_for([*stored, *(place for place, _ in plain), *multiplied])
    uses = uses_of(tape, needed)
    uniform = {code for code, name in enumerate(tape.names) if name in UNIFORM}
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
        if len(xs) == 1 and uses[xs[0]] < TILE:
            continue
        layer = by_xs.setdefault(xs, Layer(xs, [], [], []))
        layer.dots.append(place)
        layer.starts.append(start)
        layer.weights.append(weights)
    worth_it = [layer for layer in by_xs.values() if len(layer.xs) > 1 or len(layer.dots) >= TILE]
    return needed, uses, {place: layer for layer in worth_it for place in layer.dots}


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


def with_ones(
    products: Sequence[tuple[int, int, int]], plain: Sequence[tuple[int, int]], one: int
) -> tuple[list[tuple[int, int, int]], list[tuple[int, int]]]:
    """
    Make a product with 1.0 of what is in other products, too: the gradient of a bias, beside those of its weights.

    Parameters
    ----------
    products, plain
        As `terms_of` gives them.
    one
        The place of 1.0.

    Returns
    -------
    products, plain
    """
    factors = {a for _, a, _ in products}
    more = [(one, place, index) for place, index in plain if place in factors]
    return [*products, *more], [each for each in plain if each[0] not in factors]


def uses_of(tape: Tape, needed: Sequence[int]) -> Any:
    """
    Count how often each result is an operand.

    Parameters
    ----------
    tape
        The instructions.
    needed
        Places of those that count, in order.

    Returns
    -------
    numpy.ndarray
        A count for each place of the tape, to the last of these.
    """
    np = numpy()
    count = needed[-1] + 1 if needed else 0
    codes, starts, operands = map(np.asarray, tape.copied(count))
    reads = np.zeros(count, dtype=bool)
    reads[np.asarray(needed, dtype=np.int32)] = True
    reads &= ~np.isin(codes, [code for code, name in enumerate(tape.names) if name in SOURCES])
    return np.bincount(operands[np.repeat(reads, np.diff(starts))], minlength=count)


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


def with_rows(outers: Sequence[Outer], columns: Mapping[int, int], lanes: int) -> list[Outer | RowOuter]:
    """
    Take from such products those with whole vectors of inputs whose sums follow each other, too.

    Parameters
    ----------
    outers
        The products.
    columns
        Of the places of inputs.
    lanes
        How many numbers a vector has.

    Returns
    -------
    list of Outer and RowOuter
    """
    found: list[Outer | RowOuter] = []
    for outer in outers:
        where = {columns[x]: i for i, x in enumerate(outer.x) if x in columns}
        left = {*range(len(outer.x))}
        for run in runs_of(where):
            places = [where[column] for column in run[: len(run) // lanes * lanes]]
            if places and all(_follow_each_other([row[i] for i in places]) for row in outer.targets):
                found.append(RowOuter(outer.a, run[0], len(places), [row[places[0]] for row in outer.targets]))
                left -= {*places}
        if left:
            targets = [tuple(row[i] for i in sorted(left)) for row in outer.targets]
            found.append(Outer(outer.a, tuple(outer.x[i] for i in sorted(left)), targets))
    return found


def _follow_each_other(numbers: Sequence[int]) -> bool:
    return [*numbers] == [*range(numbers[0], numbers[0] + len(numbers))]


def runs_of(numbers: Iterable[int]) -> list[list[int]]:
    """
    Put numbers together that follow each other.

    Parameters
    ----------
    numbers
        Different whole numbers.

    Returns
    -------
    list of list of int

    Examples
    --------
    >>> runs_of([5, 2, 3, 7, 1])
    [[1, 2, 3], [5], [7]]
    """
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs
