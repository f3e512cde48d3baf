"""
Programs: a graph recorded once, and run on other numbers.

`recording` records, `caching` has the decorator that does, `translating` puts a graph and its chain rule on a `tape`,
`lowering` reads the table's texts as instructions, `guards` keeps what decided which way the code went. `arrays` runs a
tape with NumPy; `native` as machine code, which `lanes` writes, with the functions of `elementary`; `executor` chooses.
`program` is what users hold, and `variants` where there is one for each way that comparisons come out.
"""

from autograd.program.caching import recorded
from autograd.program.program import Program
from autograd.program.recording import record
from autograd.program.variants import Variants

__all__ = ["Program", "Variants", "record", "recorded"]
