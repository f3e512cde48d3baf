"""Values beside NumPy's scalars and arrays."""

import numpy as np
import pytest

import autograd
from autograd import Value

ARRAY = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    "scalar", [np.float64(1.5), np.float32(1.5), np.float16(1.5), np.int64(3), np.uint8(3), np.bool_(1)]
)
def test_scalars_are_numbers_from_either_side(scalar):
    x = Value(2.0)
    for node, data in [
        (x * scalar, 2 * float(scalar)),
        (scalar * x, 2 * float(scalar)),
        (x - scalar, 2 - float(scalar)),
        (scalar - x, float(scalar) - 2),
        (x / scalar, 2 / float(scalar)),
        (x**scalar, 2 ** float(scalar)),
        (autograd.maximum(x, scalar), max(2, float(scalar))),
    ]:
        assert type(node) is Value
        assert type(node.data) is float
        assert node.data == data
        assert all(type(operand) in (float, Value) for operand in node.operands)
    assert type(Value(scalar).data) is float
    assert (x < scalar) == (scalar > 2.0)


def test_complex_scalars_are_refused():
    with pytest.raises(TypeError, match="must be a real number"):
        Value(1.0) * np.complex128(1j)
    with pytest.raises(TypeError, match="must be a real number"):
        Value(np.complex128(1j))


def test_arrays_give_object_arrays_from_either_side():
    x = Value(2.0)
    for result, data in [
        (ARRAY * x, [2.0, 4.0, 6.0]),
        (x * ARRAY, [2.0, 4.0, 6.0]),
        (ARRAY + x, [3.0, 4.0, 5.0]),
        (x - ARRAY, [1.0, 0.0, -1.0]),
        (x / ARRAY, [2.0, 1.0, 2.0 / 3.0]),
        (x**ARRAY, [2.0, 4.0, 8.0]),
        (ARRAY**x, [1.0, 4.0, 9.0]),
    ]:
        assert result.dtype == object
        assert [node.data for node in result] == data
        assert all(type(node) is Value for node in result)
    assert list(x > ARRAY) == [True, False, False]
    assert list(x < ARRAY) == [False, False, True]


def test_arrays_of_no_dimension():
    x = Value(2.0)
    for result in (x * np.array(3.0), np.array(3.0) * x):
        node = result.item() if isinstance(result, np.ndarray) else result
        assert node.data == 6.0


def test_an_array_is_no_number():
    with pytest.raises(TypeError, match=r"not ndarray .*; a Value holds one number"):
        Value(ARRAY)


def test_functions_of_object_arrays():
    nodes = np.array([Value(0.5), Value(0.25)])
    for ufunc in (np.exp, np.log, np.sqrt, np.sin, np.cos, np.tanh, np.expm1, np.log1p):
        result = ufunc(nodes)
        assert [type(node) for node in result] == [Value, Value]
        assert [node.data for node in result] == pytest.approx(list(ufunc(np.array([0.5, 0.25]))))
    assert np.abs(-nodes)[0].data == 0.5
    assert np.maximum(nodes, nodes[::-1])[1].data == 0.5
    assert np.sum(nodes).data == 0.75
    assert np.dot(nodes, nodes).data == 0.3125
    assert (nodes @ np.array([1.0, 2.0])).data == 1.0
    np.dot(nodes, nodes).backward()
    assert nodes[0].grad == 1.0


def test_sequences_of_array_elements():
    assert autograd.sum(ARRAY) == 6.0
    assert type(autograd.sum(ARRAY)) is float
    out = autograd.dot([Value(1.0), Value(2.0)], np.array([3.0, 4.0], dtype=np.float32))
    assert out.data == 11.0
    assert all(type(slope) is float for slope in out.local_grads)
