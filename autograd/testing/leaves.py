"""Strategies for numbers and leaves."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from autograd.engine import Value

_OPEN = {"(": True, "[": False, ")": True, "]": False}


def floats_in(domain: str, largest: float = 100.0) -> st.SearchStrategy[float]:
    """
    Draw floats from an interval.

    Parameters
    ----------
    domain
        As in the table: ``"(0, inf)"``, ``"[-1, 1]"``.
    largest
        Bound on the magnitude where the interval has none.

    Returns
    -------
    strategy of float

    Examples
    --------
    >>> floats_in("[0, 1]")
    floats(min_value=0.0, max_value=1.0, allow_subnormal=False)
    """
    low, high = (float(end) for end in domain[1:-1].split(","))
    if _OPEN[domain[0]]:
        low = math.nextafter(low, math.inf)
    if _OPEN[domain[-1]]:
        high = math.nextafter(high, -math.inf)
    return st.floats(max(low, -largest), min(high, largest), allow_subnormal=False)


def values(domain: str = "(-inf, inf)") -> st.SearchStrategy[Value]:
    """
    Draw leaves.

    Parameters
    ----------
    domain
        Where their data lie.

    Returns
    -------
    strategy of Value
    """
    return st.builds(Value, floats_in(domain))
