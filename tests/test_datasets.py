"""Data sets, splits, standardising, mini-batches."""

import math
import random
import statistics
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import datasets
from nn.datasets import Standardiser, blobs, circles, digits, iris, mini_batches, moons, spirals, split, xor

sklearn_datasets = pytest.importorskip("sklearn.datasets", reason="needs scikit-learn")


@pytest.mark.parametrize("make", [moons, circles, blobs, spirals, xor])
def test_made_up_data_are_points_of_every_class_and_come_from_the_seed(make):
    inputs, targets = make(31, seed=1)
    assert len(inputs) == len(targets) == 31
    assert all(len(point) == 2 and all(type(x) is float for x in point) for point in inputs)
    assert all(type(target) is int for target in targets)
    assert make(31, seed=1) == (inputs, targets)
    classes = sorted(set(targets))
    assert classes == list(range(len(classes)))
    counts = [targets.count(each) for each in classes]
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("make", [moons, circles, blobs, spirals])
def test_another_seed_gives_other_points(make):
    assert make(20, seed=1) != make(20, seed=2)


def test_those_of_scikit_learn_are_its_own():
    points, classes = sklearn_datasets.make_moons(50, noise=0.2, random_state=3)
    assert moons(50, noise=0.2, seed=3) == (points.tolist(), classes.tolist())
    points, classes = sklearn_datasets.make_circles(50, noise=0.1, factor=0.3, random_state=3)
    assert circles(50, noise=0.1, factor=0.3, seed=3) == (points.tolist(), classes.tolist())
    points, classes = sklearn_datasets.make_blobs(50, centers=4, cluster_std=0.5, random_state=3)
    assert blobs(50, centers=4, spread=0.5, seed=3) == (points.tolist(), classes.tolist())


def test_circles_and_spirals_without_noise_are_where_they_should_be():
    for point, target in zip(*circles(20, noise=0.0, factor=0.25), strict=True):
        assert math.hypot(*point) == pytest.approx((1.0, 0.25)[target])
    inputs, targets = spirals(9, arms=3, turns=2.0, noise=0.0)
    for arm in range(3):
        points = [point for point, target in zip(inputs, targets, strict=True) if target == arm]
        assert [math.hypot(*point) for point in points] == pytest.approx([0.1, 0.55, 1.0])
        end = 2 * math.pi * arm / 3
        assert points[-1] == pytest.approx([math.cos(end), math.sin(end)])


def test_the_digits_and_the_irises():
    images, classes = digits()
    assert (len(images), {len(image) for image in images}, set(classes)) == (1797, {64}, set(range(10)))
    assert {min(map(min, images)), max(map(max, images))} == {0.0, 1.0}
    flowers, kinds = iris()
    assert (len(flowers), {len(flower) for flower in flowers}) == (150, {4})
    assert [kinds.count(kind) for kind in range(3)] == [50, 50, 50]
    assert flowers[0] == [5.1, 3.5, 1.4, 0.2]


@given(st.integers(2, 5), st.integers(10, 30), st.integers(0, 2**32 - 1))
def test_a_split_has_every_example_once_and_each_class_its_share(classes, each, seed):
    targets = [i % classes for i in range(classes * each)]
    parts = split(range(len(targets)), targets, 0.2, seed)
    assert sorted(parts.train_inputs + parts.held_out_inputs) == list(range(len(targets)))
    assert [targets[i] for i in parts.held_out_inputs] == parts.held_out_targets
    counts = [parts.held_out_targets.count(k) for k in range(classes)]
    assert max(counts) - min(counts) <= 1
    assert sum(counts) == math.ceil(0.2 * len(targets))


def test_a_split_of_a_data_set():
    parts = digits().split(seed=0)
    assert (len(parts.train_inputs), len(parts.held_out_inputs)) == (1437, 360)
    assert [parts.held_out_targets.count(digit) for digit in range(10)] == pytest.approx([36] * 10, abs=1)
    assert digits().split(seed=0) == parts
    assert digits().split(seed=1) != parts
    assert len(split([1, 2, 3, 4], [0.5, 0.7, 0.1, 0.2], 0.25, stratify=False).held_out_inputs) == 1


numbers = st.floats(-1e6, 1e6)


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(numbers, min_size=n, max_size=n), min_size=2)))
def test_standardised_features_have_mean_0_and_spread_1(rows):
    scaled = Standardiser(rows)(rows)
    for before, column in zip(zip(*rows, strict=True), zip(*scaled, strict=True), strict=True):
        spread = statistics.pstdev(before)
        if spread > 1e-6 * max(map(abs, before)):
            assert statistics.fmean(column) == pytest.approx(0.0, abs=1e-6)
            assert statistics.pstdev(column) == pytest.approx(1.0, rel=1e-6)


def test_a_constant_feature_is_shifted_only():
    standardise = Standardiser([[2.0, 5.0], [4.0, 5.0]])
    assert standardise([[3.0, 6.0]]) == [[0.0, 1.0]]


@given(st.integers(1, 40), st.integers(1, 50), st.integers())
def test_mini_batches_deal_out_every_example_once(count, size, seed):
    batches = list(mini_batches(count, size, seed))
    assert sorted(sum(batches, [])) == list(range(count))
    assert [len(batch) for batch in batches[:-1]] == [size] * (len(batches) - 1)
    assert 1 <= len(batches[-1]) <= size
    assert batches == list(mini_batches(count, size, seed))


@pytest.mark.parametrize("make", [moons, circles, blobs, spirals, lambda seed: digits().split(seed=seed)])
def test_every_seed_is_taken_and_decides(make):
    for seed in (-1, 2**40):
        assert make(seed=seed) == make(seed=seed) != make(seed=0)
    assert make(seed=random.Random(3)) == make(seed=random.Random(3)) != make(seed=random.Random(4))
    random.seed(5)
    first = make(seed=None)
    assert make(seed=None) != first
    random.seed(5)
    assert make(seed=None) == first
    with pytest.raises(TypeError, match="seed must be an integer, a random.Random or None, not str 'a'"):
        make(seed="a")


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: moons(0), ValueError, "moons: count must be at least 1, not 0"),
        (lambda: moons(10.0), TypeError, "moons: count must be an integer, not float"),
        (lambda: circles(10, factor=1.0), ValueError, "circles: factor must be from 0 to 1, 1 excluded, not 1"),
        (lambda: blobs(10, centers=0), ValueError, "blobs: centers must be at least 1"),
        (lambda: spirals(1, arms=2), ValueError, "count must be at least the number of arms, 2, not 1"),
        (lambda: xor(4, noise=-1.0), ValueError, "xor: noise must be zero or positive"),
        (lambda: split([1, 2], [0]), ValueError, "a target for each input, not 1 for 2"),
        (lambda: split([1, 2, 3], [0, 1, 1], 0.5), ValueError, "split: The least populated class"),
        (lambda: split([1, 2, 3], [0.5, 1.5, 1.0], 0.5), ValueError, "no classes need stratify=False"),
        (lambda: split([1, 2], [0, 1], 1.5), ValueError, "held_out must be from 0 to 1"),
        (lambda: Standardiser([]), ValueError, "must not be empty"),
        (lambda: Standardiser([[1.0], [2.0, 3.0]]), ValueError, "example 1 has 2 numbers, but example 0 has 1"),
        (lambda: Standardiser([[1.0]])([[1.0, 2.0]]), ValueError, "example 0 has 2 numbers, but there must be 1"),
        (lambda: Standardiser([[1.0], [math.nan]]), ValueError, "example 1, number 0 .* not nan"),
        (lambda: Standardiser([1.0, 2.0]), TypeError, "example 0 must be a sequence of numbers, not float"),
        (lambda: mini_batches(5, 0), ValueError, "mini_batches: size must be at least 1, not 0"),
        (lambda: mini_batches(0, 5), ValueError, "mini_batches: count must be at least 1, not 0"),
    ],
)
def test_wrong_arguments(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


@pytest.mark.parametrize("call", [moons, digits, lambda: split([1, 2], [0, 1])])
def test_without_scikit_learn_the_extra_is_named(monkeypatch, call):
    for name in ("sklearn", "sklearn.datasets", "sklearn.model_selection"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"chainrule\[data\]"):
        call()
    assert datasets.xor(4).targets == [0, 1, 1, 0]
