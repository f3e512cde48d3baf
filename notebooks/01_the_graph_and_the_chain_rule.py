# %% [markdown]
# # 1 · The graph and the chain rule
#
# A neural network learns by asking, for each of its numbers: *if I made you a little larger, would the error grow or
# shrink, and how fast?* The answers are derivatives, and one idea from school gives all of them. In this notebook you
# will learn
#
# - what a derivative says, by trying it out with numbers;
# - how a `Value` remembers how it was computed, and what its *graph* looks like;
# - the *local derivative* of a single operation;
# - the *chain rule*: multiply along a path, add up over paths;
# - that `backward()` does just that, and how gradient descent uses the result.
#
# You need derivatives from school and a little Python. The exercises at the end check themselves.

# %% [markdown]
# ## What a derivative says
#
# Take a parabola, and a place on it:


# %%
def f(x):
    return 3 * x**2 - 4 * x + 5


f(3.0)

# %% [markdown]
# Nudge the input by a little. How much does the output move, compared with the nudge?

# %%
nudge = 0.0001

(f(3.0 + nudge) - f(3.0)) / nudge

# %% [markdown]
# About 14: at $x = 3$ the output moves fourteen times as far as the input. From school: $f'(x) = 6x - 4$, and
# $f'(3) = 14$. The derivative is this *ratio*, for a tiny nudge. Where it is positive, a larger input gives a larger output.
# Where it is negative, a smaller one. Where it is zero, we may be at the bottom:

# %%
for x in (-1.0, 0.0, 2 / 3, 3.0):
    print(f"at x = {x:5.2f} the slope is {(f(x + nudge) - f(x)) / nudge:6.2f}")

# %% [markdown]
# ## More than one input
#
# A network has thousands of inputs to its error. Here are three, and three derivatives: one for each, with the others held
# still. The notation is $\partial d / \partial a$ in place of $d'(a)$.


# %%
def d_of(a, b, c):
    return a * b + c


a, b, c = 2.0, -3.0, 10.0
d = d_of(a, b, c)
print(f"d = {d}")
print(f"nudge a: {(d_of(a + nudge, b, c) - d) / nudge:.2f}")
print(f"nudge b: {(d_of(a, b + nudge, c) - d) / nudge:.2f}")
print(f"nudge c: {(d_of(a, b, c + nudge) - d) / nudge:.2f}")

# %% [markdown]
# Look at the numbers: the slope for `a` is `b`, the slope for `b` is `a`, the slope for `c` is 1. This is no accident, and it
# is all we shall need. But nudging is slow (once more through everything for each input) and inexact (try a nudge of
# `1e-15`). There is a better way. For it we have to know *how* `d` was computed.

# %% [markdown]
# ## A number that remembers
#
# A `Value` is a number that remembers where it came from. The label is a name for pictures.

# %%
from autograd import Value

a, b, c = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c")
e = a * b
e.label = "e"
d = e + c
d.label = "d"

d

# %% [markdown]
# It looks like a number. But ask it:

# %%
print("d was made by  ", d.op, "  from", [parent.label for parent in d.parents])
print("e was made by  ", e.op, "  from", [parent.label for parent in e.parents])
print("a was made by  ", repr(a.op), "from", [parent.label for parent in a.parents])

# %% [markdown]
# Each result knows its *parents*. Numbers that nobody computed, like `a`, are *leaves*. All together form a **graph**:

# %%
from autograd import draw

draw(d)

# %% [markdown]
# Boxes are numbers, ovals are operations, and arrows show how numbers flow, from the leaves on the left to `d` on the
# right. Computing along the arrows is called the *forward pass*. It has already happened: it is what `a * b + c` did.

# %% [markdown]
# ## Local derivatives
#
# How fast does the result of *one* operation change with its operands? That is easy, and does not depend on anything else in
# the graph:
#
# | operation | by the first operand | by the second |
# |---|---|---|
# | $x + y$ | 1 | 1 |
# | $x \cdot y$ | $y$ | $x$ |
# | $x^n$ | $n\,x^{n-1}$ | |
# | $\tanh x$ | $1 - \tanh^2 x$ | |
#
# A node keeps these numbers, its *local derivatives*, from the moment it is made:

# %%
print("∂d/∂e, ∂d/∂c =", d.local_grads)
print("∂e/∂a, ∂e/∂b =", e.local_grads)

# %% [markdown]
# ## The chain rule: multiply along a path
#
# How fast does `d` change with `a`, which is two steps away? Think of gears. If `e` turns $-3$ times as fast as `a`, and `d` turns 1
# times as fast as `e`, then `d` turns $1 \cdot (-3)$ times as fast as `a`:
#
# $$\frac{\partial d}{\partial a} = \frac{\partial d}{\partial e} \cdot \frac{\partial e}{\partial a}$$
#
# Let us make the chain longer by one, and do it by hand.

# %%
f = Value(-2.0, "f")
L = d * f
L.label = "L"

L.data

# %% [markdown]
# We go backwards, from `L` to the leaves, and write the derivative of `L` by each node into its `grad`. How fast does `L` change with
# itself? As fast as itself.

# %%
L.grad = 1.0

# %% [markdown]
# `L = d * f`, so each gets the other one, times what `L` has:

# %%
d.grad = f.data * L.grad
f.grad = d.data * L.grad

# %% [markdown]
# `d = e + c`: a sum has local derivatives of 1. It hands on what it has, unchanged.

# %%
e.grad = 1.0 * d.grad
c.grad = 1.0 * d.grad

# %% [markdown]
# `e = a * b` is a product again:

# %%
a.grad = b.data * e.grad
b.grad = a.data * e.grad

draw(L)

# %% [markdown]
# Each box now shows its number and its gradient. Is that right? Ask the nudge:


# %%
def L_of(a, b, c, f):
    return (a * b + c) * f


start = L_of(2.0, -3.0, 10.0, -2.0)
print(f"a: {(L_of(2.0 + nudge, -3.0, 10.0, -2.0) - start) / nudge:6.3f}   by hand {a.grad}")
print(f"b: {(L_of(2.0, -3.0 + nudge, 10.0, -2.0) - start) / nudge:6.3f}   by hand {b.grad}")
print(f"c: {(L_of(2.0, -3.0, 10.0 + nudge, -2.0) - start) / nudge:6.3f}   by hand {c.grad}")
print(f"f: {(L_of(2.0, -3.0, 10.0, -2.0 + nudge) - start) / nudge:6.3f}   by hand {f.grad}")

# %% [markdown]
# What we have done by hand at every node was the same: *take your gradient, multiply it by the local derivative, hand it to the
# parent.* A machine can do that.

# %% [markdown]
# ## `backward()`

# %%
L.zero_grad()  # forget what we wrote
L.backward()

print([f"{node.label}.grad = {node.grad:g}" for node in (L, d, f, e, c, a, b)])

# %% [markdown]
# The same numbers, from one call. This is *backpropagation*: the chain rule, once through the graph, from the result to the
# leaves.

# %% [markdown]
# ## Add up over paths
#
# One thing was missing. What if a number is used twice? Then a nudge reaches the result on two paths, and the two effects add
# up. The smallest case:

# %%
a = Value(3.0, "a")
b = a + a
b.label = "b"
b.backward()

draw(b)

# %% [markdown]
# Two arrows go from `a` into the sum, each with the local derivative 1, and $1 + 1 = 2$: right, as $b = 2a$. Had we *written* the
# gradient in place of *adding* it, the second 1 would have replaced the first. This is why the rule is written with `+=`:
#
# $$\texttt{parent.grad} \mathrel{+}= \frac{\partial\,\texttt{node}}{\partial\,\texttt{parent}} \cdot \texttt{node.grad}$$
#
# And since it is added, it is also added to what is left over from *before*:

# %%
b.backward()
print("after a second backward():", a.grad)

a.grad = 0.0
b.backward()
print("after setting it to zero: ", a.grad)

# %% [markdown]
# That is meant to be so (one can sum the gradients of several examples), and forgetting to set gradients to zero is the
# best-known mistake of all who train networks.

# %% [markdown]
# ## A neuron
#
# Now something useful. A neuron multiplies its inputs by weights, adds a bias, and squashes the sum with $\tanh$ to a number
# between $-1$ and 1.

# %%
from autograd import tanh

x1, x2 = Value(2.0, "x1"), Value(0.0, "x2")
w1, w2 = Value(-3.0, "w1"), Value(1.0, "w2")
bias = Value(6.5, "bias")

out = tanh(x1 * w1 + x2 * w2 + bias)
out.label = "out"
out.backward()

draw(out)

# %% [markdown]
# Read the gradients of the weights. `w2.grad` is 0: its input `x2` is 0, so the weight makes no difference *now*. `w1.grad` is positive:
# a larger `w1` would give a larger output.

# %% [markdown]
# ## What it is for: go downhill
#
# Suppose that the output should be $-0.5$. The error is the squared distance from that. Each step moves every parameter a little
# *against* its gradient, and the error shrinks.


# %%
def error():
    return (tanh(x1 * w1 + x2 * w2 + bias) + 0.5) ** 2


for step in range(6):
    loss = error()
    print(f"step {step}: error {loss.data:.4f}")
    for parameter in (w1, w2, bias):
        parameter.grad = 0.0
    loss.backward()
    for parameter in (w1, w2, bias):
        parameter.data -= 0.1 * parameter.grad

# %% [markdown]
# That loop is how every network is trained, with a million parameters as with three.

# %% [markdown]
# ## Exercises
#
# Put your answer in place of the dots and run the cell. The cell says whether it is right.

# %%
from exercises import check

# %% [markdown]
# **1.** What is the slope of $g(x) = x^3 - 2x$ at $x = 2$?

# %%
slope = ...  # a number


def g(x):
    return x**3 - 2 * x


check(
    slope,
    lambda s: abs(s - (g(2 + nudge) - g(2 - nudge)) / (2 * nudge)) < 1e-6,
    "x**3 has 3 x**2",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# slope = 3 * 2**2 - 2
# ```
#
# </details>

# %% [markdown]
# **2.** Division is missing in the table of local derivatives. What is $\partial (x / y) / \partial y$, as a function of $x$ and $y$?

# %%
by_divisor = ...  # lambda x, y: ...


def is_local_derivative(function):
    points = [(1.0, 2.0), (3.0, -0.5), (-2.0, 4.0)]
    return all(
        abs(function(x, y) - (Value(x) / Value(y)).local_grads[1]) < 1e-9 for x, y in points
    )


check(by_divisor, is_local_derivative, "x / y is x times y**-1")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# by_divisor = lambda x, y: -x / y**2
# ```
#
# </details>

# %% [markdown]
# **3.** `u` changes 4 times as fast as `t`; `v` changes $-0.5$ times as fast as `u`; `w` is `v + u`. How fast does `w` change with `t`?

# %%
speed = ...  # a number


def as_fast(speed):
    t = Value(1.0)
    u = 4 * t
    v = -0.5 * u
    (v + u).backward()
    return speed == t.grad


check(
    speed,
    as_fast,
    "there are two paths from t to w: one through v, and one straight from u",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# speed = 4 * -0.5 * 1 + 4 * 1
# ```
#
# </details>

# %% [markdown]
# **4.** Write the gradients of this graph by hand, as we did above, without `backward()`: `q = (x + y) * x` at `x = 2`, `y = 5`.

# %%
x_grad_y_grad = ...  # two numbers: (x.grad, y.grad)


def both(pair):
    x, y = Value(2.0), Value(5.0)
    ((x + y) * x).backward()
    return tuple(pair) == (x.grad, y.grad)


check(x_grad_y_grad, both, "x is used twice: in the sum, and as a factor")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# x_grad_y_grad = (2 + 7, 2)
# ```
#
# The product hands `x` (2) to the sum, and the sum (7) to `x`; the sum hands its 2 on to both `x` and `y`.
#
# </details>

# %% [markdown]
# **5.** Gradient descent: starting at $x = 0$, find the $x$ at which $f(x) = 3x^2 - 4x + 5$ is smallest. Write the loop.

# %%
lowest = ...  # the number that your loop ends with

check(
    lowest,
    lambda x: abs(6 * x - 4) < 0.01,
    "x = Value(0.0), then again and again: compute, zero_grad, backward, step",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# x = Value(0.0)
# for _ in range(50):
#     y = 3 * x**2 - 4 * x + 5
#     x.grad = 0.0
#     y.backward()
#     x.data -= 0.1 * x.grad
# lowest = x.data
# ```
#
# </details>
#
# ## Read on
#
# - Notebook 2 steps through both passes, number by number; notebook 3 shows why the *order* of the nodes matters.
# - Karpathy: *The spelled-out intro to neural networks and backpropagation*, a lecture that builds such an engine from nothing.
# - Goodfellow, Bengio, Courville: *Deep Learning*, section 6.5.
# - In this project: `autograd/engine.py` is what you have just used, in one file.
