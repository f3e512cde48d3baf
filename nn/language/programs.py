"""A GPT's loss as a program: recorded once, for documents of any length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import autograd
from autograd import Value, topological_order
from autograd.program import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nn.language.transformer import GPT


class DocumentProgram:
    """
    The losses of documents, and their gradient.

    Its inputs are the tokens of a document, filled up to the longest, and a weight for the loss of each that is
    foretold: 1/n for the first n, 0 for the rest. So one recording serves for all.

    Parameters
    ----------
    model
        The network.
    length
        How many tokens are foretold at most.
    """

    def __init__(self, model: GPT, length: int) -> None:
        import numpy as np  # noqa: PLC0415 - optional

        self._np, self._length = np, length
        tokens = [Value(0.0) for _ in range(length + 1)]
        weights = [Value(1.0 / length) for _ in range(length)]
        root = autograd.dot(weights, model.losses(tokens))
        present = set(topological_order(root))
        parameters = model.parameters()
        places = [i for i, parameter in enumerate(parameters) if parameter in present]
        self._places, self._count = np.array(places), len(parameters)
        self._program = record(root, [*tokens, *weights], [parameters[i] for i in places])._steady()

    def rows(self, documents: Sequence[Sequence[int]]) -> Any:
        """
        Put documents into an array, as the program takes them.

        Parameters
        ----------
        documents
            For each its tokens.

        Returns
        -------
        numpy.ndarray
            A row for each.
        """
        rows = self._np.zeros((len(documents), 2 * self._length + 1))
        for row, document in zip(rows, documents, strict=True):
            foretold = len(document) - 1
            row[: len(document)] = document
            row[self._length + 1 : self._length + 1 + foretold] = 1.0 / foretold
        return rows

    def losses(self, rows: Any, theta: Any) -> Any:
        """
        Compute the losses of documents.

        Parameters
        ----------
        rows
            The documents.
        theta
            The numbers of all parameters.

        Returns
        -------
        numpy.ndarray
        """
        return self._program(rows, params=theta[self._places])

    def gradient(self, rows: Any, theta: Any) -> tuple[float, Any]:
        """
        Compute the mean loss of documents, and its gradient.

        Parameters
        ----------
        rows, theta
            As for `losses`.

        Returns
        -------
        loss, gradient
            A number for each parameter.
        """
        losses, slopes = self._program.value_and_grad(rows, params=theta[self._places])
        gradient = self._np.zeros(self._count)  # nothing depends on the positions that no document reaches
        gradient[self._places] = slopes
        return float(losses.mean()), gradient
