"""Every exception the library raises. Each is also the builtin exception that Python's own arithmetic would raise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class AutogradError(Exception):
    """Base of every exception of this package, so that one ``except`` can catch them all."""

    #: What an operation that failed was applied to, Values and numbers.
    operands: tuple[Any, ...] = ()
    #: Which example of those that a program was run on, if it was one.
    example: int | None = None


class OperandError(AutogradError, TypeError):
    """Something that is neither a Value nor a real number was given where one is needed."""


class ArgumentError(AutogradError, ValueError):
    """An argument has the right type, but a value that cannot be used."""


class DomainError(AutogradError, ValueError):
    """An operation has no real result for its operands, as ``math.log(-1)``."""


class DivisionByZeroError(AutogradError, ZeroDivisionError):
    """A division by zero, as ``1 / 0.0``, or zero to a negative power."""


class PlaceError(AutogradError, IndexError, ValueError):
    """There is no element at an index, as ``[1.0, 2.0][5]``."""


class RangeError(AutogradError, OverflowError):
    """A result or a number is too large for a float, as ``math.exp(710)``."""


class StaleGraphError(AutogradError, RuntimeError):
    """The ``data`` of a node was changed after the graph had been recorded."""


class GuardError(AutogradError, RuntimeError):
    """
    A program was run on numbers for which the code would have gone another way than while recording.

    Parameters
    ----------
    message
        Which comparison, and where.
    example
        Index of the first example for which it would.
    """

    def __init__(self, message: str, example: int = 0) -> None:
        super().__init__(message)
        self.example = example


class GradientError(AutogradError, AssertionError):
    """
    A gradient differs from what finite differences give.

    Parameters
    ----------
    message
        What is wrong, and why.
    report
        The `autograd.checking.Report`, with all that is known.
    """

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report


class NoGraphError(AutogradError, RuntimeError):
    """A node was to be differentiated whose graph was not kept, as inside ``jvp``."""


class UnknownDerivativeError(AutogradError, NotImplementedError):
    """A derivative that nobody has stated is needed, as the second one of a ``custom`` operation."""


class UnsupportedError(AutogradError, NotImplementedError):
    """Something is to be handed on to another library that has no such thing; the message names it."""


class AnomalyError(AutogradError, FloatingPointError):
    """Under ``detect_anomaly`` something came out as nan or inf, or failed; Python keeps FloatingPointError for it."""


class DivergenceError(AutogradError, ArithmeticError):
    """
    Training has run away: a loss or a gradient is no finite number, or far larger than at the start.

    Parameters
    ----------
    message
        What happened, where, and what may help.
    example
        Index of the example where it shows; None if it shows in a parameter.
    layer
        Name of the layer, or of the parameter.
    """

    def __init__(self, message: str, example: int | None = None, layer: str = "") -> None:
        super().__init__(message)
        self.example = example
        self.layer = layer


class CheckpointError(AutogradError, ValueError):
    """A file is not a checkpoint of training, or is damaged."""


class ExpressionError(AutogradError, ValueError):
    """A typed expression cannot be read; the message points at the place."""


class NativeEngineError(AutogradError, ImportError):
    """The native engine was asked for and cannot serve; the message says why."""


class MissingExtraError(AutogradError, ImportError):
    """An optional library is not installed; the message names the extra to install."""


#: What Python's arithmetic and the ``math`` module raise, and what stands for it here.
_STANDS_FOR: dict[type[ArithmeticError | ValueError | IndexError], type[AutogradError]] = {
    ZeroDivisionError: DivisionByZeroError,
    OverflowError: RangeError,
    ValueError: DomainError,
    IndexError: PlaceError,
}

#: The exceptions that evaluating an operation on floats can raise.
ARITHMETIC_ERRORS = tuple(_STANDS_FOR)


def failure(error: Exception, call: str, operands: Iterable[Any]) -> AutogradError:
    """
    Give the exception to raise in place of one that an operation met.

    Parameters
    ----------
    error
        What Python's arithmetic raised: one of `ARITHMETIC_ERRORS`.
    call
        The operation's name.
    operands
        What it was applied to: Values and numbers.

    Returns
    -------
    AutogradError
        Of the same builtin kind, with a message that names the operation, its operands and their labels.
    """
    for builtin, ours in _STANDS_FOR.items():
        if isinstance(error, builtin):
            given = tuple(operands)
            said = error.args[-1] if error.args else type(error).__name__
            raised = ours(f"{call}({listed(given)}): {said}")
            raised.operands = given
            return raised
    msg = f"error must be one of {ARITHMETIC_ERRORS}, not {error!r}"
    raise TypeError(msg)


def listed(operands: Iterable[Any]) -> str:
    """
    Say operands in a message, or the first few of many.

    Parameters
    ----------
    operands
        Values and numbers.

    Returns
    -------
    str
    """
    said = [describe(operand) for operand in operands]
    return ", ".join(said if len(said) <= 6 else [*said[:5], f"... {len(said) - 5} more"])


def describe(operand: Any) -> str:
    """Say an operand in a message: its number, and its label if it is a labelled node."""
    label = getattr(operand, "label", "")
    number = getattr(operand, "data", operand)
    return f"{label}={number!r}" if label else repr(number)
