"""
Programs: a graph recorded once, and run on other numbers.

`recording` records, `caching` has the decorator that does. What is recorded is a `graph` in arrays, which `saving`
writes into files, `replaying` computes node by node, and `translating` puts on a `tape`, with its chain rule.
`lowering` reads the table's texts as instructions, `guards` keeps what decided which way the code went, `foreign`
knows operations that users have added.

`arrays` runs a tape with NumPy; `interpreter` by machine code that knows every instruction (`kernel` writes it,
`coding` and `layers` what it reads); `levels` for few examples, what does not depend on each other at once; `straight`
as machine code of its own, compiled in the `background`. `writing`, `lanes` and `elementary` write what they all do,
`executor` chooses. `program` is what users hold, and `variants` where there is one for each way that comparisons come
out.
"""

from autograd.program.caching import recorded
from autograd.program.program import Program
from autograd.program.recording import record
from autograd.program.variants import Variants

__all__ = ["Program", "Variants", "record", "recorded"]
