"""
Drawings of computation graphs.

``picture`` says what is to be seen: boxes for numbers, ovals for operations, arrows. ``folding`` does the same for a
graph too big for that, a box for each layer. ``wording`` writes numbers and operations, ``colours`` shows the size of
a gradient, ``digraph`` writes DOT, and ``rendering`` finds a program that turns DOT into pictures.
"""

from autograd.drawing.drawing import draw, draw_dot
from autograd.drawing.picture import Picture

__all__ = ["Picture", "draw", "draw_dot"]
