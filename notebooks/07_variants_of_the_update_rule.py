# %% [markdown]
# # 7 · Variants of the update rule
#
# The gradient says which way is downhill *here*. It does not say how far to go, nor that the valley bends. Momentum,
# RMSprop, Adam and the others are different answers to that, and each is a few lines. In this notebook you will learn
#
# - why plain gradient descent is slow in a *narrow valley*, and which learning rate is too large;
# - what *momentum* does about it, and what it does wrong;
# - why a *step size for each parameter* (Adagrad, RMSprop, Adam) does not care how the loss is scaled;
# - how they do in a fair race: on the same losses, from the same start, each with its best learning rate;
# - what a *schedule* of the learning rate is good for.
#
# You need notebook 6. The exercises at the end check themselves.

# %% [markdown]
# ## A narrow valley
#
# Take a loss of two parameters only, so that we can see it: $L(u, v) = \tfrac12 (u^2 + 100\, v^2)$. It is steep in $v$ and
# flat in $u$. Networks are like that, in thousands of dimensions.

# %%
import matplotlib.pyplot as plt
import numpy as np

import nn
from autograd import Value

plt.style.use("figures.mplstyle")


def valley(u, v):
    return (u * u + 100 * v * v) / 2


def path(loss, optimizer_class, start, steps, **options):
    """Go downhill from a start, and list the places."""
    u, v = map(Value, start)
    optimizer = optimizer_class([u, v], **options)
    places = [(u.data, v.data)]
    for _ in range(steps):
        optimizer.zero_grad()
        loss(u, v).backward()
        optimizer.step()
        places.append((u.data, v.data))
    return places


# %%
def draw(ax, loss, window, paths, color="#0072b2"):
    """Draw contours of a loss, and paths on top."""
    (left, right), (low, high) = window
    u, v = np.meshgrid(np.linspace(left, right, 120), np.linspace(low, high, 120))
    heights = np.log10(loss(u, v) + 1e-3)
    ax.contourf(u, v, heights, levels=20, cmap="Greys", alpha=0.6)
    for name, places in paths.items():
        ax.plot(*zip(*places), "o-", color=color, markersize=2.5, linewidth=1.2, label=name)
    ax.set(xlim=(left, right), ylim=(low, high), xlabel="u", ylabel="v")
    ax.grid(visible=False)
    ax.legend(loc="lower right", fontsize=7)


# %%
window, start = ((-10.5, 2), (-2.5, 2.5)), (-9.0, 1.7)
_, views = plt.subplots(1, 3, figsize=(13, 3.5), layout="constrained")
for ax, rate in zip(views, (0.003, 0.018, 0.0202)):
    draw(ax, valley, window, {f"SGD, lr={rate}": path(valley, nn.SGD, start, 60, lr=rate)})
plt.show()

# %% [markdown]
# With a small rate it falls into the valley at once, and then creeps along it. With a larger one it jumps from side to
# side. A little more, and each jump is larger than the one before.
#
# It is easy to see why. In the direction $v$ the gradient is $100 v$, so a step is $v \leftarrow v - 100 \eta v = (1 - 100
# \eta)\, v$. That shrinks only if $|1 - 100\eta| < 1$, so if $\eta < 0.02$. But in the direction $u$ the factor is
# $1 - \eta$: at best 0.98. The steepest direction dictates the rate, the flattest one has to live with it.

# %% [markdown]
# ## The candidates
#
# Each optimizer here states its rule as text, and computes from that text. `explain` shows it: $w$ is the parameter, `grad`
# its gradient, $\eta$ the learning rate.

# %%
CANDIDATES = {
    "SGD": (nn.SGD, {}),
    "momentum": (nn.SGD, {"momentum": 0.9}),
    "Nesterov": (nn.SGD, {"momentum": 0.9, "nesterov": True}),
    "Adagrad": (nn.Adagrad, {}),
    "RMSprop": (nn.RMSprop, {}),
    "Adam": (nn.Adam, {}),
}
COLORS = dict(
    zip(CANDIDATES, ("#000000", "#d55e00", "#e69f00", "#009e73", "#aa3377", "#0072b2"))
)

for name, (kind, options) in CANDIDATES.items():
    w = Value(1.0)
    optimizer = kind([w], lr=0.1, **options)
    print(f"{name:<10} w ← {optimizer.explain(w, 2.0)[0]}")

# %% [markdown]
# What the letters are, in words:
#
# | | remembers for each parameter | in a step |
# |---|---|---|
# | SGD | nothing | against the gradient |
# | momentum | $m$: a running sum of past gradients, $m \leftarrow \mu m + g$ | a heavy ball: keeps its speed along the valley, and what changes sign cancels |
# | Nesterov | the same | looks where momentum will carry it, and uses the gradient there |
# | Adagrad | $v$: the sum of all squared gradients | divides by $\sqrt{v}$: steep directions get small steps; but $v$ only grows |
# | RMSprop | $v$: a running *mean* of squared gradients | the same, and it can forget |
# | Adam | $m$ and $v$, both running means | RMSprop with momentum; $\hat m$, $\hat v$ make up for both having started at 0 |

# %% [markdown]
# ## The race in the valley
#
# A race is fair only if each runs at its own best pace. So try several learning rates, and take for each candidate the one
# with the lowest loss after 100 steps.

# %%
RATES = [0.0003, 0.001, 0.003, 0.005, 0.01, 0.015, 0.02, 0.03, 0.07, 0.1, 0.3, 1.0, 3.0]


def best(loss, name, start, steps):
    """Give the path with the best of the learning rates, that rate, and the last loss."""
    kind, options = CANDIDATES[name]
    runs = []
    for rate in RATES:
        try:
            places = path(loss, kind, start, steps, lr=rate, **options)
            runs.append((loss(*places[-1]), rate, places))
        except OverflowError:  # it has run away
            continue
    last, rate, places = min(run for run in runs if run[0] == run[0])
    return places, rate, last


# %%
def race(loss, window, start, steps):
    _, views = plt.subplots(2, 3, figsize=(12, 6), layout="constrained")
    for ax, name in zip(views.flat, CANDIDATES):
        places, rate, last = best(loss, name, start, steps)
        draw(ax, loss, window, {f"{name}, lr={rate}": places}, COLORS[name])
        ax.set_title(f"loss after {steps} steps: {last:.2g}", fontsize=10)
    plt.show()


race(valley, window, start, 100)

# %% [markdown]
# Plain gradient descent still has a loss of 2. Momentum gets along the valley much faster, though it overshoots and swings.
# Those that divide by $\sqrt v$ go *diagonally* at the start, as if the valley were round: dividing each direction by the
# size of its own gradients makes steep and flat alike. Here they can hardly lose, since the valley lies along an axis.
# Turn it, so that steep and flat are mixtures of $u$ and $v$:


# %%
def turned(u, v):
    along, across = 0.8 * u + 0.6 * v, 0.8 * v - 0.6 * u
    return (along * along + 100 * across * across) / 2


race(turned, ((-9, 4), (-7, 4)), (-8.2, -4.0), 100)

# %% [markdown]
# Now a step size for each parameter helps little, as each parameter sees the steep direction. Momentum does not care about
# axes: it is as good as before. (Adam has both.)

# %% [markdown]
# ## Scaling does not matter to them
#
# Multiply the loss by 1,000. The gradients are 1,000 times larger, and so are SGD's steps: it explodes. $m/\sqrt v$ stays
# the same, so Adam takes the same path.


# %%
def scaled(u, v):
    return 1000 * valley(u, v)


for name, rate in (("Adam", 0.3), ("RMSprop", 0.1), ("SGD", 0.015)):
    kind, options = CANDIDATES[name]
    plain = path(valley, kind, start, 20, lr=rate, **options)[-1]
    large = path(scaled, kind, start, 20, lr=rate, **options)[-1]
    print(f"{name:<8} ends at u={plain[0]:.4f}, with the scaled loss at u={large[0]:.4g}")

# %% [markdown]
# That is why one learning rate of Adam, about 0.001 to 0.01, does for so many networks. It is also the length of its first
# step, for *every* parameter: $\hat m = g$ and $\hat v = g^2$, so $\eta\, \hat m / \sqrt{\hat v} = \pm\eta$.

# %% [markdown]
# ## A bend, and a saddle
#
# Two more losses. *Rosenbrock's* is a valley that bends, with the minimum at (1, 1). The *saddle* goes down to the sides
# from a place where the gradient is nearly 0.


# %%
def rosenbrock(u, v):
    return (1 - u) ** 2 + 20 * (v - u * u) ** 2


def saddle(u, v):
    return u * u + (v * v - 1) ** 2 / 4


print("a bend")
race(rosenbrock, ((-1.6, 1.6), (-0.8, 2.2)), (-1.4, 1.6), 100)
print("a saddle")
race(saddle, ((-1.8, 0.8), (-0.4, 1.5)), (-1.5, 0.001), 25)

# %% [markdown]
# Who wins depends on the course. On the saddle the start is so close to the ridge that the gradient in $v$ is a thousandth.
# SGD follows it faithfully: slowly. Those that divide by its size leave at once.

# %% [markdown]
# ## The race on a network
#
# The same candidates on a network of 337 parameters and the moons: the same initial weights, the same order of the
# examples. Each tries seven learning rates.

# %%
X, y = nn.datasets.moons(80, noise=0.1, seed=0)
NETWORK_RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]


def losses_of(name, rate, epochs=12, schedule=None):
    model = nn.MLP(2, [16, 16, 1], activation="tanh", init="xavier_uniform", seed=0)
    kind, options = CANDIDATES[name]
    optimizer = kind(model.parameters(), lr=rate, **options)
    try:
        history = nn.fit(
            model, X, y, loss="bce_with_logits", optimizer=optimizer, epochs=epochs, batch_size=10,
            seed=0, schedule=schedule(optimizer) if schedule else None, progress=False,
        )  # fmt: skip
    except ArithmeticError:
        return [float("nan")] * epochs
    return history["loss"]


results = {
    (name, rate): losses_of(name, rate) for name in CANDIDATES for rate in NETWORK_RATES
}

# %%
_, (left, right) = plt.subplots(1, 2, figsize=(12, 4.2), layout="constrained")
for name in CANDIDATES:
    last = [results[name, rate][-1] for rate in NETWORK_RATES]
    rate = NETWORK_RATES[int(np.nanargmin(last))]
    left.semilogy(
        range(1, 13), results[name, rate], label=f"{name}, lr={rate}", color=COLORS[name]
    )
    right.loglog(NETWORK_RATES, last, "o-", label=name, color=COLORS[name])
left.set(xlabel="epoch", ylabel="loss", title="Each with its best learning rate")
right.set(
    xlabel="learning rate", ylabel="loss after 12 epochs", title="How much the rate matters"
)
left.legend(fontsize=8)
right.legend(fontsize=8)
plt.show()

# %% [markdown]
# Two things to take home. With its best rate, each of the variants is far ahead of plain gradient descent; which one is
# first depends on the loss, the seed and the number of epochs. But look at the right: the best rate of Adam and RMSprop is
# a tenth or less of SGD's, and at SGD's best rate they do not learn at all. **A learning rate means nothing without its
# optimizer.** When you change one, search the other anew.

# %% [markdown]
# ## Go fast, then slowly
#
# Each mini-batch has a gradient of its own. Near the minimum these differences are all that is left, and a constant rate
# keeps jumping about. Here one neuron draws a straight line through noisy points, one point at a time. The best line is
# known (least squares), so we can plot how far the neuron is from it. A *schedule* lets the rate fall: fast first, then
# slowly.

# %%
import random

rng = random.Random(0)  # noqa: S311
line_inputs = [[rng.uniform(-1, 1)] for _ in range(40)]
line_targets = [2 * x + 1 + rng.gauss(0, 0.5) for (x,) in line_inputs]
slope, offset = np.polyfit([x for (x,) in line_inputs], line_targets, 1)


class Distance(nn.Callback):
    def __init__(self):
        self.distances = []

    def on_epoch(self, run):
        w, b = run.model.parameters()
        self.distances.append(np.hypot(w.data - slope, b.data - offset))


def distances(rate, schedule=None):
    neuron, watching = nn.Linear(1, 1, init="zeros"), Distance()
    optimizer = nn.SGD(neuron.parameters(), lr=rate)
    nn.fit(
        neuron, line_inputs, line_targets, loss="mse", optimizer=optimizer, epochs=60, batch_size=1,
        seed=0, callbacks=[watching], progress=False,
        schedule=schedule(optimizer) if schedule else None,
    )  # fmt: skip
    return watching.distances


# %%
plt.semilogy(distances(0.1), label="constant, 0.1")
plt.semilogy(distances(0.002), label="constant, 0.002")
cosine = distances(0.1, lambda optimizer: nn.CosineAnnealingLR(optimizer, T_max=60))
plt.semilogy(cosine, label="cosine, from 0.1 to 0")
plt.xlabel("epoch")
plt.ylabel("distance from the best line")
plt.legend()
plt.show()

# %% [markdown]
# The large rate arrives at once and stays restless. The small one is calm and slow. The schedule has both.

# %% [markdown]
# ## Exercises
#
# Put your answer in place of the dots and run the cell. The cell says whether it is right.

# %%
from exercises import check

# %% [markdown]
# **1.** A loss is $L(w) = 4 w^2$. From which learning rate on does gradient descent run away?

# %%
too_large = ...  # a number

check(too_large, 0.25, "the gradient is 8w: when is |1 - 8η| = 1?")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# too_large = 2 / 8
# ```
#
# In general 2 over the second derivative: over the largest eigenvalue of the Hessian.
#
# </details>

# %% [markdown]
# **2.** Momentum by hand: $\mu = 0.9$, $\eta = 0.1$, $w$ starts at 1, and the gradient is 2 in the first step and 1 in the second. Where is
# $w$ then?

# %%
w_after = ...  # a number

check(w_after, 1 - 0.1 * 2 - 0.1 * (0.9 * 2 + 1), "m is 2, then 0.9 · 2 + 1")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# w_after = 1 - 0.1 * 2 - 0.1 * (0.9 * 2 + 1)
# ```
#
# </details>

# %% [markdown]
# **3.** A parameter has the gradient 0.000001, the next one 1,000. How far does Adam move each in its first step, with a learning rate of
# 0.01? Give one number for the two, up to a percent.

# %%
first_move = ...  # a number


def about(first_move):
    return abs(first_move - 0.01) < 1.5e-4


check(first_move, about, "m̂ = g and v̂ = g²; ε = 1e-8 hardly matters")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# first_move = 0.01
# ```
#
# </details>

# %% [markdown]
# **4.** The gradient is always 1. How large, in the long run, is a step of momentum with $\mu = 0.9$, measured in steps of plain gradient
# descent?

# %%
times = ...  # a number

check(times, 10, "1 + 0.9 + 0.81 + ...")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# times = 1 / (1 - 0.9)
# ```
#
# So with momentum 0.9 try a smaller learning rate, down to a tenth.
#
# </details>

# %% [markdown]
# **5.** Write RMSprop: a function that takes the parameter, its gradient, $v$, and $\eta$, $\alpha$ and $\varepsilon$, and gives the new parameter
# and the new $v$.

# %%
rmsprop = ...  # def rmsprop(w, g, v, lr, alpha, eps): return ..., ...


def agrees(function):
    w, v = Value(1.0), 0.0
    optimizer, place = nn.RMSprop([w], lr=0.1, alpha=0.9, eps=1e-8), 1.0
    for g in (2.0, -1.0, 0.5, 3.0):
        w.grad = g
        optimizer.step()
        place, v = function(place, g, v, 0.1, 0.9, 1e-8)
    return abs(place - w.data) < 1e-12


check(rmsprop, agrees, "first v ← α v + (1 - α) g², then w ← w - η g / (√v + ε)")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def rmsprop(w, g, v, lr, alpha, eps):
#     v = alpha * v + (1 - alpha) * g * g
#     return w - lr * g / (v**0.5 + eps), v
# ```
#
# </details>
#
# ## Read on
#
# - Kingma and Ba: *Adam: A Method for Stochastic Optimization* (2015), two pages to the algorithm.
# - Goh: *Why Momentum Really Works*, Distill (2017), with pictures to play with.
# - Wilson and others: *The Marginal Value of Adaptive Gradient Methods in Machine Learning* (2017), which takes SGD's side.
# - In this project: `nn/optim/` has each rule as text; tests follow PyTorch's trajectories to 1e-10.
