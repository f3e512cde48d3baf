"""PyTorch's modules for what it has none of its own. Importing this imports PyTorch."""

from __future__ import annotations

from typing import Any

import torch


class Residual(torch.nn.Sequential):  # type: ignore[misc]
    """
    Modules in a row with a way around them: x + f(x).

    Parameters
    ----------
    *layers
        f.
    """

    def forward(self, x: Any) -> Any:
        """
        Compute the outputs.

        Parameters
        ----------
        x
            The inputs.

        Returns
        -------
        torch.Tensor
        """
        return x + super().forward(x)


class Function(torch.nn.Module):  # type: ignore[misc]
    """
    A function of PyTorch's, applied to each number.

    Parameters
    ----------
    name
        What ``torch`` calls it.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, x: Any) -> Any:
        """
        Apply it.

        Parameters
        ----------
        x
            A tensor.

        Returns
        -------
        torch.Tensor
        """
        return getattr(torch, self.name)(x)

    def extra_repr(self) -> str:
        """
        Say which.

        Returns
        -------
        str
        """
        return self.name
