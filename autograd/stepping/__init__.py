"""
The forward and the backward pass, step by step, as data and text.

``passes`` records the numbers of both passes; ``wording``, ``backward`` and ``updates`` say what happens, filling the
texts of the table with names and numbers; ``naming`` chooses the names; ``layers`` folds big graphs; ``sequence`` puts
it together.
"""

from autograd.stepping.naming import names_of, variables_of_caller
from autograd.stepping.sequence import Steps, steps
from autograd.stepping.step import Quantity, Sentence, Step, short

__all__ = ["Quantity", "Sentence", "Step", "Steps", "names_of", "short", "steps", "variables_of_caller"]
