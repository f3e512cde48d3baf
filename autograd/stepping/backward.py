"""How the backward pass is said: what a node hands to one of its operands, and what one of them gets in all."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.ops import TABLE
from autograd.rules import group, parameters
from autograd.rules.parameters import owner
from autograd.rules.patterns import LONGEST, known_rule, rule_pattern
from autograd.rules.printing import name_as_latex
from autograd.stepping.step import Quantity, Sentence, Step, short
from autograd.stepping.wording import escaped, source_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.engine import Value
    from autograd.stepping.passes import Share
    from autograd.stepping.wording import Wording

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class BackwardWording:
    """
    Says the steps of the backward pass.

    Parameters
    ----------
    said
        The names and numbers.
    """

    def __init__(self, said: Wording) -> None:
        self._said = said
        self._passes = said.passes
        self._counted: tuple[int, Counter[Value]] = (-1, Counter())

    def contribution(self, which: int) -> Step:
        """
        Say what a node hands to one of its operands.

        Parameters
        ----------
        which
            Place among the shares of the sweep.

        Returns
        -------
        Step
        """
        share = self._passes.shares[which]
        node, parent = self._passes.order[share.node], self._passes.order[share.parent]
        term = self._term(share)
        name = self._said.names[parent]
        symbols = f"{name}.grad += {term.symbols}" + (f" = {term.rewritten}" if term.says_more else "")
        latex = rf"{_grad(name)} \mathrel{{+}}= {term.latex}" + (f" = {term.latex_rewritten}" if term.says_more else "")
        note = "" if term.holds else f"   ({TABLE[node.op].kink})"
        return Step(
            phase="backward",
            node=node,
            parent=parent,
            argument=share.argument,
            before=share.before,
            after=share.after,
            edges=((share.node, share.argument),),
            symbols=symbols,
            latex=latex,
            rule=term.rule,
            sentence=Sentence(
                f"{escaped(symbols)} = {{}} · {{}} → {{}}{escaped(note)}",
                (*_factors(share), Quantity("after", share.parent)),
                (share.slope, self._passes.grads[share.node], share.after),
            ),
            note=note,
            sum=self._sum(share.parent) if which == self._passes.received[share.parent][-1] else None,
            source=source_of(node),
        )

    def collected(self, place: int) -> Step:
        """
        Say the gradient of a node as one sum over all that use it.

        Parameters
        ----------
        place
            Of the node in the topological order.

        Returns
        -------
        Step
        """
        node, name = self._passes.order[place], self._said.names[self._passes.order[place]]
        received = [self._passes.shares[which] for which in self._passes.received[place]]
        shown = _some(received)
        shares = [share for share in shown if share is not None]
        terms = [None if share is None else self._term(share) for share in shown]
        known = [term for term in terms if term is not None]
        symbols = f"{name}.grad = " + " + ".join(term.symbols if term else "..." for term in terms)
        latex = f"{_grad(name)} = " + " + ".join(term.latex if term else r"\dots" for term in terms)
        if all(term.holds for term in known) and any(term.says_more for term in known):
            symbols += " = " + " + ".join(term.rewritten if term else "..." for term in terms)
            latex += " = " + " + ".join(term.latex_rewritten if term else r"\dots" for term in terms)
        ops = [TABLE[self._passes.order[share.node].op] for share in shares]
        kinks = dict.fromkeys(op.kink for op, term in zip(ops, known) if not term.holds)
        note = "".join(f"   ({kink})" for kink in kinks)
        products = " + ".join("..." if share is None else "{} · {}" for share in shown)
        quantities = [quantity for share in shares for quantity in _factors(share, first=share is shares[0])]
        numbers = [number for share in shares for number in (share.slope, self._passes.grads[share.node])]
        after = self._passes.grads[place]
        return Step(
            phase="backward",
            node=node,
            parent=node,
            argument=None,
            before=0.0,
            after=after,
            edges=tuple((share.node, share.argument) for share in received),
            symbols=symbols,
            latex=latex,
            rule=" + ".join(term.rule if term else "..." for term in terms),
            sentence=Sentence(
                f"{escaped(symbols)} = {products} = {{}}{escaped(note)}",
                (*quantities, Quantity("after", place)),
                (*numbers, after),
            ),
            note=note,
            sum=self._sum(place),
            source=source_of(node),
        )

    def _term(self, share: Share) -> _Term:
        node, parent = self._passes.order[share.node], self._passes.order[share.parent]
        pattern = rule_pattern(TABLE[node.op], len(node.operands), share.argument)
        child, name = self._said.names[node], self._said.names[parent]
        again = self._comes_again(share)
        which = f" (as operand {share.argument + 1})" if again else ""
        tex_name = name_as_latex(name)
        below = rf"\partial {{{tex_name}}}_{{({share.argument + 1})}}" if again else rf"\partial {tex_name}"
        rule, tex_rule = self._said.in_names(pattern, node), self._said.in_latex(pattern, node)
        known_number = _is_number(rule)
        factor = short(float(rule)) if known_number else f"({rule})" if " " in rule else rule
        tex_factor = rf"\left({tex_rule}\right)" if pattern.is_sum else tex_rule
        partial = rf"\frac{{\partial {name_as_latex(child)}}}{{{below}}}"
        holds = self._holds(share)
        return _Term(
            rule=rule,
            symbols=f"∂{child}/∂{name}{which} · {child}.grad",
            rewritten=f"{factor} · {child}.grad",
            latex=rf"{partial} \cdot {_grad(child)}",
            latex_rewritten=rf"{tex_factor} \cdot {_grad(child)}",
            holds=holds,
            says_more=holds and not known_number,
        )

    def _sum(self, place: int) -> Sentence:
        """Say a node's gradient as the sum of the shares that have arrived."""
        name, grad = escaped(self._said.names[self._passes.order[place]]), self._passes.grads[place]
        shares = [self._passes.shares[which] for which in self._passes.received[place]]
        if len(shares) == 1:
            line = f"{name}.grad = {{}} (one path: through {escaped(self._way(shares[0]))})"
            return Sentence(line, (Quantity("adjoint", place),), (grad,))
        shown = _some(shares)
        count = _WORDS[len(shares)] if len(shares) < len(_WORDS) else f"{len(shares):,}"
        ways = ", ".join("..." if share is None else f"through {self._way(share)}" for share in shown)
        terms = " + ".join("..." if share is None else "{}" for share in shown)
        chosen = [share for share in shown if share is not None]
        quantities = (Quantity("share", share.node, share.argument, tight=share is not chosen[0]) for share in chosen)
        return Sentence(
            f"{name}.grad = {terms} = {{}} ({count} paths: {escaped(ways)})",
            (*quantities, Quantity("adjoint", place)),
            (*(share.slope * self._passes.grads[share.node] for share in chosen), grad),
        )

    def _way(self, share: Share) -> str:
        which = f" (as operand {share.argument + 1})" if self._comes_again(share) else ""
        return self._said.names[self._passes.order[share.node]] + which

    def _comes_again(self, share: Share) -> bool:
        """Tell whether a node has an operand more than once."""
        if self._counted[0] != share.node:
            self._counted = share.node, Counter(self._passes.order[share.node].parents)
        return self._counted[1][self._passes.order[share.parent]] > 1

    def _holds(self, share: Share) -> bool:
        """Tell whether the rule that people know gives the local derivative here; at a kink a convention does."""
        node = self._passes.order[share.node]
        op = TABLE[node.op]
        if not op.kink:
            return True
        numbers = [self._said.number(operand) for operand in node.operands]
        place, member = owner(op, len(numbers), share.argument)
        given: dict[str, Any] = {"out": self._passes.data[share.node]}
        for parameter, part in zip(parameters(op), group(op, numbers), strict=True):
            given[parameter.name] = part
            if parameter.kind != "scalar":
                given[parameter.element] = part[member or 0]
                given["place"] = member or 0
        known = known_rule(op, place)(**given)
        slope = share.slope
        return known == slope or abs(known - slope) <= 1e-9 * abs(slope) or (known != known and slope != slope)  # noqa: PLR0124


class _Term(NamedTuple):
    """A share in names: as ``∂d/∂a · d.grad``, and with the rule, as ``b · d.grad``."""

    rule: str
    symbols: str
    rewritten: str
    latex: str
    latex_rewritten: str
    holds: bool
    says_more: bool  # the rule tells more than the number that it gives


def _grad(name: str) -> str:
    return rf"{name_as_latex(name)}\mathtt{{.grad}}"


def _factors(share: Share, *, first: bool = True) -> tuple[Quantity, Quantity]:
    return (
        Quantity("slope", share.node, share.argument, tight=not first),
        Quantity("adjoint", share.node, tight=True),
    )


def _some(shares: Sequence[Share]) -> list[Share | None]:
    """Give all, or of many the first ones, None for those left out, and the last one."""
    return list(shares) if len(shares) <= LONGEST else [*shares[:3], None, shares[-1]]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
