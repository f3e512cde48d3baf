"""How exact a computed number and its gradient can be: bounds on rounding errors, read from the recorded graph."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from autograd.engine import topological_order

if TYPE_CHECKING:
    from autograd.engine import Value

#: Relative error of one operation: half a unit in the last place for arithmetic, up to one for functions.
UNIT = 2.0**-52

#: Absolute error of one operation: below the normal floats there are only multiples of this.
SMALLEST = 2.0**-1074

#: Relative error that one step of a sweep is granted: a product, a sum, and a local derivative of a few units.
_SWEEP = 16 * UNIT


class Rounding(NamedTuple):
    """
    What rounding can have done to a node and its derivatives, to first order.

    Parameters
    ----------
    value
        Bound on the error of the node's number.
    adjoints
        The derivative of the node by every node it depends on.
    slack
        Bounds on their errors.
    """

    value: float
    adjoints: dict[Value, float]
    slack: dict[Value, float]


def rounding(root: Value) -> Rounding:
    """
    Bound the rounding errors of a node and its derivatives.

    Every operation adds an error of about one unit in the last place of its result, and the adjoint says what that does
    to the root. The data of leaves is taken as exact.

    Parameters
    ----------
    root
        The node.

    Returns
    -------
    Rounding

    References
    ----------
    Higham, Accuracy and Stability of Numerical Algorithms, section 3.4: running error bounds. Griewank and Walther,
    Evaluating Derivatives, section 3.4: rounding errors of a sweep.

    Examples
    --------
    >>> from autograd import Value
    >>> x = Value(1.0)
    >>> rounding((x + 1e20) - 1e20).value > 1e4
    True
    """
    order = topological_order(root, live=True)
    adjoints = dict.fromkeys(order, 0.0)
    sizes = dict.fromkeys(order, 0.0)
    slack = dict.fromkeys(order, 0.0)
    adjoints[root] = sizes[root] = 1.0
    value = 0.0
    for node in reversed(order):
        if not node.op:
            continue
        adjoint, size, error = adjoints[node], sizes[node], slack[node]
        weight = abs(node.data)
        parents = node.parents
        for parent, slope, taken in zip(parents, node.local_grads, node.taken, strict=True):
            if taken:
                adjoints[parent] += slope * adjoint
                sizes[parent] += abs(slope) * size
                slack[parent] += abs(slope) * (error + _SWEEP * size) + SMALLEST
                if len(parents) > 2:  # such an operation rounds in between
                    weight += abs(slope * parent.data)
        term = abs(adjoint) * (UNIT * weight + SMALLEST)
        if math.isfinite(term):  # an infinite derivative shows in the differences themselves
            value += term
    return Rounding(value, adjoints, slack)
