"""Networks: parameters, layers, losses, and the update rule."""

import copy
import math
import pickle
import random

import pytest

import autograd
import nn
from autograd import Value


def test_an_mlp_draws_micrograds_weights_in_micrograds_order():
    random.seed(1337)
    model = nn.MLP(2, [3, 1])
    random.seed(1337)
    expected = []
    for nin, nout in ((2, 3), (3, 1)):
        for _ in range(nout):
            expected += [random.uniform(-1, 1) for _ in range(nin)] + [0.0]
    assert [p.data for p in model.parameters()] == expected
    assert [p.data for p in nn.MLP(2, [3, 1], seed=1337).parameters()] == expected
    assert repr(model) == (
        "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(3)]]"
    )


def test_parameters_have_names_and_shared_ones_are_listed_once():
    class Net(nn.Module):
        def __init__(self):
            self.first = nn.Neuron(1, seed=0)
            self.again = self.first
            self.table = {"a": Value(1.0), "b": [Value(2.0)]}
            self.plain = 3.0
            self.computed = self.table["a"] * 2

    net = Net()
    assert [name for name, _ in net.named_parameters()] == ["first.w.0", "first.b", "table.a", "table.b.0"]
    assert net.parameters() == [parameter for _, parameter in net.named_parameters()]
    for p in net.parameters():
        p.grad = 1.0
    net.zero_grad()
    assert {p.grad for p in net.parameters()} == {0.0}


def test_a_module_written_for_micrograd_overrides_parameters():
    class Own(nn.Module):
        def __init__(self):
            self.w = [Value(1.0), Value(2.0)]

        def parameters(self):
            return self.w[:1]

    own = Own()
    own.w[0].grad = own.w[1].grad = 1.0
    own.zero_grad()
    assert [p.grad for p in own.w] == [0.0, 1.0]


def test_outputs():
    x = [Value(1.0), 2.0]
    assert isinstance(nn.Neuron(2, seed=0)(x), Value)
    assert isinstance(nn.Layer(2, 1, seed=0)(x), Value)
    assert [type(out) for out in nn.Layer(2, 2, seed=0)(x)] == [Value, Value]
    assert isinstance(nn.MLP(2, [3, 1], seed=0)(x), Value)
    assert len(nn.MLP(2, [3, 2], seed=0)(x)) == 2


def test_a_hidden_layer_of_one_neuron():
    model = nn.MLP(2, [1, 1, 2], activation="tanh", seed=0)
    out = model([1.0, 2.0])
    assert len(out) == 2
    (out[0] + out[1]).backward()
    assert all(p.grad != 0.0 for p in model.parameters())


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "softplus", "leaky_relu", "linear"])
def test_a_neuron_computes_what_its_formula_says(activation):
    neuron = nn.Neuron(3, activation=activation, seed=1)
    x = [0.5, -1.0, 2.0]
    total = neuron.b.data
    for w, xi in zip(neuron.w, x, strict=True):
        total += w.data * xi
    expected = total if activation == "linear" else getattr(autograd, activation)(total)
    assert neuron(x).data == expected
    assert nn.Neuron(3, nonlin=False, activation=activation, seed=1)(x).data == total


@pytest.mark.parametrize("activation", ["relu", "tanh", "linear"])
def test_a_model_and_its_loss_are_pickled_and_copied_together(activation):
    model = nn.MLP(2, [2, 1], activation=activation, seed=1)
    loss = nn.mse(model([0.5, -1.0]), 2.0)
    for twins in (pickle.loads(pickle.dumps((model, loss))), copy.deepcopy((model, loss))):
        twins[1].backward()
        assert repr(twins[0]) == repr(model)
        assert twins[0]([0.5, -1.0]).data == model([0.5, -1.0]).data
        assert twins[0].layers[-1].neurons[0].b.grad != 0.0
        assert {p.grad for p in model.parameters()} == {0.0}


def test_losses():
    logits = [Value(1.0), Value(2.0), Value(4.0)]
    loss = nn.cross_entropy(logits, 2)
    total = math.exp(1) + math.exp(2) + math.exp(4)
    assert loss.data == pytest.approx(-math.log(math.exp(4) / total), rel=1e-14)
    loss.backward()
    expected = [math.exp(1) / total, math.exp(2) / total, math.exp(4) / total - 1]
    assert [z.grad for z in logits] == pytest.approx(expected, rel=1e-13)
    both = nn.cross_entropy([logits, logits], [2, 0])
    assert both.data == pytest.approx((loss.data + nn.cross_entropy(logits, 0).data) / 2, rel=1e-15)
    assert nn.cross_entropy([Value(1e4), Value(-1e4)], 1).data == 2e4
    p = Value(1.0)
    squared = nn.mse([p, 2.0], [3.0, 2.0])
    squared.backward()
    assert (squared.data, p.grad) == (2.0, -2.0)
    assert nn.mse(p, 3.0).data == 4.0


def test_the_update_rule():
    w, b = Value(1.0), Value(2.0)
    optimizer = nn.SGD([w, b], lr=0.1)
    (w * 3 + b).backward()
    optimizer.step()
    assert (w.data, b.data) == (1.0 - 0.1 * 3.0, 2.0 - 0.1 * 1.0)
    optimizer.zero_grad()
    assert (w.grad, b.grad) == (0.0, 0.0)


def test_training_fits_xor():
    model = nn.MLP(2, [4, 1], activation="tanh", seed=3)
    optimizer = nn.SGD(model.parameters(), lr=0.3)
    points, targets = [(0, 0), (0, 1), (1, 0), (1, 1)], [0, 1, 1, 0]
    for _ in range(300):
        loss = nn.mse([model(point) for point in points], targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert [round(model(point).data) for point in points] == targets


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: nn.MLP(2, [3, 1], seed=0)([1.0]), ValueError, r"ReLUNeuron\(2\) takes 2 inputs, not 1"),
        (lambda: nn.Neuron(0), ValueError, "nin must be at least 1, not 0"),
        (lambda: nn.Neuron(2.5), TypeError, "nin must be an integer, not float 2.5"),
        (lambda: nn.Layer(2, -1), ValueError, "nout must be at least 1"),
        (lambda: nn.MLP(2, []), ValueError, "at least one layer, but it is empty"),
        (lambda: nn.MLP(2, [1])(1.0), TypeError, r"takes a sequence of 2 inputs, not float 1\.0"),
        (lambda: nn.MLP(2, [1])(Value(1.0)), TypeError, "takes a sequence of 2 inputs, not Value"),
        (lambda: nn.SGD(nn.MLP(2, [1]), 0.1), TypeError, r"not MLP; write model\.parameters\(\)"),
        (lambda: nn.SGD([Value(1.0)], float("nan")), ValueError, "zero or positive, not nan"),
        (lambda: nn.cross_entropy([1.0, 2.0], "a"), TypeError, "target must be an integer, not str"),
        (lambda: nn.cross_entropy([1.0, 2.0], [0, 1]), TypeError, "logits of an example must be a sequence"),
        (lambda: nn.cross_entropy([], 0), ValueError, "logits must not be empty"),
        (lambda: nn.mse([[1.0, 2.0]], [1.0]), TypeError, "of one shape, but a prediction is a list of 2"),
        (lambda: nn.MLP(2, 3), TypeError, "nouts must be a list"),
        (lambda: nn.MLP(2, [3, "1"]), TypeError, "nout must be an integer, not str"),
        (lambda: nn.MLP(2, [1], activation="rely"), ValueError, "not 'rely'; did you mean 'relu'"),
        (lambda: nn.Neuron(2, activation="hypot"), ValueError, "operation of one number, not 'hypot'"),
        (lambda: nn.Neuron(2, "tanh"), TypeError, "nonlin must be True or False, not 'tanh'"),
        (lambda: nn.Neuron(2, seed="a"), TypeError, "seed must be an integer"),
        (lambda: nn.SGD([], 0.1), ValueError, "must not be empty"),
        (lambda: nn.SGD([1.0], 0.1), TypeError, "must be a Value, not float"),
        (lambda: nn.SGD([Value(1.0) * 2], 0.1), ValueError, r"must be a leaf.*p\.data -= lr"),
        (lambda: nn.SGD([Value(1.0)], -0.1), ValueError, "lr must be zero or positive"),
        (lambda: nn.SGD([Value(1.0)], "0.1"), TypeError, "lr must be a real number"),
        (lambda: nn.cross_entropy([1.0, 2.0], 2), ValueError, "a class, from 0 to 1, not 2"),
        (lambda: nn.cross_entropy([1.0, 2.0], -1), ValueError, "not -1"),
        (lambda: nn.cross_entropy([1.0, 2.0], 0.5), TypeError, "target must be an integer, not float"),
        (lambda: nn.cross_entropy([[1.0]], [0, 0]), ValueError, "not 2 for 1"),
        (lambda: nn.mse([1.0], [1.0, 2.0]), ValueError, "of one length, not 1 and 2"),
        (lambda: nn.mse([], []), ValueError, "must not be empty"),
    ],
)
def test_wrong_arguments(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
