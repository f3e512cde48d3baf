"""
Gradients beside finite differences.

`gradcheck` differentiates a function by its graph and by differences of its values, and says for each input whether the
two agree, how sure that is, and, if they do not, which operation has a wrong local derivative.

``differences`` estimates a derivative and its error from values alone; ``rounding`` reads from the graph how exact the
values and the gradient can be; ``verdicts`` weighs one against the other; ``culprits`` goes through a graph node by
node; ``complex_step`` differentiates with complex numbers; ``comparison`` puts them together, ``report`` shows the
result.
"""

from autograd.checking.comparison import gradcheck
from autograd.checking.differences import central_difference
from autograd.checking.report import Report, Row

__all__ = ["Report", "Row", "central_difference", "gradcheck"]
