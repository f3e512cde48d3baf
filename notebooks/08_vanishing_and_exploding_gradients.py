# %% [markdown]
# # 8 · Vanishing and exploding gradients
#
# More layers can compute more. For decades they would not learn: the first layers stood still, or the numbers ran away. The
# reason is the chain rule itself, which *multiplies*. In this notebook you will learn
#
# - to measure how fast each layer learns, and to see that in a deep sigmoid network the first ones hardly do;
# - why: a product of many factors below 1 *vanishes*, one of factors above 1 *explodes*;
# - to let `diagnose` tell you what is wrong with a network, where, and what to try;
# - what helps (initialiser, activation, normalisation, a way around, clipping), each measured;
# - what depth, width, activation and initialiser do, in one table.
#
# You need notebook 6. The first half reproduces, on smaller images, the measurements of chapter 5 of Nielsen's *Neural
# Networks and Deep Learning*. The exercises at the end check themselves.

# %% [markdown]
# ## How fast does a layer learn?
#
# The update rule moves a layer by its gradient. So the size of the gradient *is* the layer's learning speed. Nielsen takes
# that of the biases, $\|\partial L/\partial b\|$, one number for each layer. Here are real digits, one of each class, and
# networks of 1 to 4 hidden layers of 30 sigmoid neurons.

# %%
import math

import matplotlib.pyplot as plt
import numpy as np

import nn
from nn.datasets import digits
from nn.diagnosis import measure

plt.style.use("figures.mplstyle")


def some_digits(of_each):
    """Give the first images of each digit."""
    inputs, targets = digits()
    chosen = [[i for i, t in enumerate(targets) if t == d][:of_each] for d in range(10)]
    return [inputs[i] for row in chosen for i in row], [
        targets[i] for row in chosen for i in row
    ]


X, y = some_digits(1)


def sigmoid_network(hidden, seed=0):
    return nn.MLP(64, [30] * hidden + [10], "sigmoid", seed, init="lecun_normal")


# %%
_, views = plt.subplots(1, 4, figsize=(13, 3), sharey=True, layout="constrained")
for hidden, ax in enumerate(views, start=1):
    seen = [
        measure(sigmoid_network(hidden, seed), X, y, nn.cross_entropy) for seed in range(3)
    ]
    speeds = np.mean([[layer.learning_speed for layer in m.layers] for m in seen], axis=0)
    ax.bar(range(1, hidden + 1), speeds[:-1], color=[f"C{i}" for i in range(hidden)])
    ax.set(yscale="log", xlabel="hidden layer", xticks=range(1, hidden + 1))
    print(f"{hidden} hidden:", "  ".join(f"{speed:.5f}" for speed in speeds[:-1]))
views[0].set_ylabel("learning speed ‖∂L/∂b‖")
plt.show()

# %% [markdown]
# Before any training, and on a logarithmic axis. With each further layer the *first* one gets slower, by a factor of about
# five. In the network of four hidden layers it learns a hundred times slower than the last. The first layer is the one that
# sees the image: if its weights stay random, the others work on noise.

# %% [markdown]
# ## And while it learns?
#
# Perhaps that is only so at the start. Train each for 500 epochs on these images, all at once as Nielsen does, and look
# again and again. `Monitor` does that: it is a callback of `fit`.


# %%
def watched(hidden):
    monitor = nn.Monitor(every=10)
    nn.fit(
        sigmoid_network(hidden), X, y, loss="cross_entropy", optimizer="sgd", lr=0.5, epochs=500,
        batch_size=len(X), callbacks=[monitor], seed=0, progress=False,
    )  # fmt: skip
    return monitor


monitors = {hidden: watched(hidden) for hidden in (1, 2, 3, 4)}

# %%
_, views = plt.subplots(
    2, 4, figsize=(13, 5.6), sharex=True, sharey="row", layout="constrained"
)
for (hidden, monitor), column in zip(monitors.items(), views.T):
    for ax, name in zip(column, ("learning_speed", "gradient_norm")):
        for place, layer in enumerate(monitor.layers[:-1], start=1):
            ax.semilogy(monitor.steps, monitor[name][layer], label=f"hidden layer {place}")
    column[0].set_title(f"{hidden} hidden")
    column[0].legend(fontsize=7)
    column[1].set_xlabel("epoch")
views[0][0].set_ylabel("learning speed ‖∂L/∂b‖")
views[1][0].set_ylabel("‖∂L/∂a‖ of an example")
plt.show()

# %% [markdown]
# Upper row, as Nielsen found: the speed drops at once in all layers, and then rebounds, the later the deeper the network. The
# one of four hidden layers has learned nothing after 500 epochs. What drops there is a *mean* over the examples: as soon as
# the biases of the outputs know that each digit comes as often as any other, the examples pull in opposite directions and
# nearly cancel, in all layers alike. What a single example sends back to a layer is in the lower row, and there the order
# stays for hundreds of epochs: the lower the layer, the less arrives. The same as a heat map, one row for each layer:

# %%
monitors[4].plot("gradient_norm")
plt.show()

# %% [markdown]
# ## Why: the chain rule multiplies
#
# Take the thinnest deep network: one neuron after the other, $a_{l} = \sigma(w\, a_{l-1} + b)$. By the chain rule
#
# $$\frac{\partial a_n}{\partial a_0} = w\,\sigma'(z_1) \cdot w\,\sigma'(z_2) \cdots w\,\sigma'(z_n) .$$
#
# The slope of the sigmoid is at most $\tfrac14$. With weights of about 1 each layer takes at least three quarters of what is
# left.

# %%
from autograd import Value, sigmoid, tanh


def reaches(depth, w, activation=lambda z: z):
    """Give ∂(last)/∂(first) in a chain of neurons that share the weight w."""
    first = a = Value(0.1)
    for _ in range(depth):
        a = activation(w * a)
    a.backward()
    return first.grad


depths = range(1, 41)
for name, w, activation in (
    ("sigmoid, w = 1", 1.0, sigmoid),
    ("tanh, w = 1", 1.0, tanh),
    ("linear, w = 0.8", 0.8, lambda z: z),
    ("linear, w = 1", 1.0, lambda z: z),
    ("linear, w = 1.3", 1.3, lambda z: z),
):
    plt.semilogy(depths, [reaches(depth, w, activation) for depth in depths], label=name)
plt.xlabel("number of layers")
plt.ylabel("what reaches the first layer")
plt.legend()
plt.show()

# %% [markdown]
# Straight lines on a logarithmic axis: exponential decay, or growth. Only a factor of exactly 1 keeps the gradient. That is
# not a fault of the sigmoid; it is what products do. A *recurrent* network, which applies one weight again and again, is
# such a chain, as deep as its input is long: with $w = 1.3$ and 40 steps the factor is 36,000.

# %% [markdown]
# ## Let the network be examined
#
# `diagnose` computes a batch forward and backward, looks at each layer, and says what is wrong. First the network that
# learns slowly:

# %%
deep = nn.MLP(64, [20] * 6 + [10], "sigmoid", 0, init="xavier_uniform")
diagnosis = nn.diagnose(deep, X, y, "cross_entropy")
print(diagnosis)

# %% [markdown]
# The column *gradient* shrinks by about the same factor from layer to layer, from the bottom of the table upwards. In
# pictures: histograms of what comes out of each layer, of the gradients on their way back, and the sizes over depth.

# %%
diagnosis.plot()
plt.show()

# %% [markdown]
# Now the other illness. Weights drawn from $N(0, 1)$ look harmless, but a neuron sums up 64 or 20 of such products, so the
# numbers grow by a factor of $\sqrt{20/2}$ from layer to layer, forward and backward:

# %%
large = nn.MLP(64, [20] * 6 + [10], "relu", 0, init="normal")
diagnosis = nn.diagnose(
    large, X, y, "cross_entropy", optimizer=nn.SGD(large.parameters(), 0.01)
)
print(diagnosis)

# %%
try:
    nn.fit(
        large, X, y, loss="cross_entropy", optimizer="sgd", lr=0.01, epochs=20, batch_size=5,
        seed=0, progress=False,
    )  # fmt: skip
except ArithmeticError as error:
    print(error)

# %% [markdown]
# And a recurrence of one shared weight: it reads twenty numbers, one after the other, and shall learn to add them up. Right
# would be $w = 1$; it starts with 1.6.


# %%
class Cell(nn.Module):
    def __init__(self, w):
        self.w = Value(w)

    def forward(self, state_and_number):
        state, number = state_and_number
        return [self.w * state + 0.1 * number]


class Adder(nn.Module):
    def __init__(self, w):
        self.cell = Cell(w)

    def forward(self, x):
        state = [Value(0.0)]
        for number in x:
            state = self.cell([state[0], number])
        return state


rng = np.random.default_rng(0)
sequences = rng.normal(size=(40, 20)).tolist()
sums = [0.1 * sum(row) for row in sequences]
diagnosis = nn.diagnose(Adder(1.6), sequences, sums, "mse")
print("\n".join(str(diagnosis).split("\n")[:8]))
print("...")

# %% [markdown]
# `cell[0]`, `cell[1]`, ... are the calls of the same cell. Its suggestion, *clipping*, keeps the direction of a gradient and
# limits its length:

# %%
for clip in (None, 1.0):
    adder = Adder(1.6)
    callbacks = [nn.ClipGradNorm(clip)] if clip else []
    try:
        nn.fit(
            adder, sequences, sums, loss="mse", optimizer="sgd", lr=0.02, epochs=20, batch_size=8,
            seed=0, callbacks=callbacks, progress=False,
        )  # fmt: skip
        print(f"clipped at {clip}: w = {adder.cell.w.data:.3f}")
    except ArithmeticError as error:
        print("as it is:", str(error)[:75], "...")

# %% [markdown]
# ## What helps, measured
#
# Two networks that are ill, thirty digits, twenty epochs. For each cure: how much of the gradient after the last hidden layer
# is left after the first one, before training; and what has been learned in the end, where chance is 10 %. Means over two
# seeds.

# %%
X, y = some_digits(3)


def network(activation, init, seed, shape, *, norm=False, residual=False):
    rng, (hidden, width) = nn.arguments.generator(seed), shape
    layers = []
    for place in range(hidden):
        inputs = width if place else 64
        part = [nn.Layer(inputs, width, activation=activation, seed=rng, init=init)]
        part += [nn.LayerNorm(width)] if norm else []
        layers += [nn.Residual(*part)] if residual and place else part
    return nn.Sequential(*layers, nn.Linear(width, 10, seed=rng))


def back(model):
    """Give the size of the gradient after the first activation, relative to that after the last."""
    measured = measure(model, X[::3], y[::3], nn.cross_entropy)
    sizes = [layer.gradient_norm for layer in measured.layers if layer.dead is not None]
    return sizes[0] / sizes[-1]


# %%
def learned(model, seed, optimizer, clip):
    """Give the accuracy after training."""
    kind, rate = optimizer
    try:
        nn.fit(
            model, X, y, loss="cross_entropy", optimizer=kind, lr=rate, epochs=20, batch_size=5,
            callbacks=[nn.ClipGradNorm(clip)] if clip else [], seed=seed, progress=False,
        )  # fmt: skip
    except ArithmeticError:
        return math.nan
    return nn.evaluate(model, X, y, loss="cross_entropy")["accuracy"]


def cure(name, activation, init, shape, optimizer, clip=None, **options):
    models = [network(activation, init, seed, shape, **options) for seed in (0, 1)]
    ratio = math.exp(np.mean([math.log(back(model)) for model in models]))
    accuracy = np.mean(
        [learned(model, seed, optimizer, clip) for seed, model in enumerate(models)]
    )
    said = "diverges" if math.isnan(accuracy) else f"{100 * accuracy:.0f} %"
    print(f"{name:<32}{ratio:>14.2g}{said:>14}")


# %%
ill = ((6, 20), ("adam", 0.003))
print(f"{'six layers of 20, Adam':<32}{'first/last':>14}{'accuracy':>14}")
cure("sigmoid, Xavier: it vanishes", "sigmoid", "xavier_uniform", *ill)
cure("  initialiser: LeCun", "sigmoid", "lecun_uniform", *ill)
cure("  clipped gradients", "sigmoid", "xavier_uniform", *ill, clip=1.0)
cure("  activation: tanh", "tanh", "xavier_uniform", *ill)
cure("  activation: relu, Kaiming", "relu", "kaiming_uniform", *ill)
cure("  normalisation: LayerNorm", "sigmoid", "xavier_uniform", *ill, norm=True)
cure("  a way around: Residual", "sigmoid", "xavier_uniform", *ill, residual=True)

# %%
ill = ((4, 30), ("sgd", 0.1))
print(f"{'four layers of 30, SGD':<32}{'first/last':>14}{'accuracy':>14}")
cure("relu, N(0, 1): it explodes", "relu", "normal", *ill)
cure("  initialiser: Kaiming", "relu", "kaiming_uniform", *ill)
cure("  normalisation: LayerNorm", "relu", "normal", *ill, norm=True)
cure("  clipped gradients", "relu", "normal", *ill, clip=1.0)
cure("  a way around: Residual", "relu", "normal", *ill, residual=True)

# %% [markdown]
# Each illness has its own medicine. What vanishes is not helped by clipping, nor by an initialiser, as long as each layer
# takes three quarters away: change the activation, normalise, or lead the gradient around. What explodes is not helped by a
# way around: begin with smaller weights, normalise, or clip.

# %% [markdown]
# ## Depth, width, activation, initialiser
#
# No training here, only one batch forward and backward for each network: is the gradient at the first hidden layer smaller or
# larger than at the last? A number is $\log_{10}$ of that ratio, mean over three seeds: 0 is right, $-2$ means a hundredth.

# %%
ACTIVATIONS = ("sigmoid", "tanh", "relu")
INITIALISERS = ("xavier_uniform", "kaiming_uniform", "lecun_uniform", "normal")
SHAPES = [(depth, width) for depth in (2, 4, 8) for width in (8, 24)]


def logarithm(shape, activation, init):
    ratios = [back(network(activation, init, seed, shape)) for seed in range(3)]
    return np.mean(np.log10(ratios))


table = [
    [logarithm(shape, activation, init) for shape in SHAPES]
    for activation in ACTIVATIONS
    for init in INITIALISERS
]

# %%
names = [f"{activation}, {init}" for activation in ACTIVATIONS for init in INITIALISERS]
_, ax = plt.subplots(figsize=(9, 6.5), layout="constrained")
shown = ax.imshow(table, cmap="RdBu_r", vmin=-5, vmax=5, aspect="auto")
for i, row in enumerate(table):
    for j, value in enumerate(row):
        ax.text(
            j,
            i,
            f"{value:.1f}",
            ha="center",
            va="center",
            color="white" if abs(value) > 3 else "black",
        )
ax.set_xticks(
    range(len(SHAPES)), [f"{depth} layers\nof {width}" for depth, width in SHAPES]
)
ax.set_yticks(range(len(names)), names)
ax.grid(visible=False)
ax.set_title("Gradient at the first hidden layer, relative to the last")
plt.colorbar(shown, label="log₁₀ of the ratio (blue vanishes, red explodes)")
plt.show()

# %% [markdown]
# Read it row by row. **Sigmoid** vanishes with depth, whatever the usual initialisers do: they know the width, not that the
# slope is at most $\tfrac14$. **tanh** with Xavier and **relu** with Kaiming stay near 0 at any depth; that is what these
# initialisers were derived for. (Between layers of equal width the two are the same but for a factor, the *gain*, and a layer
# takes that of its activation.) **LeCun's** is right for linear neurons, and a little too small for these. **N(0, 1)** knows
# nothing of the width: the wider the layer, the more it explodes; to the sigmoid, whose slopes are too small, weights that are
# too large even do good. **Width** matters little once the initialiser takes it into account; **depth** multiplies whatever is
# left.

# %% [markdown]
# ## Exercises
#
# Put your answer in place of the dots and run the cell. The cell says whether it is right.

# %%
from exercises import check

# %% [markdown]
# **1.** A chain of 5 sigmoid neurons with weights 1. How much of the gradient reaches the first one, at most?

# %%
at_most = ...  # a number

check(at_most, 0.25**5, "the slope of the sigmoid is largest at 0")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# at_most = 0.25**5
# ```
#
# Less than a thousandth.
#
# </details>

# %% [markdown]
# **2.** A linear recurrence with $w = 1.1$ over 100 steps. By which factor does a gradient grow on its way back?

# %%
growth = ...  # a number


def grows(growth):
    return abs(growth / reaches(100, 1.1) - 1) < 0.01


check(growth, grows, "the same factor in each step")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# growth = 1.1**100
# ```
#
# </details>

# %% [markdown]
# **3.** How large would the weight of a sigmoid neuron have to be, at least, so that $|w\,\sigma'(z)|$ can reach 1? (Its gradient would then
# not shrink, if $z$ stays at 0.)

# %%
smallest_weight = ...  # a number

check(smallest_weight, 4, "w times one quarter")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# smallest_weight = 4
# ```
#
# But with large weights $z$ does not stay at 0, and elsewhere the slope is smaller. There is no weight with which deep sigmoid networks
# are easy.
#
# </details>

# %% [markdown]
# **4.** Gradients of norm 50 are clipped at norm 5. One of them is −8. What becomes of it?

# %%
clipped = ...  # a number

check(clipped, -0.8, "all are scaled by the same factor")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# clipped = -8 * 5 / 50
# ```
#
# </details>

# %% [markdown]
# **5.** Build a network of eight hidden layers for the digits (64 inputs, 10 outputs) that `diagnose` finds healthy. Give a function of the
# seed; it must hold for five seeds.

# %%
healthy_network = ...  # lambda seed: nn.MLP(...)


def is_healthy(function):
    found = []
    for seed in range(5):
        model = function(seed)
        hidden = sum(isinstance(part, nn.Layer) for part in model.modules()) - 1
        found.append(
            hidden >= 8 and nn.diagnose(model, X[::5], y[::5], "cross_entropy").kind
        )
    return found == ["healthy"] * 5


check(healthy_network, is_healthy, "which rows of the table stay near 0 with 8 layers?")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# healthy_network = lambda seed: nn.MLP(64, [24] * 8 + [10], "tanh", seed, init="xavier_uniform")
# ```
#
# </details>
#
# ## Read on
#
# - Nielsen: *Neural Networks and Deep Learning*, chapter 5.
# - Hochreiter: *Untersuchungen zu dynamischen neuronalen Netzen* (1991), which found it; Bengio, Simard, Frasconi: *Learning
#   Long-Term Dependencies with Gradient Descent is Difficult* (1994).
# - Glorot and Bengio (2010) and He and others (2015) on initialisers; Ioffe and Szegedy (2015) on normalisation; He and others
#   (2015) on residual networks; Pascanu, Mikolov, Bengio (2013) on clipping.
# - In this project: `nn/diagnosis/findings.py` has the rules by which a trouble is named.
