"""Models handed on to JAX and to PyTorch compute what they compute here, with the same gradients."""

import os
import random
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nn
from autograd import Value
from autograd.errors import ArgumentError, MissingExtraError, OperandError, UnsupportedError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    jax = pytest.importorskip("jax", reason="needs jax")
    jax.config.update("jax_enable_x64", True)  # noqa: FBT003 - its signature
    jax.config.update("jax_disable_most_optimizations", True)  # noqa: FBT003 - it compiles sooner
    jnp = jax.numpy
    try:
        import torch
    except ImportError:
        torch = None

needs_torch = pytest.mark.skipif(torch is None, reason="needs torch")

ELEMENTWISE = ["relu", "tanh", "gelu", "gelu_tanh", "silu", "mish", "softplus", "elu", "selu", "sigmoid", "hardtanh"]
ELEMENTWISE += ["softsign", "log_sigmoid", "leaky_relu"]


def model_of_all():
    shared = nn.Linear(4, 4, seed=3)
    model = nn.Sequential(
        nn.Linear(3, 4, seed=0), nn.BatchNorm(4), nn.ReLU(), nn.Residual(shared, nn.Tanh(), shared),
        nn.Dropout(0.5, seed=1), nn.LayerNorm(4), nn.Layer(4, 5, activation="gelu", seed=2), nn.RMSNorm(5),
        nn.LeakyReLU(0.2), nn.Linear(5, 3, bias=False, seed=4), nn.Softmax(),
    )  # fmt: skip
    generator = random.Random(0)
    for part in model.modules():
        if isinstance(part, nn.BatchNorm | nn.LayerNorm | nn.RMSNorm):
            for parameter in part.parameters():
                parameter.data = generator.uniform(0.5, 1.5)
    for _ in range(3):  # so that the running averages are some
        model([[generator.gauss(0, 1) for _ in range(3)] for _ in range(5)])
    return model.eval()


def numbers_and_gradients(model, x):
    """Compute a weighted sum of the outputs here: the outputs, and each parameter's gradient."""
    model.zero_grad()
    outputs = model(x.tolist())
    flat = [number for row in outputs for number in (row if isinstance(row, list) else [row])]
    autograd.dot(flat, [0.1 * (place % 7) - 0.3 for place in range(len(flat))]).backward()
    return np.array([number.data for number in flat]), [parameter.grad for parameter in model.parameters()]


def points(count, width):
    return np.random.default_rng(0).normal(size=(count, width))


def close(found, wanted, tolerance=1e-12):
    found, wanted = np.ravel(np.asarray(found)), np.ravel(np.asarray(wanted))
    return np.allclose(found, wanted, rtol=tolerance, atol=tolerance * max(1.0, np.abs(wanted).max()))


def check_jax(model, x):
    apply, params = nn.to_jax(model)
    wanted, slopes = numbers_and_gradients(model, x)
    factors = 0.1 * (np.arange(len(wanted)) % 7) - 0.3
    total = lambda params: (apply(params, x).ravel() * factors).sum()
    assert close(apply(params, x), wanted)
    assert close(apply(params, x[0]), wanted[: len(wanted) // len(x)])
    by_name = jax.jit(jax.grad(total))(params)
    apply_to_gradients(model, by_name, slopes)


def apply_to_gradients(model, by_name, slopes):
    """See that the gradients of a model's parameters, put into arrays as the parameters are, are those."""
    for parameter, slope in zip(model.parameters(), slopes, strict=True):
        parameter.data = slope
    _, as_arrays = nn.to_jax(model)
    assert by_name.keys() == as_arrays.keys()
    for name, array in by_name.items():
        assert close(array, as_arrays[name]), name


def check_torch(model, x):
    module = nn.to_torch(model)
    wanted, slopes = numbers_and_gradients(model, x)
    factors = torch.tensor(0.1 * (np.arange(len(wanted)) % 7) - 0.3)
    outputs = module(torch.tensor(x))
    assert close(outputs.detach(), wanted)
    (outputs.ravel() * factors).sum().backward()
    found = torch.cat([parameter.grad.ravel() for parameter in module.parameters()])
    ours = {id(value): slope for value, slope in zip(model.parameters(), slopes, strict=True)}
    assert close(found, [ours[id(value)] for value in in_the_order_of_torch(model)])
    back = nn.from_torch(module)
    again, slopes_again = numbers_and_gradients(back, x)
    assert close(again, wanted, 0.0 if not isinstance(model, nn.MLP) else 1e-15)
    assert close(sorted(slopes_again), sorted(slopes), 1e-15)


def in_the_order_of_torch(model):
    """List parameters as PyTorch does: of a layer all weights, then the biases."""
    listed = []
    for part in model.modules():
        if isinstance(part, nn.Layer):
            listed += [*(value for row in part.weight for value in row), *(part.bias or [])]
        elif isinstance(part, nn.Neuron) and part is model:
            listed += [*part.w, part.b]
        elif isinstance(part, nn.BatchNorm | nn.LayerNorm | nn.RMSNorm | nn.Embedding):
            listed += part.parameters()
    return listed


MODELS = {
    "all modules": model_of_all,
    "a neuron": lambda: nn.Neuron(3, activation="tanh", seed=0),
    "a layer of one": lambda: nn.Layer(3, 1, seed=0),
    "an MLP": lambda: nn.MLP(3, [4, 4, 1], activation="tanh", seed=0),
    "an MLP of two outputs": lambda: nn.MLP(3, [4, 2], activation="sigmoid", seed=0),
    "Linear": lambda: nn.Linear(3, 1, seed=0),
    "log_softmax": lambda: nn.Sequential(nn.Linear(3, 4, seed=0), nn.LogSoftmax()),
    **{name: lambda name=name: nn.Layer(3, 2, activation=name, seed=1) for name in ELEMENTWISE},
    "sin": lambda: nn.Sequential(nn.Linear(3, 4, seed=0), nn.Sin(), nn.ELU(0.5)),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in ELEMENTWISE[2:] else ()) for name in MODELS]
)
def test_models_in_jax(name):
    check_jax(MODELS[name](), points(5, 3))


@needs_torch
@pytest.mark.parametrize("name", MODELS)
def test_models_in_torch(name):
    check_torch(MODELS[name](), points(5, 3))


@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.sampled_from(ELEMENTWISE), st.integers(0, 3))
@settings(max_examples=3)
def test_random_networks(widths, activation, seed):
    model = nn.MLP(widths[0], widths[1:], activation=activation, seed=seed)
    x = points(3, widths[0])
    if torch is not None:
        check_torch(model, x)
    check_jax(model, x)


@pytest.fixture(scope="module")
def trained():
    x, y = nn.datasets.moons(60, noise=0.1, seed=0)
    model = nn.Sequential(nn.Linear(2, 8, seed=0), nn.Tanh(), nn.LayerNorm(8), nn.Linear(8, 1, seed=1))
    nn.fit(model, x, y, loss="bce_with_logits", optimizer="adam", lr=0.05, epochs=5, seed=0, progress=False)
    return model.eval(), np.array(x[:10])


def test_a_trained_model_in_jax(trained):
    model, x = trained
    state = model.state_dict()
    check_jax(model, x)
    model.load_state_dict(state)


@needs_torch
def test_a_trained_model_in_torch(trained):
    check_torch(*trained)


def test_names_of_parameters_and_arrays_of_any_shape():
    apply, params = nn.to_jax(nn.MLP(2, [3, 1], seed=0))
    assert {name: array.shape for name, array in params.items()} == {
        "layers.0.weight": (3, 2), "layers.0.bias": (3,), "layers.1.weight": (1, 3), "layers.1.bias": (1,),
    }  # fmt: skip
    assert apply(params, jnp.ones(2)).shape == ()
    assert apply(params, jnp.ones((5, 4, 2))).shape == (5, 4)
    assert jax.vmap(apply, (None, 0))(params, jnp.ones((5, 2))).shape == (5,)
    slope = nn.to_jax(nn.Sequential(nn.LeakyReLU(Value(0.2)), nn.Neuron(2, bias=False)))[1]
    assert {*slope} == {"layers.0.options.slope", "layers.1.w"}


def test_a_function_of_the_table_among_modules():
    model = nn.Sequential(nn.Linear(2, 3, seed=0), autograd.softmax)
    apply, params = nn.to_jax(model)
    wanted = [out.data for out in model([1.0, -1.0])]
    assert close(apply(params, jnp.array([[1.0, -1.0]])), wanted)
    if torch is not None:
        assert close(nn.to_torch(model)(torch.tensor([[1.0, -1.0]], dtype=torch.float64)).detach(), wanted)


def test_an_option_that_is_trained():
    apply, params = nn.to_jax(nn.LeakyReLU(Value(0.2)))
    assert apply(params, jnp.array([-1.0, 2.0])).tolist() == [-0.2, 2.0]
    assert jax.grad(lambda params: apply(params, jnp.array([-3.0, 2.0])).sum())(params) == {"options.slope": -3.0}


def test_embeddings():
    model = nn.Sequential(nn.Embedding(4, 3, seed=0), nn.Linear(3, 2, seed=0))
    apply, params = nn.to_jax(model)
    indices = [0, 3, 3]
    wanted = [[out.data for out in row] for row in model(indices)]
    assert close(apply(params, jnp.array(indices)), wanted)
    assert apply(params, jnp.array([4, -1])).shape == (2, 2)
    assert np.isnan(apply(params, jnp.array([4, -1]))).all()
    with pytest.raises(OperandError, match=r"Embedding\(4, 3\): an index must be an integer, not float64"):
        apply(params, jnp.ones(2))
    if torch is not None:
        module = nn.to_torch(model)
        assert close(module(torch.tensor(indices)).detach(), wanted)
        assert nn.from_torch(module)(1)[0].data == model(1)[0].data


def test_what_is_shared_stays_shared():
    model = nn.Sequential(nn.Linear(2, 2, seed=0), nn.Tanh(), nn.Linear(2, 2, seed=1))
    for one, other in zip(model[0].neurons, model[2].neurons, strict=True):
        other.w = one.w
    assert {*nn.to_jax(model)[1]} == {"layers.0.weight", "layers.0.bias", "layers.2.bias"}
    check_jax(model, points(3, 2))
    model[2].neurons[0].w = model[0].neurons[1].w
    with pytest.raises(ArgumentError, match=r"layers\.2\.weight shares some of its parameters with others"):
        nn.to_jax(model)


@needs_torch
def test_what_is_shared_stays_shared_in_torch():
    shared = nn.Linear(2, 2, seed=0)
    module = nn.to_torch(nn.Sequential(shared, nn.Tanh(), shared))
    assert module[0] is module[2]
    module[2] = torch.nn.Linear(2, 2, dtype=torch.float64)
    module[2].weight = module[0].weight
    back = nn.from_torch(module)
    assert back[2].neurons[1].w[0] is back[0].neurons[1].w[0]
    assert len(back.parameters()) == 8


@needs_torch
def test_parts_are_being_trained_or_not():
    model = nn.Sequential(nn.Linear(2, 2, seed=0), nn.BatchNorm(2), nn.Dropout(0.25, seed=0))
    module = nn.to_torch(model)
    assert module.training
    assert module[2].p == 0.25
    model[2].eval()
    module = nn.to_torch(model)
    assert (module.training, module[1].training, module[2].training) == (True, True, False)
    back = nn.from_torch(module)
    assert (back.training, back[1].training, back[2].training) == (True, True, False)
    x = points(4, 2)
    wanted = module(torch.tensor(x))
    assert close([[out.data for out in row] for row in model(x.tolist())], wanted.detach())
    assert close(module[1].running_var, model[1].running_var)


@needs_torch
def test_translating_draws_no_random_number():
    state, seeded = torch.random.get_rng_state(), random.getstate()
    nn.from_torch(nn.to_torch(nn.Sequential(nn.Embedding(3, 2, seed=0), nn.Linear(2, 2, seed=0), nn.LayerNorm(2))))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert random.getstate() == seeded


class Doubled(nn.Module):
    def forward(self, x):
        return [2 * each for each in x]


class Wide(nn.MLP):
    def __init__(self):
        super().__init__(2, [3, 1], seed=0)


class Negated(nn.MLP):
    def forward(self, x):
        return [-each for each in super().forward(x)]


def test_a_derived_class_is_what_it_computes():
    apply, params = nn.to_jax(Wide())
    assert close(apply(params, jnp.ones(2)), Wide()([1.0, 1.0]).data)
    with pytest.raises(UnsupportedError, match="the model is a Negated, which JAX has no counterpart of"):
        nn.to_jax(Negated(2, [1]))


def test_what_cannot_be_handed_on_to_jax_is_named():
    model = nn.Sequential(nn.Linear(2, 2), nn.Residual(Doubled()))
    with pytest.raises(UnsupportedError, match=r"layers\.1\.layers\.0 is a Doubled, .*record\(model, .*to_jax\(\)"):
        nn.to_jax(model)
    with pytest.raises(UnsupportedError, match=r"layers\.0 is a function <lambda>"):
        nn.to_jax(nn.Sequential(lambda x: x))
    with pytest.raises(OperandError, match="model must be a Module, not list"):
        nn.to_jax([nn.Linear(2, 2)])
    apply, params = nn.to_jax(nn.Linear(2, 2))
    with pytest.raises(ArgumentError, match=r"Linear\(2, 2\) takes 2 inputs, not an array of shape \(5, 3\)"):
        apply(params, jnp.ones((5, 3)))
    apply, params = nn.to_jax(nn.Residual(nn.Linear(2, 3)))
    with pytest.raises(ArgumentError, match="needs as many outputs as inputs to add them, but has 3 for 2"):
        apply(params, jnp.ones(2))
    mixed = nn.Layer(2, 2)
    mixed.neurons[0].b = 0.0
    with pytest.raises(ArgumentError, match="either every neuron must have a bias that is a parameter, or none"):
        nn.to_jax(mixed)
    mixed.neurons[1].b, mixed.neurons[1].activation = 0.0, "tanh"
    with pytest.raises(ArgumentError, match="must have one activation, not relu, tanh"):
        nn.to_jax(mixed)
    mixed.neurons[1].w[0] = 1.0
    with pytest.raises(ArgumentError, match="weight must be parameters, in lists of one length"):
        nn.to_jax(mixed)


@needs_torch
def test_what_cannot_be_handed_on_to_torch_is_named():
    with pytest.raises(UnsupportedError, match=r"layers\.0 is a Doubled, which PyTorch has no counterpart of"):
        nn.to_torch(nn.Sequential(Doubled()))
    with pytest.raises(UnsupportedError, match="the activation 'cbrt'; write it as"):
        nn.to_torch(nn.Layer(2, 2, activation="cbrt"))
    with pytest.raises(UnsupportedError, match="with an option that is trained"):
        nn.to_torch(nn.LeakyReLU(Value(0.1)))
    with pytest.raises(OperandError, match="to_torch: model must be a Module, not Linear"):
        nn.to_torch(torch.nn.Linear(1, 1))


@needs_torch
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda n: n.Sequential(n.Linear(2, 2), n.Sequential(n.Conv1d(1, 1, 1))),
            r"1\.0 is a Conv1d, which chainrule has no",
        ),
        (
            lambda n: n.Embedding(2, 2, padding_idx=0),
            "the model is a Embedding, .* padding_idx must be None there, not 0",
        ),
        (lambda n: n.LayerNorm(2, elementwise_affine=False), "elementwise_affine must be True there, not False"),
        (lambda n: n.LayerNorm((2, 2)), r"normalized_shape must be one number there, not \(2, 2\)"),
        (lambda n: n.LayerNorm(2, bias=False), "bias must be True there"),
        (lambda n: n.BatchNorm1d(2, affine=False), "affine must be True"),
        (lambda n: n.BatchNorm1d(2, momentum=None), "momentum must be a number"),
        (lambda n: n.Softmax(dim=0), "dim must be -1 or 1 there, not 0"),
        (lambda n: n.Softplus(beta=2.0), "beta must be 1.0 there, not 2.0"),
        (lambda n: n.Softplus(threshold=1.0), "threshold must be at least 20 there, not 1.0"),
        (lambda n: n.Hardtanh(-2.0, 2.0), "min_val must be -1.0 there, not -2.0"),
        (lambda n: n.Sequential(n.Sequential()), "0 must have a module at least, but is empty"),
        (lambda n: "module", "must be a torch.nn.Module, not str 'module'"),
    ],
)
def test_what_cannot_be_taken_from_torch_is_named(make, message):
    with pytest.raises((UnsupportedError, ArgumentError, OperandError), match=f"from_torch: .*{message}"):
        nn.from_torch(make(torch.nn))


@needs_torch
def test_single_precision_is_taken_as_it_is():
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.GELU(approximate="tanh"), torch.nn.RMSNorm(3))
    model = nn.from_torch(module)
    assert model.state_dict()["layers.0.neurons.1.w"] == module[0].weight[1].tolist()
    assert model[2].eps == sys.float_info.epsilon


def test_without_torch_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"chainrule\[torch\]"):
        nn.to_torch(nn.Linear(1, 1))
    with pytest.raises(MissingExtraError, match=r"chainrule\[torch\]"):
        nn.from_torch(None)


def test_neither_is_imported_unless_it_is_used():
    code = "import sys, autograd, nn; print({'jax', 'torch', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


DATA_PARALLEL = """
    import jax, numpy as np
    jax.config.update("jax_enable_x64", True)
    from jax.sharding import NamedSharding, PartitionSpec
    import nn

    assert jax.device_count() == 4
    apply, params = nn.to_jax(nn.MLP(3, [8, 1], activation="tanh", seed=0))
    generator = np.random.default_rng(0)
    x = generator.normal(size=(32, 3))
    y = np.sin(x.sum(axis=1))

    @jax.jit
    def step(params, x, y):
        loss, grads = jax.value_and_grad(lambda params: ((apply(params, x) - y) ** 2).mean())(params)
        return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads), loss

    def train(params, x, y):
        for _ in range(20):
            params, loss = step(params, x, y)
            loss.block_until_ready()  # devices that are one processor wait for each other if they run ahead
        return params, loss

    mesh = jax.make_mesh((4,), ("data",))
    rows, everywhere = NamedSharding(mesh, PartitionSpec("data")), NamedSharding(mesh, PartitionSpec())
    one, loss_on_one = train(params, x, y)
    four, loss_on_four = train(jax.device_put(params, everywhere), *jax.device_put((x, y), rows))
    assert len(jax.device_put(x, rows).sharding.device_set) == 4
    assert all(len(each.sharding.device_set) == 4 for each in four.values())
    assert loss_on_one < 0.5 * ((apply(params, x) - y) ** 2).mean()
    assert abs(loss_on_one - loss_on_four) <= 1e-14
    for name in one:
        assert np.allclose(one[name], four[name], rtol=1e-13, atol=1e-15), name
    print("equal")
"""


def test_training_on_several_devices_is_training_on_one():
    environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    code = textwrap.dedent(DATA_PARALLEL)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout) == (0, "equal\n"), done.stderr
