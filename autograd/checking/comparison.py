"""`gradcheck`: the gradient of a function beside differences of its values."""

from __future__ import annotations

import math
from functools import cached_property
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

from autograd.checking.complex_step import ComplexStep
from autograd.checking.culprits import Audit, Culprit, audit, find_kink, name_of, with_origins
from autograd.checking.differences import SCHEMES, Line, power_of_two_below
from autograd.checking.point import Direction, Point
from autograd.checking.report import Report, Row
from autograd.checking.rounding import UNIT, Rounding, rounding
from autograd.checking.verdicts import (
    INCONCLUSIVE,
    KINK,
    NOISE,
    RIGHT,
    UNRESOLVED,
    UNSETTLED,
    WRONG,
    Judgement,
    judge,
    judge_exact,
)
from autograd.engine import Value, topological_order
from autograd.errors import ARITHMETIC_ERRORS, ArgumentError, GradientError, OperandError
from autograd.functional import gradients

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_COMPLEX = "complex"
_METHODS = (*SCHEMES, _COMPLEX)

#: With more derivatives than this, random directions take the place of each input by itself.
_MANY = 200
_DIRECTIONS = 16


def gradcheck(
    f: Callable[..., Any],
    inputs: Sequence[Any],
    method: str = "richardson",
    order: int = 1,
    *,
    directions: int | None = None,
    seed: int = 0,
    resolution: float = 1e-5,
    raise_exception: bool = True,
) -> Report:
    """
    Compare the gradient of a function with differences of its values, input by input.

    Tolerances are not set but estimated: how much the differences leave out, from differences with other steps, and
    what rounding does to them, from the recorded graph. A derivative is *right* if it agrees within an estimated error
    that is small enough, *wrong* if it does not agree and looking closer confirms it, and *inconclusive* if differences
    cannot tell: a kink is in reach, or rounding hides the input, as in ``1e20 + x``.

    Parameters
    ----------
    f
        The function; it is called as ``f(*inputs)`` and returns a Value. If it takes no arguments, it is called
        without: `inputs` are then Values that it uses, as in ``gradcheck(lambda: loss(model), model.parameters())``.
    inputs
        Numbers, Values, and lists of them. Values are changed in place through ``data``, so that models that use them
        see it; afterwards their ``data`` and ``grad`` are as before, whatever happens.
    method
        ``"richardson"``: central differences extrapolated to a step of zero, with an error estimate and a step that
        suits each input; ``"forward"``, ``"central"``, ``"central4"``: plain differences of first, second and fourth
        order, their step chosen in the same way; ``"complex"``: a step into the complex plane, if every operation in
        the graph has a complex form.
    order
        Of the derivatives: 2 also checks the derivatives of the gradient, 3 those of the second derivatives, ...
    directions
        Check along so many random directions, rather than each input by itself; 0 is each input, however many there
        are. By default 16, if there would be more than 200 derivatives.
    seed
        Of the random directions.
    resolution
        The relative error of a derivative that must not go unseen.
    raise_exception
        Whether a wrong derivative raises; otherwise the report tells.

    Returns
    -------
    Report
        True unless a derivative is wrong; ``all_right`` asks for more: that none is inconclusive. It prints as a table.

    Raises
    ------
    GradientError
        A derivative is wrong (it is an AssertionError too). The message names the worst one and, found by going through
        the graph node by node, the operation whose local derivative is wrong; ``report`` has all of it.
    TypeError, ValueError
        An argument cannot be used, or an operation has no complex form.

    References
    ----------
    Ridders, Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4 (1982). Press et al.,
    Numerical Recipes, section 5.7. Squire and Trapp, Using complex variables to estimate derivatives of real functions,
    SIAM Review 40 (1998).

    Examples
    --------
    >>> from autograd import tanh
    >>> report = gradcheck(lambda x, w: tanh(w[0] * x + w[1]), [0.5, [2.0, -1.0]])
    >>> report.ok, [(row.input, row.verdict) for row in report.rows]
    (True, [('x', 'right'), ('w[0]', 'right'), ('w[1]', 'right')])
    >>> gradcheck(lambda x: 1e20 + x, [1.0]).rows[0].verdict
    'inconclusive'
    """
    _check_options(f, method, order, directions, resolution)
    point = Point(f, inputs)
    along = point.axes()
    if directions is None:
        directions = _DIRECTIONS if len(along) ** order > _MANY else 0
    how = f"method {method}" + (f", orders 1 to {order}" if order > 1 else "")
    if directions:
        how += f"; {len(along)} inputs, along {directions} random directions (seed {seed}), not one by one"
        along = point.random_directions(directions, seed)
    report = Report([], how, [], "")
    with point.restored():
        for level in range(1, order + 1):
            components = _components(point, along, level, resolution, each=not directions)
            checked = [(component, row) for component in components for row in component.rows(method)]
            report.rows += [row for _, row in checked]
            worst = report.worst
            if worst is not None:
                guilty = next(component for component, row in checked if row is worst)
                report.culprits, report.explanation = guilty.explain()
                break
    if raise_exception and report.worst:
        raise GradientError(_message(report.worst, report), report)
    return report


def _check_options(f: Any, method: Any, order: Any, directions: Any, resolution: Any) -> None:
    if not callable(f):
        msg = f"gradcheck: f must be a function, not {type(f).__name__} {f!r}"
        raise OperandError(msg)
    if method not in _METHODS:
        msg = f"gradcheck: method must be one of {', '.join(_METHODS)}, not {method!r}"
        raise ArgumentError(msg)
    for name, given, least in (("order", order, 1), ("directions", 0 if directions is None else directions, 0)):
        if not isinstance(given, int) or isinstance(given, bool):
            msg = f"gradcheck: {name} must be an integer, not {type(given).__name__} {given!r}"
            raise OperandError(msg)
        if given < least:
            msg = f"gradcheck: {name} must be at least {least}, not {given}"
            raise ArgumentError(msg)
    if not isinstance(resolution, float) or not 1e-12 <= resolution <= 0.1:
        msg = f"gradcheck: resolution must be a float from 1e-12 to 0.1, not {resolution!r}"
        raise ArgumentError(msg)


def _message(worst: Row, report: Report) -> str:
    wrong = report.counts[WRONG]
    more = f" (the worst of {wrong} wrong ones)" if wrong > 1 else ""
    return (
        f"the derivative by {worst.input} is {worst.analytic:.10g}, differences give {worst.numeric:.10g} "
        f"with an estimated error of {worst.error:.1e}{more}\n{report!r}"
    )


# ---------------------------------------------------------------------- what is checked


def _components(
    point: Point, along: Sequence[Direction], level: int, resolution: float, *, each: bool
) -> list[_Component]:
    """List the derivatives of one order less, which are to be differentiated: the function itself for order one."""
    places = range(len(along))
    chosen = combinations_with_replacement(places, level - 1) if each else [(i,) * (level - 1) for i in places]
    wanted = list(dict.fromkeys(chosen))

    def compute() -> list[Value]:
        derivatives: dict[tuple[int, ...], Value] = {(): point.root()}
        leaves = list(point.base)
        for path in wanted:
            for length in range(1, level):
                if path[:length] not in derivatives:
                    slopes = gradients(derivatives[path[: length - 1]], leaves)
                    for place in places:
                        derivatives[*path[: length - 1], place] = _along(along[place], dict(zip(leaves, slopes)))
        return [derivatives[path] for path in wanted]

    def shared(direction: Direction) -> Callable[[float], list[float]]:
        """One evaluation serves all components."""
        known: dict[float, list[float]] = {}

        def values(x: float) -> list[float]:
            if x not in known:
                known[x] = [node.data for node in point.evaluate(direction, x, compute)]
            return known[x]

        return values

    functions = [shared(direction) for direction in along]
    roots = compute()
    components = []
    for index, (path, root) in enumerate(zip(wanted, roots, strict=True)):
        name = "".join(f"{along[place].name}, " for place in path)
        partners = [*places] if each or level == 1 else [(path[-1] + 1) % len(along)]
        checked = [(along[place], functions[place]) for place in partners]
        components.append(_Component(point, name, index, root, compute, checked, resolution, level))
    return components


def _along(direction: Direction, slopes: dict[Value, Value]) -> Value:
    """Make the derivative along a direction."""
    terms = [slopes[leaf] if rate == 1.0 else rate * slopes[leaf] for leaf, rate in direction.rates.items()]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


class _Component:
    """The function, or one of its derivatives, whose own derivatives are to be checked."""

    def __init__(
        self,
        point: Point,
        name: str,
        index: int,
        root: Value,
        compute: Callable[[], list[Value]],
        along: list[tuple[Direction, Callable[[float], list[float]]]],
        resolution: float,
        level: int,
    ) -> None:
        self.point = point
        self.name = name
        self.index = index
        self.root = root
        self.compute = compute
        self.along = along
        self.resolution = resolution
        self.level = level
        self.limits = rounding(root)
        self.slopes = self._slopes()

    def _slopes(self) -> dict[Value, float]:
        """Differentiate by every input: as `backward` does, or for higher orders as `gradients` does."""
        leaves = list(self.point.base)
        if self.level > 1:
            return {leaf: slope.data for leaf, slope in zip(leaves, gradients(self.root, leaves), strict=True)}
        nodes = list(dict.fromkeys([*topological_order(self.root), *leaves]))
        before = [node.grad for node in nodes]
        try:
            for node in nodes:
                node.grad = 0.0
            self.root.backward()
            return {leaf: leaf.grad for leaf in leaves}
        finally:
            for node, grad in zip(nodes, before, strict=True):
                node.grad = grad

    def rows(self, method: str) -> Iterator[Row]:
        """
        Check the derivatives of this component.

        Parameters
        ----------
        method
            Of taking differences.

        Yields
        ------
        Row
        """
        step = ComplexStep(self.root) if method == _COMPLEX else None
        for direction, values in self.along:
            analytic = math.fsum(rate * self.slopes[leaf] for leaf, rate in direction.rates.items())
            slack = sum(abs(rate) * self.limits.slack.get(leaf, 0.0) for leaf, rate in direction.rates.items())
            slack = slack if math.isfinite(slack) else 0.0
            line = self._line(direction, values)
            if step is not None:
                judgement = _judge_complex(step, direction, line, analytic, slack, self.resolution)
            else:
                judgement = judge(line, analytic, slack, SCHEMES[method], self.resolution)
            verdict, note = self._settle(judgement, direction, line, analytic, is_zero=abs(analytic) <= slack)
            yield Row(self.name + direction.name, analytic, judgement.numeric, judgement.error, verdict, note)

    def _line(self, direction: Direction, values: Callable[[float], list[float]]) -> Line:
        def function(x: float) -> float:
            found = values(x)
            return found[self.index] if found else math.nan

        def noise(offset: float) -> float:
            if not offset:
                return self._noise(direction, self.limits)
            nodes = self.point.evaluate(direction, direction.at + offset, self.compute)
            return self._noise(direction, rounding(nodes[self.index])) if nodes else 0.0

        reach = max(abs(direction.at), 1.0) / 8
        return Line(function, direction.at, direction.width, noise, reach, lambda: self.compute()[self.index].data)

    def _noise(self, direction: Direction, limits: Rounding) -> float:
        """Add to a function's rounding error that of the inputs: moved along a random direction they are rounded."""
        if direction.is_axis:
            return limits.value
        terms = (abs(limits.adjoints.get(leaf, 0.0) * leaf.data) for leaf in direction.rates)
        return limits.value + UNIT * sum(term for term in terms if math.isfinite(term))

    def _settle(
        self, judgement: Judgement, direction: Direction, line: Line, analytic: float, *, is_zero: bool
    ) -> tuple[str, str]:
        """Look into the graph where differences of the whole were not enough."""
        if not math.isfinite(analytic) and not self._audit.culprits:
            for node in topological_order(self.root, live=True):
                if not all(map(math.isfinite, node.local_grads)):
                    return INCONCLUSIVE, f"infinite or undefined: {name_of(node)} has no finite local derivative"
        if judgement.verdict != INCONCLUSIVE:
            return judgement.verdict, judgement.reason
        if judgement.reason == UNRESOLVED:
            return self._settle_unresolved(judgement, direction, is_zero=is_zero)
        if judgement.reason in (KINK, NOISE, UNSETTLED):
            size = max(abs(analytic), abs(judgement.numeric), judgement.secant)
            finest = max(power_of_two_below(1e4 * line.noise_here / size), line.finest) if size else line.finest

            def order_at(offset: float) -> list[Value]:
                nodes = self.point.evaluate(direction, direction.at + offset, self.compute)
                return topological_order(nodes[self.index]) if nodes else []

            return INCONCLUSIVE, find_kink(order_at, line.reach, finest) or judgement.reason
        return INCONCLUSIVE, judgement.reason

    def _settle_unresolved(self, judgement: Judgement, direction: Direction, *, is_zero: bool) -> tuple[str, str]:
        largest = max(abs(slope) for slope in self.slopes.values())
        if is_zero and judgement.error <= 0.01 * self.resolution * largest:
            return RIGHT, "zero"
        for culprit in self._audit.culprits:
            if culprit.impact and self._depends(culprit.node.operands[culprit.argument], direction):
                return WRONG, f"rounding hides it in f, but {culprit.op} by itself has a wrong local derivative"
        hidden = (node for node, reason in self._audit.untold.items() if reason in (UNRESOLVED, NOISE))
        untold = [node for node in hidden if self._depends(node, direction)]
        if judgement.error <= 1e-3 * self.resolution * judgement.secant or (is_zero and not untold):
            return RIGHT, "zero, or next to it"
        by_itself = f"nor by itself that of {name_of(untold[0])}" if untold else "each operation by itself is right"
        return INCONCLUSIVE, f"{judgement.reason}; {by_itself}"

    @staticmethod
    def _depends(node: Value | float, direction: Direction) -> bool:
        reached = topological_order(node, live=True) if isinstance(node, Value) else []
        return any(leaf in direction.rates for leaf in reached)

    # ------------------------------------------------------------------ which operation

    @cached_property
    def _again(self) -> tuple[Value, dict[Value, str]]:
        """The graph once more, with the lines that made it."""
        nodes, origins = with_origins(self.compute)
        return nodes[self.index], origins

    @cached_property
    def _audit(self) -> Audit:
        root, origins = self._again
        return audit(root, self.resolution, origins)

    def explain(self) -> tuple[list[Culprit], str]:
        """
        Say why a derivative is wrong.

        Returns
        -------
        culprits
            The wrong local derivatives.
        str
            The worst of them in words, or what else may be the cause.
        """
        culprits, untold = self._audit
        if culprits:
            more = len(culprits) - 1
            others = f"; {more} more local derivative{'s are' if more > 1 else ' is'} wrong" if more else ""
            return culprits, f"the operation at fault: {culprits[0]}{others}"
        root, origins = self._again
        inputs = set(self.point.base)
        for node in topological_order(root):
            if node.op and node not in origins and not inputs.isdisjoint(node.parents):
                return [], (
                    f"f uses {name_of(node)}, which was computed from an input before f was called: differences cannot "
                    "see it, compute it inside f"
                )
        if untold:
            names = ", ".join(name_of(node) for node in [*untold][:3]) + (", ..." if len(untold) > 3 else "")
            return [], f"the operation at fault may be one whose local derivatives differences cannot tell of: {names}"
        return [], (
            "every operation in the graph is right by itself: what f computes is not all in the graph (a number taken "
            "out with .data or detach(), say)"
        )


def _judge_complex(
    step: ComplexStep, direction: Direction, line: Line, analytic: float, slack: float, resolution: float
) -> Judgement:
    """Compare a derivative with the complex step's, whose error shows when the inputs change by some last places."""
    try:
        numeric = step.slope(direction.rates)
        around = [step.slope(direction.rates, shift) for shift in (-4 * UNIT, 4 * UNIT)]
    except ArgumentError:
        raise
    except ARITHMETIC_ERRORS:
        numeric, around = math.nan, []
    error = slack + 4 * UNIT * abs(numeric) + 2 * max((abs(other - numeric) for other in around), default=0.0)
    return judge_exact(line, analytic, numeric, error, resolution)
