"""
The page of `steps`: both passes on a drawing, to be gone through in a notebook or in a file of its own.

`page` gives what a notebook shows, `document` a whole file. Either is a picture and a table, which need no script; the
script builds the stepper in their place from the data that come with them.
"""

from autograd.stepper.markup import document, page

__all__ = ["document", "page"]
