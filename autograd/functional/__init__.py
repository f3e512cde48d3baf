"""Derivatives as Values with a graph of their own, to any order; and derivatives of functions on top of them."""

from autograd.functional.forms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from autograd.functional.sweeping import gradients

__all__ = ["grad", "gradients", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]
