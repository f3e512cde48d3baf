"""
The way out: models handed on to JAX and to PyTorch, for those who outgrow one machine, and back from PyTorch.

A layer stays a layer, a product with a matrix, so that what they compile or run is as small as if it had been written
for them. `jax_models` writes a function of JAX's arrays, `torch_models` translates module by module, with those of
`torch_modules` where PyTorch has none; `finding` finds the rule for each part.
"""

from nn.handoff.jax_models import to_jax
from nn.handoff.torch_models import from_torch, to_torch

__all__ = ["from_torch", "to_jax", "to_torch"]
