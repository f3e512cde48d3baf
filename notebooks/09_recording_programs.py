# %% [markdown]
# # 9 · Recording programs
#
# A training loop builds the same graph again and again; only the numbers differ. Then why build it? One can write down
# *once* what is to be done, and do it with other numbers. In this notebook you will learn
#
# - what a *recording* is, and to read one: a *tape*, line by line;
# - what happens to an `if` in your code: it becomes a *guard*;
# - how much faster a recording runs, and where the time has gone;
# - what a recording cannot see, and when not to make one;
# - to save one in a file, and to use it where the code that made it is not.
#
# You need notebooks 1 and 6. The exercises at the end check themselves.

# %% [markdown]
# ## The same graph, a thousand times
#
# A small network, and 500 points. For each point the network builds a graph. How many nodes have been made when all 500
# outputs are there?

# %%
from autograd import record, topological_order

import nn
from nn.datasets import moons

X, y = moons(500, noise=0.1, seed=0)
model = nn.MLP(2, [16, 16, 1], activation="tanh", seed=0)

outputs = [model(point) for point in X]
inner = [node for node in topological_order(*outputs) if node.op]
print(f"{len(inner):,} nodes, {len(inner) // len(X)} for each point")

# %% [markdown]
# Each of these is an object: it was allocated, got its parents and its local derivatives, had to be put into an order, and
# then was thrown away. And all 500 graphs are the *same*, up to the numbers in them: the same operations, in the same
# order.

# %%
shapes = {tuple(node.op for node in topological_order(out)) for out in outputs}
print(len(shapes), "shape of a graph")

# %% [markdown]
# ## A recording
#
# `record` calls a function once, with a Value for each input, and keeps **what was done**. The numbers it is called with do
# not matter much, so zeros will do. `params` are the leaves that all examples share.

# %%
program = record(model, inputs=[0.0, 0.0], params=model.parameters())
program

# %% [markdown]
# From now on nothing is built. The program takes one point, or rows of points:

# %%
print(f"one point: {program(X[0]):.6f}, and by the graph: {outputs[0].data:.6f}")
print("all points: an array of shape", program(X).shape)

# %% [markdown]
# And the gradient? The chain rule was written down too. `value_and_grad` gives the mean gradient by the parameters, as a
# row of 337 numbers. Let us compare it with a sweep over 500 graphs:

# %%
import numpy as np

from autograd import mean

model.zero_grad()
mean(outputs).backward()
swept = np.array([parameter.grad for parameter in model.parameters()])

values, grad = program.value_and_grad(X)
print("the largest difference is below 1e-14:", abs(grad - swept).max() < 1e-14)

# %% [markdown]
# The parameters are not frozen. A run takes the numbers that they have *then*, so the program can be used for training:
# move the parameters, run again.

# %% [markdown]
# ## Reading a tape
#
# What has been written down is a **tape**: instructions in a row, each with a number of its own. Here is a function with
# some waste in it.

# %%
from autograd import Value, exp, sqrt


def f(x):
    a, b = x
    _unused = exp(a) * 100
    scale = 2 * sqrt(Value(9.0))
    first = (a + b) * scale
    second = (a + b) * exp(-b)
    return first + second


small = record(f, inputs=[1.0, 2.0])
print(small)

# %% [markdown]
# Read it from above. `x0` and `x1` are the two inputs; each line computes one number from numbers above it; behind the `#`
# stands the line of your code. Compare it with the function:
#
# - `_unused` is missing. Nobody needs it, so it is not computed: a **dead** node.
# - `a + b` stands twice in the function, but once on the tape: a **common subexpression**.
# - `scale` is the number 6, and its root is not computed again: what is **constant** was computed while recording.
#
# Below stands what the *gradient* needs beside that; `return` names $\partial/\partial a$ and $\partial/\partial b$. On paper the
# first is $6 + e^{-b}$. On the tape that is a single line, since $e^{-b}$ is there already. Find the other one: it has the
# product rule in it, and the factor $-1$ of $-b$.

# %%
small.stats

# %% [markdown]
# `draw(small)` shows the same as a picture, which is handy for tapes of a few lines.
#
# A tape is so simple that you could run it by hand, and that is what the machine does. In our own words, for three kinds of
# instructions:


# %%
def run(tape, **known):
    """Run lines such as "v2 = add(x0, x1)", and return what the last one computes."""
    rules = {"add": lambda x, y: x + y, "mul": lambda x, y: x * y, "exp": np.exp}
    for line in tape:
        name, _, call = line.partition(" = ")
        op, _, operands = call.rstrip(")").partition("(")
        given = [
            known[each] if each in known else float(each) for each in operands.split(", ")
        ]
        known[name] = rules[op](*given)
    return known[name]


simple = record(lambda x: (x[0] + 1) * exp(x[0] + 1), inputs=[0.0])
lines = [line.split("#")[0].strip() for line in str(simple).splitlines()]
tape = lines[: next(i for i, line in enumerate(lines) if line.startswith("return"))]
print(*tape, sep="\n")
print(run(tape, x0=0.5) == simple([0.5]))

# %% [markdown]
# And now the trick. `run` did not say that `x0` is *one* number. Give it an array, and each instruction works on a
# thousand examples at once:

# %%
many = np.linspace(-1, 1, 1000)
np.allclose(run(tape, x0=many), simple(many[:, None]))

# %% [markdown]
# ## How much faster, and why
#
# The gradient for all 500 points, by graphs and by the program. Times differ from machine to machine, so here is only
# whether one is so many times as fast as the other; the best of a few runs each.

# %%
import time


def best_time(f, runs):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return min(times)


def by_graphs():
    model.zero_grad()
    mean([model(point) for point in X]).backward()


points = np.array(X)
ratio = best_time(by_graphs, 5) / best_time(lambda: program.value_and_grad(points), 50)
print("more than 100 times as fast:", ratio > 100)
# print(f"here {ratio:.0f} times")  # take away the # to see it for your machine

# %% [markdown]
# Where has the time gone?
#
# | a graph, for each example | a program |
# |---|---|
# | makes an object for each node | makes none: a number has a fixed place |
# | asks at each node: which operation, which operands? | asks once for an instruction, for a whole block of examples |
# | finds the order anew | has it: the order of the tape |
# | computes one number at a time | computes 2, 4 or 8 at a time, as many as the CPU's vectors hold |
#
# With [llvmlite](https://llvmlite.readthedocs.io) (`pip install 'chainrule[program]'`) a tape is run by machine code: at
# first by an *interpreter*, a loop in machine code that reads the tape, and once a program has been run often enough to
# pay for it, by code that was compiled for this tape alone. Without it NumPy does the same, in larger steps, more slowly.
# `program.executor` tells which of them ran. The numbers agree up to the last few digits.

# %% [markdown]
# The larger the batch, the more is gained. One single example at a time gains less, for the call itself takes its time:

# %%
graph_time = best_time(lambda: model(X[0]).backward(), 200)
single_time = best_time(lambda: program.value_and_grad(points[:1]), 200)
batch_time = best_time(lambda: program.value_and_grad(points), 50) / len(points)
print("an example in a batch is cheaper than one alone:", batch_time < single_time / 3)

# %% [markdown]
# ## Guards
#
# `record` calls your function *once*. What if it takes another way for other numbers?


# %%
def bent(x):
    (a,) = x
    if a > 0:
        return a * a
    return -a


positive = record(bent, inputs=[2.0])
print(positive)

# %% [markdown]
# Only one of the two ways is on the tape, that of `2.0`. But the program also remembers that the code *asked*: `require`.
# This is a **guard**. At each run, and for each example, it must come out as it did.

# %%
from autograd.errors import GuardError

try:
    positive([[1.0], [3.0], [-0.5]])
except GuardError as error:
    print(error)

# %% [markdown]
# A wrong number would be worse than an error. There are two ways out. The first: let the *data* choose. `where`, `maximum`,
# `relu` and `abs` compute their choice at each run, so there is nothing to guard:

# %%
from autograd import where

chosen = record(lambda x: where(x[0] > 0, x[0] * x[0], -x[0]), inputs=[2.0])
print(chosen.stats["guards"], "guards: that was not enough")

# %% [markdown]
# Careful! `x[0] > 0` is a plain `True`, decided while recording, and so still a guard. `where` wants a Value to look at: here
# `relu(x)`, which is zero unless $x > 0$.

# %%
from autograd import relu

chosen = record(lambda x: where(relu(x[0]), x[0] * x[0], -x[0]), inputs=[2.0])
print(chosen.stats["guards"], "guards:", chosen([[1.0], [3.0], [-0.5]]))

# %% [markdown]
# The second way out: record again when it happens. Then there is a program for each way, and each example goes its own.

# %%
both = record(bent, inputs=[2.0], on_guard="record")
print(both([[1.0], [3.0], [-0.5]]))
both

# %% [markdown]
# ## What a recording cannot see
#
# It sees what is done with *Values*. All else happens while recording, and never again: a `print`, a random number, a
# plain float that you change later.

# %%
settings = {"rate": 0.5}
frozen = record(lambda x: x[0] * settings["rate"], inputs=[1.0])
settings["rate"] = 100.0
frozen([1.0])

# %% [markdown]
# Still with 0.5: to the recording it was a number like any other. If it is a Value, you are warned:

# %%
from autograd.errors import StaleGraphError

rate = Value(0.5, "rate")
watched = record(lambda x: x[0] * rate, inputs=[1.0])
rate.data = 100.0
try:
    watched([1.0])
except StaleGraphError as error:
    print(error)

# %% [markdown]
# So **when not to record**:
#
# - for a computation that is done once or twice: recording it takes as long as some runs by graphs;
# - where the graph has another shape each time, as a loop that goes on until something has converged;
# - where randomness belongs to the computation, as in dropout;
# - where you want to *look*: `steps` and `draw` of a graph show numbers and gradients node by node.
#
# And where you need not record yourself: `nn.fit` does it, and says so in `history.engine`. For a function there is a decorator;
# it records at the first call, and again for arguments of another form, say a longer list:

# %%
from autograd import recorded, tanh


@recorded
def chain(x, length):
    for _ in range(3):
        x = [tanh(each * length) for each in x]
    return x[0] + x[-1]


for arguments in ([0.1, 0.2], [0.3, 0.4], [0.1, 0.2, 0.3]):
    chain(arguments, 2.0)
chain.cache_info()

# %% [markdown]
# ## In a file
#
# A program needs nothing of the code that made it. Train a network, save its program, load it somewhere else: the class of the
# model, its file, even the Values of its graph can be gone.

# %%
import tempfile
from pathlib import Path

from autograd import Program

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "moons.program"
    program.save(file)
    loaded = Program.load(file)

print("the same bits:", np.array_equal(loaded(X), program(X)))
print(len(loaded.params), "parameters of its own, the first is", loaded.params[0].data)

# %% [markdown]
# The file has a version and a checksum, and nothing in it is executed: a file from a stranger can be refused, but it cannot
# run code, as a pickle can. Programs can be pickled, too, so that a pool of worker processes can share them.

# %% [markdown]
# ## Exercises
#
# Put your answer in place of the dots and run the cell. The cell says whether it is right.

# %%
from exercises import check

# %% [markdown]
# **1.** How many instructions does the tape have for the *value* of this function? Do not run it; read it.


# %%
def g(x):
    a, b = x
    half = Value(1.0) / 2.0
    left = (a - b) * (a - b)
    right = exp(a - b) * half
    results = [left + right, tanh(b)]
    return results[0]


instructions = ...  # a whole number

check(
    instructions,
    record(g, inputs=[0.5, 1.0]).stats["instructions"],
    "write one line for each number that the result needs, and none twice; half is a constant",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# instructions = 5
# ```
#
# The difference `a - b` (once), its square, its exponential, half of that, and the sum. `half` is a constant, and
# `tanh(b)` is dead.
#
# </details>

# %% [markdown]
# **2.** Write the function "$x$ above 1, and $x^2$ up to 1" so that its program has no guard.

# %%
smooth = ...  # lambda x: ...


def is_unguarded(function):
    made = record(lambda x: function(x[0]), inputs=[3.0])
    right = made([[3.0], [0.5], [-2.0], [1.0]]).tolist() == [3.0, 0.25, 4.0, 1.0]
    return right and made.stats["guards"] == 0


check(
    smooth,
    is_unguarded,
    "where(condition, yes, no), and the condition must be a Value: what is zero unless x > 1?",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# smooth = lambda x: where(relu(x - 1), x, x * x)
# ```
#
# </details>

# %% [markdown]
# **3.** A derivative made by `gradients` is a graph as well, so it can be recorded. Here is the slope of $\tanh$:

# %%
from autograd import gradients

slope = record(lambda x: gradients(tanh(x[0]), x[0]), inputs=[0.3])
slope([[0.0], [0.3]])

# %% [markdown]
# Write a function of the list `x` that returns the *second* derivative of $\tanh$ at `x[0]`.

# %%
second = ...  # lambda x: ...


def is_second(function):
    made = record(function, inputs=[0.3])
    t = np.tanh(np.array([-1.0, 0.0, 0.7]))
    return np.allclose(made([[-1.0], [0.0], [0.7]]), -2 * t * (1 - t**2))


check(
    second,
    is_second,
    "gradients(y, x[0]) is dy/dx as a Value, of which gradients can be taken again",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# second = lambda x: gradients(gradients(tanh(x[0]), x[0]), x[0])
# ```
#
# </details>

# %% [markdown]
# **4.** Say recording takes as long as 40 runs by graphs, and the program then runs 50 times as fast. After how many runs has
# it paid, for the first time?

# %%
runs = ...  # a whole number

check(
    runs, 41, "n runs by graphs take n; recording and n runs of the program take 40 + n/50"
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# runs = 41
# ```
#
# $n > 40 + n/50$ means $n > 40 / 0.98 = 40.8$.
#
# </details>
#
# ## Read on
#
# - Griewank and Walther: *Evaluating Derivatives*, second edition (2008): tapes are older than deep learning.
# - Frostig, Johnson and Leary: *Compiling machine learning programs via high-level tracing* (2018), the idea of JAX's `jit`.
# - In this project: `autograd/program/`, from `recording.py` to the executors.
