"""How steps are said: the texts of the table, filled with names and numbers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.engine import Value
from autograd.ops import TABLE
from autograd.rules import data_of, group, parameters
from autograd.rules.parameters import owner
from autograd.rules.patterns import LONGEST, RESULT, call_pattern, known_rule, rule_pattern, value_pattern
from autograd.rules.printing import name_as_latex
from autograd.stepping.naming import as_operand
from autograd.stepping.step import Quantity, Sentence, Step, short

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from autograd.rules.patterns import Pattern
    from autograd.stepping.passes import Passes, Share

_GRAD = r"\mathtt{.grad}"
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class _Term(NamedTuple):
    """A share in names: ``∂d/∂a``, the rule that it is (``b``), and both typeset; whether the rule holds here."""

    partial: str
    rule: str
    latex_partial: str
    latex_rule: str
    holds: bool

    @property
    def says_more(self) -> bool:
        """Whether the rule tells more than the number that it gives."""
        return self.holds and not _is_number(self.rule)


class Wording:
    """
    Says the steps of a graph.

    Parameters
    ----------
    passes
        The numbers.
    names
        A name for each node.
    """

    def __init__(self, passes: Passes, names: Mapping[Value, str]) -> None:
        self._passes = passes
        self._names = names
        self._repeated: tuple[int, Counter[Value]] = (-1, Counter())

    # ------------------------------------------------------------------ the forward pass

    def forward(self, place: int) -> Step:
        """Say how a node is computed."""
        node = self._passes.order[place]
        op, operands = TABLE[node.op], node.operands
        last = parameters(op)[-1]
        # an operand that was not given stands as the default that means nothing
        without_last = last.default == "None" and not isinstance(operands[-1], Value) and operands[-1] == 0.0
        pattern = call_pattern(op, len(operands), without_last=without_last)
        symbols, latex, sentence = self._computed(place, pattern)
        edges = tuple((place, argument) for argument, operand in enumerate(operands) if isinstance(operand, Value))
        return Step(
            "forward", node, None, None, 0.0, self._passes.data[place], edges, symbols, latex, "", sentence,
            source=_source_of(node),
        )  # fmt: skip

    def opened(self, place: int) -> Sentence:
        """Say how a node is computed, with the operation written out."""
        node = self._passes.order[place]
        return self._computed(place, value_pattern(TABLE[node.op], len(node.operands)))[2]

    def _computed(self, place: int, pattern: Pattern) -> tuple[str, str, Sentence]:
        node = self._passes.order[place]
        operands = node.operands
        numbers = [self._number(operand) for operand in operands]
        name = self._names[node]
        symbols = f"{name} = {pattern.fill(pattern.source, self._fillings(pattern, node, self._symbol))}"
        latex = f"{name_as_latex(name)} = {pattern.fill(pattern.latex, self._fillings(pattern, node, self._latex))}"
        slots = pattern.slots
        quantities = (
            *(Quantity("operand", place, pattern.operands[slot], tight=slot in pattern.tight) for slot in slots),
            Quantity("data", place),
        )
        written = pattern.fill(_escaped(pattern.source), ["{}"] * len(pattern.operands))
        line = f"{_escaped(symbols)} = {written} = {{}}"
        return (
            symbols,
            latex,
            Sentence(
                line, quantities, (*(numbers[pattern.operands[slot]] for slot in slots), self._passes.data[place])
            ),
        )

    # ------------------------------------------------------------------ the backward pass

    def contribution(self, which: int) -> Step:
        """Say what a node hands to one of its operands."""
        share = self._passes.shares[which]
        node, parent = self._passes.order[share.node], self._passes.order[share.parent]
        term = self._term(share)
        name, child = self._names[parent], self._names[node]
        symbols = f"{name}.grad += {term.partial} · {child}.grad"
        tex_child = name_as_latex(child) + _GRAD
        latex = rf"{name_as_latex(name)}{_GRAD} \mathrel{{+}}= {term.latex_partial} \cdot {tex_child}"
        if term.says_more:
            symbols += f" = {_factor(term.rule)} · {child}.grad"
            latex += rf" = {_latex_factor(term)} \cdot {tex_child}"
        note = "" if term.holds else f"   ({TABLE[node.op].kink})"
        sentence = Sentence(
            f"{_escaped(symbols)} = {{}} · {{}} → {{}}{_escaped(note)}",
            (*_factors(share), Quantity("after", share.parent)),
            (share.slope, self._passes.grads[share.node], share.after),
        )
        received = self._passes.received[share.parent]
        return Step(
            "backward", node, parent, share.argument, share.before, share.after, ((share.node, share.argument),),
            symbols, latex, term.rule, sentence, note, self._sum(share.parent) if which == received[-1] else None,
            _source_of(node),
        )  # fmt: skip

    def collected(self, place: int) -> Step:
        """Say the gradient of a node as one sum over all that use it."""
        node, name = self._passes.order[place], self._names[self._passes.order[place]]
        received = [self._passes.shares[which] for which in self._passes.received[place]]
        shown = _some(received)
        terms = [self._term(share) if share else None for share in shown]
        children = [self._names[self._passes.order[share.node]] if share else "" for share in shown]
        sums = [[f"{term.partial} · {child}.grad" if term else "..." for term, child in zip(terms, children)]]
        tex = [[
            rf"{term.latex_partial} \cdot {name_as_latex(child)}{_GRAD}" if term else r"\dots"
            for term, child in zip(terms, children)
        ]]  # fmt: skip
        if all(term is None or term.holds for term in terms) and any(term and term.says_more for term in terms):
            sums.append([f"{_factor(t.rule)} · {child}.grad" if t else "..." for t, child in zip(terms, children)])
            tex.append([
                rf"{_latex_factor(t)} \cdot {name_as_latex(child)}{_GRAD}" if t else r"\dots"
                for t, child in zip(terms, children)
            ])  # fmt: skip
        symbols = " = ".join([f"{name}.grad", *map(" + ".join, sums)])
        kinks = {TABLE[self._passes.order[share.node].op].kink: None for share, term in zip(shown, terms)
                 if share and term and not term.holds}  # fmt: skip
        note = "".join(f"   ({kink})" for kink in kinks)
        after = self._passes.grads[place]
        sentence = Sentence(
            f"{_escaped(symbols)} = {' + '.join('{} · {}' if share else '...' for share in shown)} = {{}}"
            + _escaped(note),
            (
                *(q for first, share in enumerate(shown) if share for q in _factors(share, first=not first)),
                Quantity("after", place),
            ),
            (*(x for share in shown if share for x in (share.slope, self._passes.grads[share.node])), after),
        )
        return Step(
            "backward", node, node, None, 0.0, after, tuple((share.node, share.argument) for share in received),
            symbols, " = ".join([name_as_latex(name) + _GRAD, *map(" + ".join, tex)]),
            " + ".join(term.rule if term else "..." for term in terms), sentence, note, self._sum(place),
            _source_of(node),
        )  # fmt: skip

    def _term(self, share: Share) -> _Term:
        node, parent = self._passes.order[share.node], self._passes.order[share.parent]
        op = TABLE[node.op]
        pattern = rule_pattern(op, len(node.operands), share.argument)
        child, name = self._names[node], self._names[parent]
        if self._repeated[0] != share.node:
            self._repeated = share.node, Counter(node.parents)
        again = self._repeated[1][parent] > 1
        which = f" (as operand {share.argument + 1})" if again else ""
        below = rf"\partial {name_as_latex(name)}" + (rf"_{{\text{{{share.argument + 1}}}}}" if again else "")
        return _Term(
            f"∂{child}/∂{name}{which}",
            pattern.fill(pattern.source, self._fillings(pattern, node, self._symbol)),
            rf"\frac{{\partial {name_as_latex(child)}}}{{{below}}}",
            pattern.fill(pattern.latex, self._fillings(pattern, node, self._latex)),
            self._holds(share),
        )

    def _sum(self, place: int) -> Sentence:
        """Say a node's gradient as the sum of the shares that have arrived."""
        shares = [self._passes.shares[which] for which in self._passes.received[place]]
        shown = _some(shares)
        count = _WORDS[len(shares)] if len(shares) < len(_WORDS) else f"{len(shares):,}"
        ways = ", ".join(f"through {self._way(share)}" if share else "..." for share in shown)
        noun = "path" if len(shares) == 1 else "paths"
        name = self._names[self._passes.order[place]]
        terms = " + ".join("{}" if share else "..." for share in shown)
        line = f"{_escaped(name)}.grad = {terms} = {{}} ({count} {noun}: {_escaped(ways)})"
        if len(shares) == 1:
            line = f"{_escaped(name)}.grad = {{}} (one path: {_escaped(ways)})"
            return Sentence(line, (Quantity("adjoint", place),), (self._passes.grads[place],))
        quantities = (
            Quantity("share", share.node, share.argument, tight=which > 0) for which, share in enumerate(shown) if share
        )
        numbers = (share.slope * self._passes.grads[share.node] for share in shown if share)
        return Sentence(line, (*quantities, Quantity("adjoint", place)), (*numbers, self._passes.grads[place]))

    def _way(self, share: Share) -> str:
        node, parent = self._passes.order[share.node], self._passes.order[share.parent]
        again = sum(operand is parent for operand in node.operands) > 1
        return self._names[node] + (f" (as operand {share.argument + 1})" if again else "")

    def _holds(self, share: Share) -> bool:
        """Tell whether the rule that people know gives the local derivative here; at a kink a convention does."""
        node = self._passes.order[share.node]
        op = TABLE[node.op]
        if not op.kink:
            return True
        numbers = [self._number(operand) for operand in node.operands]
        place, member = owner(op, len(numbers), share.argument)
        given: dict[str, Any] = {"out": self._passes.data[share.node]}
        for parameter, part in zip(parameters(op), group(op, numbers), strict=True):
            given[parameter.name] = part
            if parameter.kind != "scalar":
                given[parameter.element] = part[member or 0]
        known = known_rule(op, place)(**given)
        slope = share.slope
        return known == slope or abs(known - slope) <= 1e-9 * abs(slope) or (known != known and slope != slope)  # noqa: PLR0124

    # ------------------------------------------------------------------ operands

    def _number(self, operand: Value | float) -> float:
        return self._passes.data[self._passes.place[operand]] if isinstance(operand, Value) else operand

    def _fillings(self, pattern: Pattern, node: Value, say: Callable[[Value | float, bool], str]) -> list[str]:
        operands = node.operands
        return [
            say(node if operand == RESULT else operands[operand], slot in pattern.tight)
            for slot, operand in enumerate(pattern.operands)
        ]

    def _symbol(self, operand: Value | float, tight: bool) -> str:  # noqa: FBT001 - called by position
        if isinstance(operand, Value):
            return as_operand(self._names[operand])
        return Quantity("operand", 0, 0, tight).written(operand)

    def _latex(self, operand: Value | float, tight: bool) -> str:  # noqa: FBT001 - called by position
        if isinstance(operand, Value):
            return name_as_latex(self._names[operand])
        return Quantity("operand", 0, 0, tight).written(data_of(operand)).replace("inf", r"\infty")


def _factors(share: Share, *, first: bool = True) -> tuple[Quantity, Quantity]:
    return (
        Quantity("slope", share.node, share.argument, tight=not first),
        Quantity("adjoint", share.node, tight=True),
    )


def _some(items: Sequence[Any]) -> list[Any]:
    """Give all, or of many the first ones, None for those left out, and the last one."""
    return list(items) if len(items) <= LONGEST else [*items[:3], None, items[-1]]


def _factor(rule: str) -> str:
    """Write a rule as the first factor of a product."""
    return short(float(rule)) if _is_number(rule) else f"({rule})" if " " in rule else rule


def _latex_factor(term: _Term) -> str:
    return rf"\left({term.latex_rule}\right)" if any(sign in term.rule for sign in (" + ", " - ")) else term.latex_rule


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _source_of(node: Value) -> Any:
    return getattr(node, "source", None)
