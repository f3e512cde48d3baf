"""Writes LLVM IR without arithmetic on whole numbers that are known."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from llvmlite import ir

if TYPE_CHECKING:
    from collections.abc import Callable


class FoldingBuilder(ir.IRBuilder):  # type: ignore[misc]  # it has no types
    """Appends instructions, as its base; but of two constants a sum, a difference, a product are constants at once."""

    def add(self, lhs: Any, rhs: Any, name: str = "", flags: tuple[str, ...] = ()) -> Any:
        """Give lhs + rhs."""
        return _folded(operator.add, lhs, rhs) or super().add(lhs, rhs, name, flags)

    def sub(self, lhs: Any, rhs: Any, name: str = "", flags: tuple[str, ...] = ()) -> Any:
        """Give lhs - rhs."""
        return _folded(operator.sub, lhs, rhs) or super().sub(lhs, rhs, name, flags)

    def mul(self, lhs: Any, rhs: Any, name: str = "", flags: tuple[str, ...] = ()) -> Any:
        """Give lhs * rhs."""
        return _folded(operator.mul, lhs, rhs) or super().mul(lhs, rhs, name, flags)

    def and_(self, lhs: Any, rhs: Any, name: str = "", flags: tuple[str, ...] = ()) -> Any:
        """Give the bits that both have."""
        return _folded(operator.and_, lhs, rhs) or super().and_(lhs, rhs, name, flags)


def _folded(compute: Callable[[int, int], int], lhs: Any, rhs: Any) -> Any:
    """Give a constant, or None."""
    if all(isinstance(each, ir.Constant) and isinstance(each.type, ir.IntType) for each in (lhs, rhs)):
        return ir.Constant(lhs.type, compute(lhs.constant, rhs.constant))
    return None
