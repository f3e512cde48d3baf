"""Metrics, beside those of scikit-learn."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value
from nn.metrics import accuracy, confusion_matrix, decisions, r2

metrics = pytest.importorskip("sklearn.metrics", reason="needs scikit-learn")

pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1)


@given(pairs)
def test_accuracy_and_confusion_matrix_equal_scikit_learns(pairs):
    predicted, actual = zip(*pairs, strict=True)
    assert accuracy(predicted, actual) == metrics.accuracy_score(actual, predicted)
    theirs = metrics.confusion_matrix(actual, predicted, labels=range(4)).tolist()
    assert confusion_matrix(predicted, actual, range(4)) == theirs
    assert sum(map(sum, confusion_matrix(predicted, actual))) == len(pairs)


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=2))
def test_r2_equals_scikit_learns(pairs):
    predicted, actual = zip(*pairs, strict=True)
    ours = r2(predicted, actual)
    if max(actual) - min(actual) > 1e-3:
        assert ours == pytest.approx(metrics.r2_score(actual, predicted), rel=1e-9, abs=1e-9)
    assert ours <= 1.0


def test_r2_of_several_numbers_and_of_constants():
    assert r2([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]]) == 1.0
    assert r2([2.0, 2.0], [2.0, 2.0]) == 1.0
    assert r2([2.0, 3.0], [2.0, 2.0]) == -math.inf


def test_decisions():
    assert decisions([[0.0, 1.0, -1.0], [Value(2.0), Value(1.0), Value(0.0)]]) == [1, 0]
    assert decisions([0.2, Value(-0.2), [0.3]]) == [1, 0, 1]
    assert decisions([0.4, 0.6], threshold=0.5) == [0, 1]
    assert decisions([-1.0, 1.0], labels=(-1, 1)) == [-1, 1]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: accuracy([0], [0, 1]), "of one length, not 1 and 2"),
        (lambda: confusion_matrix([], []), "must not be empty"),
        (lambda: confusion_matrix([0, 5], [0, 1], [0, 1]), "5 is not among the labels"),
        (lambda: r2([[1.0], [2.0, 3.0]], [[1.0], [2.0]]), "as many numbers"),
    ],
)
def test_wrong_arguments(call, text):
    with pytest.raises(ValueError, match=text):
        call()
