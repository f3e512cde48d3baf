"""
Scalar reverse-mode automatic differentiation, to learn from and to trust.

Build an expression of `Value` nodes, call ``backward()``, read ``grad``::

    >>> from autograd import Value, tanh
    >>> w, x = Value(0.5, "w"), Value(2.0, "x")
    >>> tanh(w * x - 1).backward()
    >>> w.grad, x.grad
    (2.0, 0.5)

Every operation of the table (``autograd/ops.py``) is a function here and a method of `Value`.
"""

from __future__ import annotations

import builtins
import importlib
from typing import TYPE_CHECKING, Any

from autograd.installation import check_installation

check_installation()

from autograd.native import choose_engine  # noqa: E402 - only when the folder is known to be ours

#: Why the Python engine serves; "" if the native one does.
WHY_NOT_NATIVE = choose_engine()

#: Whether the native engine serves, not the readable one of which it is made; CHAINRULE_NATIVE=0, 1 or auto chooses.
NATIVE = not WHY_NOT_NATIVE

from autograd import copying, errors, micrograd, rules  # noqa: E402, F401
from autograd.engine import Value, topological_order  # noqa: E402
from autograd.entry import Op  # noqa: E402
from autograd.errors import AutogradError  # noqa: E402
from autograd.functional import grad, gradients, hessian, hvp, jacobian, jvp, value_and_grad, vjp  # noqa: E402
from autograd.version import __version__  # noqa: E402
from autograd.watchers import no_grad  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from autograd.anomaly import detect_anomaly
    from autograd.checking import gradcheck
    from autograd.drawing import draw, draw_dot
    from autograd.opaque import custom
    from autograd.parsing import parse
    from autograd.program import Program, Variants, record, recorded
    from autograd.registering import register
    from autograd.stepping import steps
    from autograd.tracing import trace_source

rules.attach_methods()

_SHADOWING = set(rules.spellings()) & set(dir(builtins))  # `from autograd import *` leaves the builtins alone

#: What not all need, each with its module: they are imported when first asked for.
_LATER = {
    "Program": "program",
    "Variants": "program",
    "custom": "opaque",
    "detect_anomaly": "anomaly",
    "draw": "drawing",
    "draw_dot": "drawing",
    "gradcheck": "checking",
    "load_ipython_extension": "notebook",
    "parse": "parsing",
    "record": "program",
    "recorded": "program",
    "register": "registering",
    "steps": "stepping",
    "trace_source": "tracing",
    "unload_ipython_extension": "notebook",
}

__all__ = [
    "NATIVE",
    "AutogradError",
    "Op",
    "Program",
    "Value",
    "Variants",
    "__version__",
    "custom",
    "detect_anomaly",
    "draw",
    "draw_dot",
    "grad",
    "gradcheck",
    "gradients",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "no_grad",
    "parse",
    "record",
    "recorded",
    "register",
    "steps",
    "topological_order",
    "trace_source",
    "value_and_grad",
    "vjp",
]
__all__ += [name for name in rules.spellings() if name not in _SHADOWING]


def __getattr__(name: str) -> Callable[..., Any]:
    """Make a function of the table when it is first asked for."""
    if name in _LATER:
        found: Callable[..., Any] = getattr(importlib.import_module(f"autograd.{_LATER[name]}"), name)
    elif name in (spellings := rules.spellings()):
        found = rules.operation(spellings[name])
    else:
        msg = f"module 'autograd' has no attribute {name!r}"
        raise AttributeError(msg)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__) | set(rules.spellings()))
