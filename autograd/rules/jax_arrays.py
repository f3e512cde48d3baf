"""
The operations as functions of JAX's arrays.

Each is a `jax.custom_jvp`: its value is the entry's text, its derivative the entry's own local derivatives, in which
each name of an entry is such a function again. So JAX differentiates them to any order by the rules of the table, with
its conventions at kinks and the digits that its forms keep.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from autograd.errors import UnsupportedError
from autograd.ops import TABLE
from autograd.primitives import FLOATS, import_jax, jax_primitives
from autograd.rules.parameters import group, parameters
from autograd.rules.reading import IEEE, Reader

if TYPE_CHECKING:
    from collections.abc import Callable


@cache
def _primitives() -> dict[str, Any]:
    return jax_primitives()


def _primitive(name: str) -> Any:
    if name not in _primitives():
        msg = (
            f"JAX has no operation {name!r}: it is made of Python functions, by autograd.custom; state it as text with "
            "autograd.register"
        )
        raise UnsupportedError(msg)
    return _primitives()[name]


def _number_or_value(name: str) -> Any:
    return _primitive(name) if name in FLOATS or name in _primitives() else _VALUES.value(name)


def _operation_or_number(name: str) -> Any:
    return jax_operation(name) if name in TABLE else _primitive(name)


#: Computes what an operation gives; it need not be differentiated.
_VALUES = Reader(_number_or_value, total=True, nodes=True, branches=True)

#: Computes what can be differentiated again: local derivatives, and what operations are composed of.
_DIFFERENTIABLE = Reader(_operation_or_number, total=True, nodes=True, branches=True)


def jax_operation(name: str) -> Callable[..., Any]:
    """
    Make an operation a function of JAX's arrays, applied to each element.

    Parameters
    ----------
    name
        An entry, be it internal or one of the operators too.

    Returns
    -------
    function
        Of arrays that can be broadcast to one shape, or numbers; called as the operation is. Numbers alone are computed
        as floats.

    Raises
    ------
    ImportError
        JAX is not installed.
    NotImplementedError
        JAX has no such operation.

    Examples
    --------
    >>> import jax
    >>> float(jax.grad(jax.grad(jax_operation("square")))(3.0))
    2.0
    """
    op = TABLE[name]
    if op.partials is None:
        return _DIFFERENTIABLE.value(name)
    value = _VALUES.value(name)
    defaults = [0.0 if each.default == "None" else float(each.default or "nan") for each in parameters(op)]

    def apply(*given: Any) -> Any:
        jax = import_jax()
        operands = (*given, *defaults[len(given) :])
        leaves, form = jax.tree.flatten(operands)
        places = [place for place, leaf in enumerate(leaves) if not isinstance(leaf, bool | int | float)]
        if not places:
            return IEEE.value(name)(*operands)

        def complete(arrays: Any) -> Any:
            """Give all operands: numbers stay numbers, so that what they decide is decided once."""
            filled = [float(leaf) if isinstance(leaf, bool | int) else leaf for leaf in leaves]
            for place, array in zip(places, arrays, strict=True):
                filled[place] = array
            return jax.tree.unflatten(form, filled)

        function = jax.custom_jvp(lambda *arrays: jax.numpy.asarray(value(*complete(arrays))))

        def differentiate(arrays: Any, tangents: Any) -> tuple[Any, Any]:
            out = function(*arrays)
            moving = {
                place: tangent
                for place, tangent in zip(places, tangents, strict=True)
                if not isinstance(tangent, jax.custom_derivatives.SymbolicZero)
            }
            return out, _tangent(name, complete(arrays), out, moving)

        function.defjvp(differentiate, symbolic_zeros=True)
        return function(*(leaves[place] for place in places))

    return apply


def _tangent(name: str, operands: Any, out: Any, moving: dict[int, Any]) -> Any:
    """Add up local derivatives times tangents, which are given by the places of the operands."""
    np = import_jax().numpy
    op = TABLE[name]
    starred = parameters(op)[0].kind == "star"
    flat = [each for part in operands for each in (part if isinstance(part, list | tuple) else [part])]
    grouped = [list(operands)] if starred else group(op, flat)
    total, place = np.zeros_like(out), 0
    for index, part in enumerate(grouped):
        count = len(part) if isinstance(part, list) else 1
        wanted = [each for each in range(count) if place + each in moving]
        if wanted:
            slopes = _DIFFERENTIABLE.partial(name, index)(*grouped, out)
            slopes = list(slopes) if isinstance(part, list) else [slopes]
            for each in wanted:
                total = total + product(slopes[each], moving[place + each])
        place += count
    return np.broadcast_to(total, out.shape).astype(out.dtype)


def product(slope: Any, tangent: Any) -> Any:
    """
    Multiply for the chain rule: zero times anything is zero.

    So the branch that a choice has not taken, to which no gradient flows, gets none, be its slope infinite or nan; in
    forward and in reverse mode and in all mixtures of them. It is a primitive of JAX, since reverse mode transposes
    what forward mode computes, and a plain product would be transposed into a plain one.

    Parameters
    ----------
    slope
        The local derivative.
    tangent
        What is multiplied by it.

    Returns
    -------
    array

    Examples
    --------
    >>> float(product(float("inf"), 0.0)), float(product(2.0, 3.0))
    (0.0, 6.0)
    """
    np = import_jax().numpy
    dtype = np.result_type(slope, tangent)
    return _product_primitive().bind(*np.broadcast_arrays(np.asarray(slope, dtype), np.asarray(tangent, dtype)))


@cache
def _product_primitive() -> Any:
    jax = import_jax()
    from jax.extend.core import Primitive  # noqa: PLC0415 - optional
    from jax.interpreters import ad, batching, mlir  # noqa: PLC0415

    np = jax.numpy
    primitive = Primitive("product")

    def computed(x: Any, y: Any) -> Any:
        return np.where((x == 0) | (y == 0), 0, x * y)

    def differentiate(factors: Any, tangents: Any) -> tuple[Any, Any]:
        parts = [
            product(other, tangent)
            for other, tangent in zip(factors[::-1], tangents, strict=True)
            if type(tangent) is not ad.Zero
        ]
        return product(*factors), sum(parts[1:], parts[0])

    def transpose(cotangent: Any, x: Any, y: Any) -> tuple[Any, Any]:
        if type(cotangent) is ad.Zero:
            return None, None
        return (product(cotangent, y), None) if ad.is_undefined_primal(x) else (None, product(x, cotangent))

    def batch(factors: Any, axes: Any) -> tuple[Any, int]:
        size = next(x.shape[axis] for x, axis in zip(factors, axes, strict=True) if axis is not None)
        rows = [
            np.broadcast_to(x, (size, *x.shape)) if axis is None else np.moveaxis(x, axis, 0)
            for x, axis in zip(factors, axes, strict=True)
        ]
        return primitive.bind(*rows), 0

    primitive.def_impl(jax.jit(computed))
    primitive.def_abstract_eval(lambda x, _: x)
    mlir.register_lowering(primitive, mlir.lower_fun(computed, multiple_results=False))
    ad.primitive_jvps[primitive] = differentiate
    ad.primitive_transposes[primitive] = transpose
    batching.primitive_batchers[primitive] = batch
    return primitive
