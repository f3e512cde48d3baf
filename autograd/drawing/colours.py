"""The size and sign of a gradient as a colour."""

from __future__ import annotations

import math

#: From the most negative to the most positive: blue, white, red, which all kinds of eyes tell apart.
#: Source: ColorBrewer's scheme RdBu (Harrower and Brewer, 2003).
_BLUE, _WHITE, _RED = (33, 102, 172), (255, 255, 255), (178, 24, 43)


def fill(grad: float, largest: float) -> str:
    """
    Give the colour of a gradient.

    Parameters
    ----------
    grad
        The gradient.
    largest
        The largest one without sign, for the scale.

    Returns
    -------
    str
        As ``#rrggbb``. The depth of the colour grows with the square root, so that small ones can be told from none.

    Examples
    --------
    >>> fill(0.0, 2.0), fill(2.0, 2.0), fill(-2.0, 2.0), fill(-0.5, 2.0)
    ('#ffffff', '#b2182b', '#2166ac', '#90b2d6')
    """
    if math.isnan(grad):
        return "#999999"
    share = depth(grad, largest)
    end = _RED if grad > 0 else _BLUE
    return "#" + "".join(f"{round(white + share * (colour - white)):02x}" for white, colour in zip(_WHITE, end))


def depth(grad: float, largest: float) -> float:
    """
    Tell how deep the colour of a gradient is.

    Parameters
    ----------
    grad, largest
        As for `fill`.

    Returns
    -------
    float
        Between 0 and 1.
    """
    if grad == 0.0 or math.isnan(grad):
        return 0.0
    return 1.0 if abs(grad) >= largest else math.sqrt(abs(grad) / largest)


def largest_of(grads: list[float]) -> float:
    """
    Give the scale for some gradients.

    Parameters
    ----------
    grads
        The gradients.

    Returns
    -------
    float
        The largest finite one without sign; 1.0 if all are 0.
    """
    return max((abs(grad) for grad in grads if math.isfinite(grad)), default=0.0) or 1.0
