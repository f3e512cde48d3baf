"""
For tests of code that is built on Values: an assertion, and Hypothesis strategies for what to try it on.

`assert_gradients_close` compares gradients with expected ones, with another implementation's, or with finite
differences. The strategies draw numbers (`floats_in`), leaves (`values`), random graphs (`expressions`) and networks
(`mlps`); they, and nothing else here, need Hypothesis.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from autograd.errors import MissingExtraError
from autograd.testing.assertions import assert_gradients_close

if TYPE_CHECKING:
    from autograd.testing.leaves import floats_in, values
    from autograd.testing.random_expressions import (
        RandomExpression,
        call_by_name,
        expressions,
        function_named,
        scalar_operations,
    )
    from autograd.testing.random_networks import RandomMLP, mlps

__all__ = [
    "RandomExpression",
    "RandomMLP",
    "assert_gradients_close",
    "call_by_name",
    "expressions",
    "floats_in",
    "function_named",
    "mlps",
    "scalar_operations",
    "values",
]

#: What needs Hypothesis, each with its module: they are imported when first asked for.
_LATER = {
    "RandomExpression": "random_expressions",
    "RandomMLP": "random_networks",
    "call_by_name": "random_expressions",
    "expressions": "random_expressions",
    "floats_in": "leaves",
    "function_named": "random_expressions",
    "mlps": "random_networks",
    "scalar_operations": "random_expressions",
    "values": "leaves",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        msg = f"module 'autograd.testing' has no attribute {name!r}"
        raise AttributeError(msg)
    try:
        found = getattr(importlib.import_module(f"autograd.testing.{_LATER[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        msg = f"autograd.testing.{name} needs hypothesis: pip install 'chainrule[test]'"
        raise MissingExtraError(msg) from error
    globals()[name] = found
    return found
