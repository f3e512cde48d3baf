"""Modules and layers: beside PyTorch's numbers, finite differences, and what they promise."""

import copy
import json
import math
import pickle
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn
from autograd import Value, gradcheck
from autograd.ops import TABLE
from nn import activations

FORWARDS = json.loads((Path(__file__).parent / "data" / "forwards.json").read_text())
X = FORWARDS["x"]


def flat(x):
    return [each for row in x for each in flat(row)] if isinstance(x, list) else [getattr(x, "data", x)]


def close(x):
    return pytest.approx(flat(x), rel=1e-12, abs=1e-12)


def given_weights(module, weight, bias=None):
    for parameter, number in zip(flat_nodes(module.weight), flat(weight), strict=True):
        parameter.data = number
    if bias is not None:
        for parameter, number in zip(module.bias, bias, strict=True):
            parameter.data = number
    return module


def flat_nodes(x):
    return [node for row in x for node in flat_nodes(row)] if isinstance(x, list) else [x]


# ---------------------------------------------------------------------- PyTorch's numbers


def test_linear_is_that_of_pytorch():
    stored = FORWARDS["linear"]
    layer = given_weights(nn.Linear(3, 2), stored["weight"], stored["bias"])
    assert flat(layer(X)) == flat([layer(x) for x in X]) == close(stored["out"])
    stored = FORWARDS["linear without bias"]
    assert flat(given_weights(nn.Linear(3, 2, bias=False), stored["weight"])(X)) == close(stored["out"])
    assert nn.Linear(3, 2, bias=False).bias is None


@pytest.mark.parametrize("activation", FORWARDS["layers"])
def test_layers_are_those_of_pytorch(activation):
    stored = FORWARDS["linear"]
    layer = given_weights(nn.Layer(3, 2, activation=activation), stored["weight"], stored["bias"])
    assert flat(layer(X)) == close(FORWARDS["layers"][activation])
    parted = nn.Sequential(given_weights(nn.Linear(3, 2), stored["weight"], stored["bias"]), nn.Activation(activation))
    assert flat(parted(X)) == flat(layer(X))


@pytest.mark.parametrize("activation", FORWARDS["activations"])
def test_activations_are_those_of_pytorch(activation):
    out = nn.Activation(activation)(FORWARDS["extreme"])
    assert out == pytest.approx(FORWARDS["activations"][activation], rel=1e-12, abs=1e-12)


def test_options_of_activations_are_those_of_pytorch():
    for name, stored in FORWARDS["options"].items():
        activation, option = name.split()
        assert nn.Activation(activation, float(option))(FORWARDS["extreme"]) == close(stored)


@pytest.mark.parametrize(("name", "kind"), [("layer norm", nn.LayerNorm), ("rms norm", nn.RMSNorm)])
def test_norms_are_those_of_pytorch(name, kind):
    stored = FORWARDS[name]
    assert flat(given_weights(kind(3), stored["weight"], stored.get("bias"))(X)) == close(stored["out"])


def test_epsilon_is_where_the_formula_has_it():
    assert [y.data for y in nn.RMSNorm(2, eps=0.75)([0.5, 0.5])] == [0.5, 0.5]
    assert [y.data for y in nn.LayerNorm(2, eps=0.75)([0.5, -0.5])] == [0.5, -0.5]
    for zeros in (nn.RMSNorm(2)([0.0, 0.0]), nn.LayerNorm(2)([3.0, 3.0]), nn.BatchNorm(1)([[3.0], [3.0]])[0]):
        assert {y.data for y in zeros} == {0.0}


def test_batch_norm_is_that_of_pytorch():
    stored = FORWARDS["batch norm"]
    norm = given_weights(nn.BatchNorm(3, momentum=0.3), stored["weight"], [0.0] * 3)
    for parameter, number in zip(norm.bias, stored["bias"], strict=True):
        parameter.data = number
    assert flat(norm(X)) == close(stored["out"])
    norm([[2 * number + 1 for number in x] for x in X])
    assert norm.running_mean == close(stored["running_mean"])
    assert norm.running_var == close(stored["running_var"])
    norm.eval()
    assert flat(norm(X)) == flat([norm(x) for x in X]) == close(stored["eval"])
    assert norm.running_mean == close(stored["running_mean"])


def test_embedding_is_that_of_pytorch():
    stored = FORWARDS["embedding"]
    assert flat(given_weights(nn.Embedding(4, 3), stored["weight"])([[0, 3], [1, 1]])) == flat(stored["out"])


def test_a_net_is_that_of_pytorch():
    stored = FORWARDS["net"]
    parts = [nn.Linear(3, 4), nn.BatchNorm(4), nn.Tanh(), nn.Linear(4, 4), nn.Linear(4, 2)]
    for place in (0, 1, 3, 4):
        given_weights(parts[place], stored[f"{place}.weight"], stored[f"{place}.bias"])
    net = nn.Sequential(*parts[:3], nn.Residual(parts[3]), parts[4])
    assert flat(net(X)) == close(stored["out"])


# ---------------------------------------------------------------------- gradients

RNG = random.Random(5)
BATCH = [[RNG.uniform(-1, 1) for _ in range(3)] for _ in range(3)]
MODULES = {
    "neuron": lambda: nn.Neuron(3, activation="tanh", seed=1),
    "layer": lambda: nn.Layer(3, 2, activation="gelu", seed=1),
    "linear": lambda: nn.Linear(3, 2, seed=1),
    "MLP": lambda: nn.MLP(3, [2, 2], activation="sigmoid", seed=1),
    "sequential": lambda: nn.Sequential(nn.Linear(3, 2, seed=1), nn.SiLU(), nn.Linear(2, 1, seed=2)),
    "residual": lambda: nn.Residual(nn.Linear(3, 3, seed=1), nn.Tanh()),
    "softmax": lambda: nn.Sequential(nn.Linear(3, 3, seed=1), nn.Softmax()),
    "layer norm": lambda: nn.LayerNorm(3),
    "RMS norm": lambda: nn.RMSNorm(3),
    "batch norm": lambda: nn.BatchNorm(3),
    "batch norm in use": lambda: nn.BatchNorm(3).eval(),
    "dropout": lambda: nn.Sequential(nn.Linear(3, 3, seed=1), nn.Dropout(0.4, seed=3)),
    "trained slope": lambda: nn.LeakyReLU(Value(0.3)),
}


@pytest.mark.parametrize("name", MODULES)
def test_gradients_by_inputs_and_parameters(name):
    module = MODULES[name]()
    inputs = [[Value(number) for number in x] for x in BATCH]

    def loss():
        for part in module.modules():
            if isinstance(part, nn.Dropout):
                part.calls = 0.0  # the same mask each time
        out = flat_nodes(module(inputs))
        return autograd.sum([math.cos(i + 1) * autograd.tanh(y) for i, y in enumerate(out)])

    report = gradcheck(loss, [*(x for row in inputs for x in row), *module.parameters()])
    assert report.ok
    assert report.counts["right"] >= 0.9 * len(report.rows)


def test_gradients_of_an_embedding():
    embedding = nn.Embedding(3, 2, seed=0)
    assert gradcheck(lambda: nn.mse(embedding([2, 0, 2]), BATCH_OF_TWO), embedding.parameters()).ok
    nn.mse(embedding([2, 0, 2]), BATCH_OF_TWO).backward()
    assert [p.grad == 0.0 for p in embedding.parameters()] == [False, False, True, True, False, False]


BATCH_OF_TWO = [[0.5, -0.5], [1.0, 0.0], [0.0, 2.0]]


# ---------------------------------------------------------------------- what layers do


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Neuron(3, seed=1),
        lambda: nn.Layer(3, 1, seed=1),
        lambda: nn.Layer(3, 2, seed=1),
        lambda: nn.MLP(3, [1, 1], seed=1),
        lambda: nn.Linear(3, 1, seed=1),
        lambda: nn.LayerNorm(3),
        lambda: nn.Sequential(nn.Layer(3, 1, seed=1), nn.Layer(1, 2, seed=1)),
    ],
)
@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_a_list_of_examples_gives_what_each_gives(make, kind):
    module = make()
    together, each = module(kind(BATCH)), [module(kind(x)) for x in BATCH]
    assert flat(together) == flat(each)
    assert len(together) == 3
    assert [hasattr(one, "__len__") for one in together] == [hasattr(one, "__len__") for one in each]


def test_bare_values_are_where_micrograd_has_them():
    x = [1.0, 2.0]
    for bare in (nn.Neuron(2), nn.Layer(2, 1), nn.MLP(2, [2, 1])):
        assert isinstance(bare(x), Value)
        assert isinstance(bare.outputs(x), list)
    for listed in (nn.Linear(2, 1), nn.Sequential(nn.Layer(2, 1)), nn.Sequential(nn.MLP(2, [1])), nn.Layer(2, 2)):
        assert isinstance(listed(x), list)


def test_dropout_leaves_out_its_share_and_keeps_the_mean():
    dropout = nn.Dropout(0.3, seed=1)
    out = dropout([Value(1.0)] * 20_000)
    kept = [y for y in out if isinstance(y, Value)]
    assert {y for y in out if not isinstance(y, Value)} == {0.0}
    assert {y.data for y in kept} == {1 / 0.7}
    assert len(kept) / len(out) == pytest.approx(0.7, abs=0.01)
    dropout.eval()
    x = [Value(1.0)]
    assert dropout(x) == x
    assert nn.Dropout(1.0, seed=0)([2.0]) == [0.0]
    assert nn.Dropout(0.0, seed=0)(x) == x


def test_dropouts_masks_follow_from_its_state():
    def masks(dropout, count):
        return [[y == 0.0 for y in dropout([[1.0] * 8, [1.0] * 8])[1]] for _ in range(count)]

    one, same, other = nn.Dropout(seed=1), nn.Dropout(seed=1), nn.Dropout(seed=2)
    seen = masks(one, 6)
    assert masks(same, 3) == seen[:3]
    assert masks(other, 6) != seen
    assert len({tuple(mask) for mask in seen}) > 3
    other.load_state_dict(same.state_dict())
    assert masks(other, 3) == seen[3:]


def test_a_residual_lets_gradients_pass():
    x = [Value(0.5), Value(-0.5)]
    deep = nn.Sequential(*(nn.Residual(nn.Linear(2, 2, init="zeros"), nn.Tanh()) for _ in range(30)))
    out = deep(x)
    out[0].backward()
    assert (out[0].data, x[0].grad) == (0.5, 1.0)


# ---------------------------------------------------------------------- activations


def test_every_activation_has_its_module():
    for spelling in ("ReLU", "LeakyReLU", "ELU", "SELU", "GELU", "SiLU", "Softplus", "Tanh", "Sigmoid", "LogSoftmax"):
        module = getattr(nn, spelling)()
        assert isinstance(module, nn.Activation)
        assert isinstance(module, getattr(nn, spelling))
        assert type(module) is getattr(activations, activations.module_name(module.name))
        again = pickle.loads(pickle.dumps(module))
        assert again([1.0, -2.0]) == module([1.0, -2.0])
        assert copy.deepcopy(module)([1.0, -2.0]) == module([1.0, -2.0])
    assert {"ReLU", "Tanh", "Softmax"} <= set(dir(nn))


def test_an_operation_that_is_registered_is_an_activation():
    autograd.register(autograd.Op("bent", "x", "sqrt(x*x + 1)/2 + x", ("x/(2*sqrt(x*x + 1)) + 1",), "Bent identity."))
    assert nn.Neuron(1, activation="bent", init="zeros")([2.0]).data == 0.5
    assert nn.Bent()([0.0]) == [0.5]
    assert nn.init.calculate_gain("bent") == pytest.approx(1 / math.sqrt(1.5))
    assert repr(nn.Neuron(2, activation="bent")) == "BentNeuron(2)"


def test_reprs_of_activations():
    assert [repr(nn.ReLU()), repr(nn.LeakyReLU(0.2)), repr(nn.ELU(alpha=2))] == [
        "ReLU()", "LeakyReLU(slope=0.2)", f"{activations.module_name('elu')}(alpha=2.0)"
    ]  # fmt: skip
    assert nn.Tanh()(0.0) == 0.0
    assert nn.ReLU()(Value(2.0)).data == 2.0


# ---------------------------------------------------------------------- modules


class Net(nn.Module):
    def __init__(self):
        self.body = nn.Sequential(nn.Linear(2, 3, seed=0), nn.BatchNorm(3), nn.Dropout(0.5, seed=1))
        self.head = {"out": nn.Layer(3, 1, seed=1)}
        self.tied = self.body.layers[0].neurons[0].w
        self.scale = [[Value(1.0), Value(2.0)]]
        self.offset = Value(0.5)

    def forward(self, x):
        return [self.head["out"](each) * self.scale[0][1] + self.offset for each in self.body(x)]


def test_names_modules_and_modes():
    net = Net()
    assert [name for name, _ in net.named_modules()][:4] == ["", "body", "body.layers.0", "body.layers.0.neurons.0"]
    assert len(net.parameters()) == 9 + 6 + 4 + 2 + 1
    assert len(set(net.parameters())) == len(net.parameters())
    assert net.training
    assert net.eval() is net
    assert {module.training for module in net.modules()} == {False}
    assert net.train() is net
    assert {module.training for module in net.modules()} == {True}
    for parameter in net.parameters():
        parameter.grad = 1.0
    net.zero_grad()
    assert {parameter.grad for parameter in net.parameters()} == {0.0}


def test_parameters_in_arrays_and_in_a_circle():
    net = nn.Module()
    net.matrix = np.array([[Value(1.0), Value(2.0)]])
    net.other = np.ones(3)
    net.inner = nn.Module()
    net.inner.outer = net
    assert [name for name, _ in net.named_parameters()] == ["matrix.0.0", "matrix.0.1"]
    assert net.state_dict() == {"matrix": [[1.0, 2.0]]}
    net.load_state_dict({"matrix": np.array([[3.0, 4.0]])})
    assert [p.data for p in net.parameters()] == [3.0, 4.0]


def test_deep_nesting():
    deep = [Value(1.0)]
    for _ in range(20_000):
        deep = [deep]
    net = nn.Module()
    net.deep = deep
    assert len(net.parameters()) == 1


def test_a_summary_counts_shared_parameters_once():
    summary = Net().summary()
    assert summary.splitlines()[-1].split() == ["total", "Net", "22"]
    assert "body.layers.0  Linear(2, 3)" in summary
    assert "head.out" in summary
    assert "Layer(3 to 1, relu)" in summary
    assert nn.Neuron(2).summary().splitlines()[-1].split() == ["total", "Neuron", "3"]


def test_reprs():
    assert repr(Net()).splitlines() == ["Net(", *[f"  {line}" for line in (
        "(body): Sequential of [Linear(2, 3), BatchNorm(3), Dropout(0.5)]",
        "(head.out): Layer of [ReLUNeuron(3)]",
    )], ")"]  # fmt: skip
    assert repr(nn.Residual(nn.RMSNorm(2), nn.Embedding(3, 2))) == "Residual of [RMSNorm(2), Embedding(3, 2)]"
    assert repr(nn.Neuron(2, activation="leaky_relu")) == "LeakyReLUNeuron(2)"


def test_forward_hooks():
    model, seen = nn.MLP(2, [3, 1], seed=0), []
    with model.layers[0].register_forward_hook(lambda module, inputs, out: seen.append((module, inputs, out))):
        handle = model.layers[1].register_forward_hook(lambda *parts: seen.append(parts))
        model([1.0, 2.0])
    handle.remove()
    model([1.0, 2.0])
    assert [module for module, _, _ in seen] == model.layers
    assert seen[0][1] == ([1.0, 2.0],)
    assert seen[1][1] == (seen[0][2],)
    assert [len(out) for _, _, out in seen] == [3, 1]
    first, second = (model.register_forward_hook(lambda *parts, name=name: seen.append(name)) for name in "ab")
    model([1.0, 2.0])
    first.remove()
    model([1.0, 2.0])
    second.remove()
    assert seen[2:] == ["a", "b", "b"]


def test_a_module_that_defines_its_call_is_a_part_as_any_other():
    class Double(nn.Module):
        def __call__(self, x):
            return [2 * each for each in x]

    class Total(nn.Module):
        def __call__(self, x):
            return autograd.sum(x)

    model = nn.Sequential(Double(), Total(), nn.Layer(1, 2, nonlin=False, init="zeros"), autograd.softmax)
    assert [y.data for y in model([1.0, 2.0])] == [0.5, 0.5]
    with pytest.raises(NotImplementedError, match="Module must define forward"):
        nn.Module()([1.0])


# ---------------------------------------------------------------------- a parameter that is no leaf any more


def test_a_parameter_that_an_update_has_replaced_is_an_error_that_explains_itself():
    model = nn.MLP(2, [2, 1], seed=0)
    model([1.0, 2.0]).backward()
    neuron = model.layers[0].neurons[1]
    neuron.w[0] -= 0.1 * neuron.w[0].grad
    for use in (model.parameters, model.zero_grad, model.named_parameters):
        with pytest.raises(ValueError, match=r"layers\.0\.neurons\.1\.w\.0 is no parameter any more.*p\.data -= lr"):
            use()
    neuron = nn.Neuron(2, seed=0)
    neuron.b = neuron.b + -0.1 * 3.0 - 0.5
    with pytest.raises(ValueError, match="b is no parameter any more"):
        neuron.parameters()


def test_computed_nodes_may_be_kept_in_a_module():
    net = nn.Module()
    net.w = Value(1.0)
    net.shifted = net.w - 1.0
    net.doubled = 2 * net.w
    net.difference = net.w - Value(2.0)
    net.mixed = [Value(3.0), 2 * net.w]
    assert net.parameters() == [net.w, net.mixed[0]]
    assert net.state_dict() == {"w": 1.0, "mixed.0": 3.0}


# ---------------------------------------------------------------------- state


def test_the_state_makes_another_one_compute_the_same():
    one, other = Net(), Net()
    rng = random.Random(1)
    batch = [[rng.gauss(0, 1) for _ in range(2)] for _ in range(4)]
    for parameter in one.parameters():
        parameter.data = rng.gauss(0, 1)
    one(batch)
    saved = one.state_dict()
    assert json.loads(json.dumps(saved)) == saved
    assert {"body.layers.0.neurons.0.w", "body.layers.1.running_mean", "body.layers.2.calls", "offset"} <= set(saved)
    assert saved["scale"] == [[p.data for p in one.scale[0]]]
    other.load_state_dict(saved)
    assert flat(other(batch)) == flat(one(batch))
    assert flat(other.eval()(batch)) == flat(one.eval()(batch))
    one.body.layers[1].running_mean[0] = 99.0
    assert saved["body.layers.1.running_mean"][0] != 99.0


NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(NUMBERS, min_size=13, max_size=13))
def test_files_keep_every_bit(tmp_path_factory, numbers):
    pytest.importorskip("safetensors", reason="needs safetensors")
    path = tmp_path_factory.mktemp("saved") / "model.safetensors"
    one, other = nn.MLP(2, [3, 1], seed=0), nn.MLP(2, [3, 1], seed=1)
    for parameter, number in zip(one.parameters(), numbers, strict=True):
        parameter.data = number
    one.save(path)
    assert other.load(path) is other
    assert [p.data.hex() for p in other.parameters()] == [p.data.hex() for p in one.parameters()]
    assert [entry.name for entry in path.parent.iterdir()] == ["model.safetensors"]


def test_files_are_those_of_safetensors(tmp_path):
    library = pytest.importorskip("safetensors.numpy", reason="needs safetensors")
    path = tmp_path / "model.safetensors"
    net = Net()
    net.save(path)
    there = library.load_file(path)
    assert {name: array.tolist() for name, array in there.items()} == net.state_dict()
    library.save_file({name: array.astype(np.float32) for name, array in there.items()}, path)
    other = Net()
    other.load(path)
    assert [p.data for p in other.parameters()] == [float(np.float32(p.data)) for p in net.parameters()]


def test_damaged_files(tmp_path):
    pytest.importorskip("safetensors", reason="needs safetensors")
    model, path = nn.MLP(2, [2, 1], seed=0), tmp_path / "model.safetensors"
    model.save(path)
    data, before = path.read_bytes(), model.state_dict()
    for damaged in (b"", b"nothing", data[:-8], data[: len(data) // 2], data.replace(b"F64", b"F99")):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="is not a safetensors file, or is damaged"):
            model.load(path)
    nn.MLP(2, [3, 1], seed=0).save(path)
    with pytest.raises(ValueError, match="has no 'layers.0.neurons.2.b', 'layers.0.neurons.2.w'"):
        model.load(path)
    with pytest.raises(FileNotFoundError):
        model.load(tmp_path / "none.safetensors")
    assert model.state_dict() == before


def test_a_file_stays_if_writing_fails(tmp_path, monkeypatch):
    library = pytest.importorskip("safetensors.numpy", reason="needs safetensors")
    path = tmp_path / "model.safetensors"
    nn.Neuron(1, seed=0).save(path)
    before = path.read_bytes()
    monkeypatch.setattr(library, "save", lambda tensors: ["not bytes"])
    with pytest.raises(TypeError):
        nn.Neuron(1, seed=1).save(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.safetensors"]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (lambda s: s.pop("b"), ValueError, "the state lacks 'b' of this Neuron"),
        (lambda s: s.update(bias=s.pop("b")), ValueError, "the state lacks 'b'"),
        (lambda s: s.update(ww=1.0), ValueError, "this Neuron has no 'ww'; did you mean 'w'"),
        (lambda s: s.update(w=[1.0]), ValueError, "w must have 2 numbers, but the state has 1 numbers"),
        (lambda s: s.update(w=1.0), ValueError, "w must have 2 numbers, but the state has one number"),
        (lambda s: s.update(w=[[1.0], 2.0]), ValueError, "lists of different lengths"),
        (lambda s: s.update(w=["a", "b"]), TypeError, "w must be a real number"),
        (lambda s: s.update(b=None), TypeError, "b must be a real number"),
    ],
)
def test_a_wrong_state_changes_nothing(change, kind, text):
    neuron = nn.Neuron(2, seed=0)
    before, state = neuron.state_dict(), nn.Neuron(2, seed=1).state_dict()
    change(state)
    with pytest.raises(kind, match=text):
        neuron.load_state_dict(state)
    assert neuron.state_dict() == before


def test_a_part_of_a_state():
    neuron = nn.Neuron(2, seed=0)
    neuron.load_state_dict({"b": 3.0, "other": 1.0}, strict=False)
    assert (neuron.b.data, neuron.w) == (3.0, neuron.w)
    with pytest.raises(TypeError, match="state must be a dict"):
        neuron.load_state_dict([1.0])


# ---------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (nn.Sequential, ValueError, "at least one module"),
        (lambda: nn.Sequential(nn.ReLU), TypeError, r"is a class: write ReLU\(\.\.\.\)"),
        (lambda: nn.Sequential(3), TypeError, "a part must be a module, not int 3"),
        (lambda: nn.Residual(nn.Linear(2, 3))([1.0, 2.0]), ValueError, "as many outputs as inputs .* has 3 for 2"),
        (lambda: nn.Sequential(nn.Linear(2, 3), nn.Linear(2, 1))([1.0, 2.0]), ValueError, "takes 2 inputs, not 3"),
        (lambda: nn.LayerNorm(2)([1.0]), ValueError, r"LayerNorm\(2\) takes 2 inputs, not 1"),
        (lambda: nn.BatchNorm(2)([[1.0, 2.0]]), ValueError, "at least 2 examples while it is trained"),
        (lambda: nn.BatchNorm(2)([1.0, 2.0]), ValueError, r"call model\.eval\(\) first"),
        (lambda: nn.BatchNorm(2)([[1.0, 2.0], [1.0]]), ValueError, "takes 2 inputs, not 1"),
        (lambda: nn.BatchNorm(2, momentum=2), ValueError, "momentum must be from 0 to 1"),
        (lambda: nn.RMSNorm(2, eps=-1.0), ValueError, "eps must be zero or positive"),
        (lambda: nn.Dropout(1.5), ValueError, "Dropout: p must be from 0 to 1, not 1.5"),
        (lambda: nn.Dropout("a"), TypeError, "p must be a real number"),
        (lambda: nn.Embedding(3, 2)(3), ValueError, "an index must be from 0 to 2, not 3"),
        (lambda: nn.Embedding(3, 2)(-1), ValueError, "from 0 to 2, not -1"),
        (lambda: nn.Embedding(3, 2)(1.0), TypeError, "must be an integer, not float"),
        (lambda: nn.Embedding(0, 2), ValueError, "num_embeddings must be at least 1"),
        (lambda: nn.Rellu, AttributeError, "did you mean 'ReLU'"),
        (lambda: nn.Sequental, AttributeError, "did you mean 'Sequential'"),
        (lambda: nn.Dot, AttributeError, "has no attribute 'Dot'"),
        (lambda: nn.Activation("sigmod"), ValueError, "did you mean 'sigmoid'"),
        (lambda: nn.ReLU(0.1), TypeError, "ReLU takes nothing else, not 0.1"),
        (lambda: nn.LeakyReLU(alpha=0.1), TypeError, "LeakyReLU takes 'slope', not alpha=0.1"),
        (lambda: nn.LeakyReLU("a"), TypeError, "LeakyReLU: slope must be a real number"),
        (lambda: nn.Neuron(2, bias=1), TypeError, "bias must be True or False"),
        (lambda: nn.Neuron(2).train("yes"), TypeError, "mode must be True or False"),
        (lambda: nn.Layer(2, 2)("ab"), TypeError, "takes a sequence of 2 inputs, not str"),
        (lambda: nn.Layer(2, 2)([[1.0, 2.0], [1.0]]), ValueError, "takes 2 inputs, not 1"),
    ],
)
def test_wrong_arguments(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


def test_no_names_of_operations_are_kept():
    """Every activation that is tested here comes from the table."""
    assert set(FORWARDS["layers"]) <= set(TABLE)
