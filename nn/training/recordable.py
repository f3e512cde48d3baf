"""What keeps a network from being trained by programs, and whose word has to be tried."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from autograd.watchers import open_watchers, recording
from nn.dropout import Dropout
from nn.losses import LOSSES
from nn.normalisation import BatchNorm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nn.module import Module


def obstacle_in(modules: Sequence[Module]) -> str:
    """
    Tell why what a network computes for an example, while it is trained, is no fixed function of the example.

    Parameters
    ----------
    modules
        The network and all that is in it.

    Returns
    -------
    str
        Empty if it is one, as far as can be seen.
    """
    for module in modules:
        name = type(module).__name__
        if isinstance(module, Dropout) and module.p:
            return f"{name} leaves out other numbers at each call"
        if isinstance(module, BatchNorm):
            return f"{name} normalises over the examples of a mini-batch"
        if module.buffer_names and not is_ours(module):
            return f"{name} has buffers, which it may change at each call"
    return ""


def obstacle_now(modules: Sequence[Module]) -> str:
    """
    Tell who wants to see nodes, of which a program makes none.

    Parameters
    ----------
    modules
        The network and all that is in it.

    Returns
    -------
    str
        Empty if nobody does.
    """
    if find_spec("numpy") is None:
        return "NumPy is not installed: pip install 'chainrule[program]'"
    for module in modules:
        if module._forward_hooks:
            return f"a forward hook of {type(module).__name__} looks at the outputs"
    if open_watchers() or not recording():
        return "new nodes are being watched, as by detect_anomaly or trace_source"
    return ""


def is_ours(part: Any) -> bool:
    """
    Tell whether a module or a function is one of this project, of which it is known what it depends on.

    Parameters
    ----------
    part
        The module or function.

    Returns
    -------
    bool
    """
    maker = part if hasattr(part, "__qualname__") else type(part)
    return str(maker.__module__).split(".")[0] in ("autograd", "nn")


def all_ours(modules: Sequence[Module]) -> bool:
    """
    Tell whether modules, and the functions that stand among them, are all of this project.

    Parameters
    ----------
    modules
        The network and all that is in it.

    Returns
    -------
    bool
    """
    for module in modules:
        held = [each for part in vars(module).values() for each in (part if isinstance(part, list | tuple) else [part])]
        if not is_ours(module) or not all(is_ours(each) for each in held if callable(each)):
            return False
    return True


def is_known_mean(loss: Callable[[Any, Any], Any]) -> bool:
    """
    Tell whether a loss is one of this project's, and the mean over the examples.

    Parameters
    ----------
    loss
        The loss.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_known_mean(LOSSES["mse"]), is_known_mean(partial(LOSSES["mse"], reduction="sum"))
    (True, False)
    """
    if isinstance(loss, partial):
        return loss.func in LOSSES.values() and not loss.args and loss.keywords.get("reduction", "mean") == "mean"
    return loss in LOSSES.values()
