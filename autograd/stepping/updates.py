"""How the update of a parameter is said, in the words of its optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.rules.patterns import text_function, text_pattern
from autograd.rules.printing import name_as_latex
from autograd.stepping.naming import as_operand
from autograd.stepping.step import Quantity, Sentence, Step
from autograd.stepping.wording import escaped

if TYPE_CHECKING:
    from autograd.engine import Value
    from autograd.stepping.wording import Wording

_KINDS = {"w": "before", "grad": "adjoint"}


def update_step(said: Wording, optimizer: Any, parameter: Value) -> Step:
    """
    Say what an optimizer would do to a parameter with the gradient of this sweep.

    Parameters
    ----------
    said
        The names and numbers.
    optimizer
        Its ``explain(parameter, grad)`` gives the text of the new value, and the number for each name in it: ``w`` is
        the parameter, ``grad`` its gradient.
    parameter
        One in the graph.

    Returns
    -------
    Step
    """
    place = said.passes.place[parameter]
    formula, settings = optimizer.explain(parameter, said.passes.grads[place])
    names = tuple(settings)
    pattern, after = text_pattern(formula, names), text_function(formula, names)(**settings)
    name, tex_name = as_operand(said.names[parameter]), name_as_latex(said.names[parameter])
    written = {"w": name, "grad": f"{name}.grad"}
    tex = {"w": tex_name, "grad": rf"{tex_name}\mathtt{{.grad}}"}
    source = pattern.source.replace(" * ", " · ")
    symbols = f"{said.names[parameter]} ← {pattern.fill(source, [written.get(each, each) for each in names])}"
    slots = pattern.slots
    chosen = [names[pattern.operands[slot]] for slot in slots]
    quantities = (
        Quantity(_KINDS.get(each, "setting"), place, tight=slot in pattern.tight) for each, slot in zip(chosen, slots)
    )
    return Step(
        phase="update",
        node=parameter,
        parent=None,
        argument=None,
        before=settings.get("w", parameter.data),
        after=after,
        edges=(),
        symbols=symbols,
        latex=rf"{tex_name} \leftarrow "
        + pattern.fill(pattern.latex, [tex.get(each, name_as_latex(each)) for each in names]),
        rule=formula,
        sentence=Sentence(
            f"{escaped(symbols)} = {pattern.fill(escaped(source), ['{}'] * len(names))} = {{}}",
            (*quantities, Quantity("after", place)),
            (*(settings[each] for each in chosen), after),
        ),
    )
