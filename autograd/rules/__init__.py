"""
Reads the table: turns an entry's texts into functions of whatever kind of number is asked for.

`FLOATS` computes as Python does and raises as Python does, `IEEE` gives inf and nan instead, `VALUES` builds a graph,
so that a derivative can be differentiated again, `mpmath_reader` computes with as many digits as one likes,
`complex_reader` with complex numbers; `latex` and `source` print. `operation` makes the function that users call.
"""

from autograd.rules.functions import VALUES, attach_methods, ieee_operation, operation, public_names, spellings
from autograd.rules.parameters import Parameter, group, parameters
from autograd.rules.printing import latex, source
from autograd.rules.reading import FLOATS, IEEE, Reader, complex_reader, mpmath_reader, partial_text

__all__ = [
    "FLOATS",
    "IEEE",
    "VALUES",
    "Parameter",
    "Reader",
    "attach_methods",
    "complex_reader",
    "group",
    "ieee_operation",
    "latex",
    "mpmath_reader",
    "operation",
    "parameters",
    "partial_text",
    "public_names",
    "source",
    "spellings",
]
