# %% [markdown]
# # 11 · Leaving for bigger machines
#
# A graph of scalars is for looking at: every number is there to be drawn, stepped through and checked. What has been understood may be
# outgrown. This is how to go on with what you have built, without writing it again. In this notebook you will learn
#
# - *when* to leave, and for what;
# - to hand a recorded program on to JAX, which compiles it, differentiates it to any order and maps it over examples;
# - to hand on a network so that its layers stay products of matrices;
# - to train on several devices at once, and see that the numbers are those of one;
# - to take a network to PyTorch, and back.
#
# You need notebook 6, and `pip install 'chainrule[jax]'`. For PyTorch, `pip install 'chainrule[torch]'`.

# %% [markdown]
# ## When to leave
#
# | you have | stay, with | leave, with |
# |---|---|---|
# | an expression, a neuron, a first network | `Value`, `steps`, `draw` | |
# | up to some $10^4$ parameters, one machine | `fit`, which runs programs | |
# | a formula of your own, and you need higher derivatives of it at many points | `record` | `program.to_jax()` |
# | layers with thousands of neurons, a GPU | | `nn.to_jax(model)`, `nn.to_torch(model)` |
# | more data than one device gets through | | `nn.to_jax(model)`, over devices and hosts |
# | a model that others want to use or to train on | | `nn.to_torch(model)` |
#
# What you lose on the way: a node for each number, with its place in your code. What you keep: the numbers. Each hand-off is tested to
# give the same outputs and the same gradients.
#
# JAX computes in single precision unless told otherwise, and asks the processor for one device. Both are said before anything else is
# done. Here the one processor pretends to be four devices, so that all of this can be tried at home.

# %%
import os

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", val=True)
print(jax.device_count(), "devices")

# %% [markdown]
# ## A formula: `program.to_jax()`
#
# A recorded program is a straight line of operations. `to_jax` gives it as a function of JAX's arrays, for one example. From there it is
# JAX's: `jax.jit` compiles, `jax.vmap` makes it a function of many examples, `jax.grad`, `jax.jacobian` and `jax.hessian` differentiate.

# %%
from autograd import record, sigmoid, sqrt, where

program = record(lambda x: sigmoid(x[0] * x[1]) + x[0] ** 2, inputs=[0.5, 2.0])
f = program.to_jax()

x = jnp.array([0.5, 2.0])
print("value    ", program([0.5, 2.0]), float(f(x)))
print(
    "gradient ", program.value_and_grad([0.5, 2.0])[1].round(12), jax.grad(f)(x).round(12)
)
print("Hessian  ", np.array(jax.hessian(f)(x)).round(6).tolist())

# %%
many = jax.jit(jax.vmap(jax.grad(f)))
points = np.random.default_rng(0).normal(size=(1000, 2))
print(
    "the same, up to rounding:",
    np.abs(many(points) - program.value_and_grad(points)[1]).max() < 1e-14,
)

# %% [markdown]
# JAX does not use rules of its own for this: it is given those of the table, the same that `help(autograd.tanh)` shows. So what holds
# here holds there. At $x = 20$ the slope of tanh is $1.7 \cdot 10^{-17}$; the textbook's $1 - \tanh^2 x$ has lost it.

# %%
slope_of_tanh = jax.grad(record(lambda x: x[0].tanh(), [0.5]).to_jax())
print("handed on:", f"{slope_of_tanh(jnp.array([20.0]))[0]:.3e}")
print("JAX's own:", f"{jax.grad(jnp.tanh)(20.0):.3e}")

# %% [markdown]
# And the branch that is not taken gets nothing, even where its slope is infinite. In JAX that is a well-known trap: zero times infinity
# is nan.

# %%
safe = record(lambda x: where(x[0], sqrt(x[0]), 1.0), [4.0]).to_jax()
trap = lambda x: jnp.where(x[0] > 0, jnp.sqrt(x[0]), 1.0)
zero = jnp.zeros(1)
print("handed on:", jax.grad(safe)(zero)[0], " JAX's own:", jax.grad(trap)(zero)[0])

# %% [markdown]
# What differs: JAX raises nothing for a number. Where a run of the program raises, the result is inf or nan; where a comparison in your
# code would have gone another way than while recording, it is nan, and its gradient too.
#
# What it costs: operations of one kind at one depth are computed together, so a layer is compiled as one. But what comes one after the
# other is compiled one after the other, and the compiler takes its time: seconds for a hundred such steps with their gradient, a minute
# for some hundreds, and more than in proportion beyond. A network is better handed on by its layers.

# %% [markdown]
# ## A network: `nn.to_jax(model)`
#
# It gives a function and the parameters, as arrays by name. The function takes them first, as is the custom in JAX, and does what the
# model does after `eval()`.

# %%
import nn

X, y = (np.array(each) for each in nn.datasets.moons(400, noise=0.1, seed=0))
model = nn.MLP(2, [16, 16, 1], activation="tanh", init="xavier_uniform", seed=0)
apply, params = nn.to_jax(model)
for name, array in params.items():
    print(f"{name:16} {array.shape}")

# %%
here = np.array([out.data for out in model(X.tolist())])
there = jax.jit(apply)(params, X)
print("the same, up to rounding:", np.abs(here - there).max() < 1e-14)

# %% [markdown]
# A loss and a step, in JAX's way: a function from old parameters to new ones. (In earnest take the rules of `optax`.)


# %%
def loss(params, X, y):
    logits = apply(params, X)
    return jnp.mean(jax.nn.softplus(logits) - y * logits)


@jax.jit
def step(params, X, y):
    value, slopes = jax.value_and_grad(loss)(params, X, y)
    return jax.tree.map(lambda p, slope: p - 1.0 * slope, params, slopes), value


def train(params, X, y, steps=300):
    for _ in range(steps):
        params, value = step(params, X, y)
        value.block_until_ready()  # four devices in one processor must not run ahead
    return params, float(value)


one, loss_on_one = train(params, X, y)
right = ((apply(one, X) > 0) == y).mean()
print(f"loss {loss_on_one:.4f}, {right:.1%} right")

# %% [markdown]
# ## Several devices
#
# The gradient of a mean over examples is a mean of gradients. So examples can be dealt out: each device has the parameters and a part of
# the examples, computes its part of the gradient, and they add up. That is *data-parallel* training. With `jax.sharding` one says where
# arrays are; the same `step` then runs on all devices, and the compiler puts in the additions between them.

# %%
from jax.sharding import NamedSharding, PartitionSpec

mesh = jax.make_mesh((4,), ("data",))
rows = NamedSharding(mesh, PartitionSpec("data"))  # the first axis is dealt out
everywhere = NamedSharding(mesh, PartitionSpec())  # each has all of it

X4, y4 = jax.device_put((X, y), rows)
params4 = jax.device_put(params, everywhere)
for part in X4.addressable_shards:
    print(
        f"device {part.device.id} has the examples {part.index[0].start or 0} to {(part.index[0].stop or 400) - 1}"
    )

# %%
four, loss_on_four = train(params4, X4, y4)
differences = [np.abs(one[name] - four[name]).max() for name in one]
print(f"loss {loss_on_four:.4f}")
print("the same parameters, up to rounding:", max(differences) < 1e-10)

# %% [markdown]
# They are not the same bits: sums are added in another order. On real devices delete the first lines above, which made four of one. On
# several hosts start the same script on each with `jax.distributed.initialize()` at its beginning, and give each its own part of the
# examples with `jax.make_array_from_process_local_data(rows, part)`; nothing else changes.
#
# ## PyTorch, and back
#
# `nn.to_torch` gives a `torch.nn.Module` in double precision with the weights copied; `nn.from_torch` the other way, so that a small
# network trained there can be stepped through and drawn here.
#
# ```python
# import torch
#
# module = nn.to_torch(model)
# # Sequential(
# #   (0): Linear(in_features=2, out_features=16, bias=True)
# #   (1): Tanh()
# #   ...
# outputs = module(torch.tensor(X))        # (400, 1): a layer of one neuron keeps its axis
# torch.onnx.export(module, ...)           # what PyTorch can, it can do with it
#
# theirs = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.GELU(), torch.nn.Linear(3, 1))
# mine = nn.from_torch(theirs)
# autograd.draw(mine([0.5, -1.0])[0], model=mine)
# ```
#
# A module that has no counterpart is an error that names it. For one of your own class: record what it computes, and hand on the program.

# %%
from autograd.errors import UnsupportedError


class Gated(nn.Module):
    def __init__(self):
        self.inner = nn.Linear(2, 2, seed=0)

    def forward(self, x):
        return [each * sigmoid(each) for each in self.inner(x)]


gated = Gated()
try:
    nn.to_jax(gated)
except UnsupportedError as error:
    print(error)

recorded = record(gated, inputs=[0.5, -1.0], params=gated.parameters()).to_jax()
numbers = jnp.array([parameter.data for parameter in gated.parameters()])
print(
    recorded(jnp.array([0.5, -1.0]), numbers).round(6),
    [round(out.data, 6) for out in gated([0.5, -1.0])],
)

# %% [markdown]
# ## Exercises

# %%
from exercises import check

# %% [markdown]
# **1.** What is the third derivative of $x^2 \sin x$ at $x = 1$? Let JAX find it, from a recorded program. (`jax.grad` takes a function of
# one number: `lambda x: f(jnp.array([x]))`.)

# %%
third = ...  # a number

check(third, -6 * np.sin(1) - np.cos(1) + 6 * np.cos(1), "jax.grad of jax.grad of jax.grad")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# cubic = record(lambda x: x[0] ** 2 * x[0].sin(), [1.0]).to_jax()
# third = float(jax.grad(jax.grad(jax.grad(lambda x: cubic(jnp.array([x])))))(1.0))
# ```
#
# </details>

# %% [markdown]
# **2.** Four devices have 100, 100, 100 and 60 examples, and each computes the mean gradient of its own: 1, 2, 3 and 10. What is the mean
# gradient of all 360? (It is why JAX wants parts of one size.)

# %%
together = ...  # a number

check(
    together,
    (100 * 1 + 100 * 2 + 100 * 3 + 60 * 10) / 360,
    "a mean of means counts each by its examples",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# together = (100 * 1 + 100 * 2 + 100 * 3 + 60 * 10) / 360
# ```
#
# </details>

# %% [markdown]
# **3.** Hand on the trained network's *slope*: a function of one example that gives the derivative of the logit by the two inputs, with the
# parameters `one`. Where a small step changes the answer most, the boundary is sharp.

# %%
slope_at = ...  # a function of an array of two numbers


def is_the_slope(function):
    point, step_size = jnp.array([0.3, 0.2]), 1e-6
    moved = [
        apply(one, point + step_size * unit) - apply(one, point - step_size * unit)
        for unit in jnp.eye(2)
    ]
    return np.allclose(function(point), np.array(moved) / (2 * step_size), rtol=1e-6)


check(
    slope_at,
    is_the_slope,
    "jax.grad with argnums=1, or of a function that has the parameters in it",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# slope_at = jax.grad(lambda x: apply(one, x))
# ```
#
# </details>
#
# ## Read on
#
# - The JAX documentation: *Distributed arrays and automatic parallelization*; *Introduction to multi-process JAX*.
# - In this project: `autograd/rules/jax_arrays.py` gives JAX the rules of the table, `autograd/program/handoff.py` puts together what is
#   computed at one depth, `nn/handoff/` translates layers.
