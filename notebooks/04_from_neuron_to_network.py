# %% [markdown]
# # 4 · From a neuron to a network
#
# One neuron can draw one straight line. This is not enough for two interleaved half-moons; a few neurons together are. In this
# notebook you will learn
#
# - what a neuron computes, and what its weights mean in a picture;
# - what a layer is, and a multi-layer perceptron (MLP), and how many parameters they have;
# - how a *loss* turns "many points are on the wrong side" into one number that can be differentiated;
# - the training loop;
# - to look inside: what the hidden neurons have learned, and how a gradient flows back through the layers.
#
# You need notebooks 1 and 2.

# %% [markdown]
# ## The moons
#
# A hundred points of two classes, from scikit-learn. We call the classes $+1$ and $-1$.

# %%
from sklearn.datasets import make_moons

made_points, made_classes = make_moons(n_samples=100, noise=0.1, random_state=0)
points = made_points.tolist()
signs = [1 if number == 1 else -1 for number in made_classes]

# %%
import matplotlib.pyplot as plt

plt.style.use("figures.mplstyle")


def draw_points(axes):
    for sign, colour, marker in ((1, "C0", "o"), (-1, "C1", "s")):
        of_class = [point for point, other in zip(points, signs) if other == sign]
        axes.plot(
            *zip(*of_class), marker, color=colour, markersize=5, markeredgecolor="white"
        )
    axes.set(xlim=(-1.6, 2.6), ylim=(-1.1, 1.6), xlabel="x1", ylabel="x2", aspect="equal")


figure, axes = plt.subplots()
draw_points(axes)
plt.show()

# %% [markdown]
# A *classifier* computes a score from the two coordinates: positive for blue circles, negative for orange squares.

# %% [markdown]
# ## A neuron
#
# Weights times inputs, added up, plus a bias: $s = w_1 x_1 + w_2 x_2 + b$. In `nn` it is a `Neuron`. A linear one leaves it at that; others
# apply an *activation* such as $\tanh$. Drawn, with one of the points:

# %%
import nn
from autograd import draw

neuron = nn.Neuron(2, activation="tanh", seed=1)
neuron.w[0].label, neuron.w[1].label, neuron.b.label = "w1", "w2", "b"

out = neuron(points[0])
out.label = "out"
out.backward()

draw(out, model=neuron)

# %% [markdown]
# The weighted sum is a single node, `dot`: a neuron of a hundred inputs would not be readable otherwise, nor fast. Step through it:

# %%
from autograd import steps

print(steps(out))

# %% [markdown]
# The weights get the *inputs* as their local derivatives. An input of 0 would teach its weight nothing.
#
# Where is the score zero? On the line $w_1 x_1 + w_2 x_2 + b = 0$. On one side of it the neuron says $+$, on the other $-$. Training moves
# the line.

# %% [markdown]
# ## A loss
#
# How wrong is a classifier? To count the wrong points is no use: the count does not change when a weight changes by a little, so its
# derivative is 0. Take something smooth instead. With the score $s$ and the class $t = \pm 1$, the product $t s$ is positive where the
# classifier is right. The *logistic loss* $\log(1 + e^{-t s})$ is nearly 0 far on the right side, and grows on the wrong one. (Its name in the table is
# `softplus`.)

# %%
from autograd import mean, no_grad, softplus


def loss_of(model):
    return mean([softplus(-sign * model(point)) for point, sign in zip(points, signs)])


def right_ones(model):
    with no_grad():
        return sum(
            (model(point).data > 0) == (sign > 0) for point, sign in zip(points, signs)
        )


# %%
margins = [k / 10 for k in range(-40, 41)]
figure, axes = plt.subplots(figsize=(6, 3))
axes.plot(margins, [softplus(-m) for m in margins], color="C0")
axes.plot(margins, [1.0 if m < 0 else 0.0 for m in margins], color="0.5", linestyle=":")
axes.annotate("logistic loss", (-3.6, 2.4), color="C0")
axes.annotate("wrong or right, counted", (-3.8, 0.65), color="0.4")
axes.set(xlabel="class times score", ylabel="loss")
plt.show()

# %% [markdown]
# ## Training
#
# The loop of notebook 1, with an optimizer that does `p.data -= lr * p.grad` for each parameter:


# %%
def train(model, lr, epochs):
    optimizer = nn.SGD(model.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        loss = loss_of(model)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
    return losses


# %% [markdown]
# First a single linear neuron, three parameters:

# %%
single = nn.Neuron(2, activation="linear", seed=0)
losses = train(single, lr=1.0, epochs=100)

print(f"loss {losses[0]:.3f} → {losses[-1]:.3f}, {right_ones(single)} of 100 points right")


# %%
def draw_regions(axes, model, columns=84, rows=54):
    """Colour each side of a classifier."""
    xs = [-1.6 + 4.2 * (i + 0.5) / columns for i in range(columns)]
    ys = [-1.1 + 2.7 * (j + 0.5) / rows for j in range(rows)]
    with no_grad():
        scores = [[model((x, y)).tanh().data for x in xs] for y in ys]
    axes.imshow(
        scores,
        extent=(-1.6, 2.6, -1.1, 1.6),
        origin="lower",
        cmap="RdBu",
        alpha=0.35,
        vmin=-1,
        vmax=1,
    )
    axes.grid(visible=False)


figure, axes = plt.subplots()
draw_regions(axes, single)
draw_points(axes)
plt.show()

# %% [markdown]
# The best straight line there is, more or less. Twelve points are on the wrong side, and no line does much better: the moons are not *linearly
# separable*.

# %% [markdown]
# ## A layer, and a network
#
# Several neurons that look at the same inputs are a **layer**. Let the outputs of a layer be the inputs of the next, and you have a
# **multi-layer perceptron**. `nn.MLP(2, [4, 1])` has two inputs, a hidden layer of four neurons, and one output neuron:

# %%
model = nn.MLP(2, [4, 1], activation="tanh", seed=2)

print("\n".join(f"{name:<24}{p.data:8.3f}" for name, p in model.named_parameters()))

# %% [markdown]
# Count: each hidden neuron has two weights and a bias, the output neuron four weights and a bias: $4 \cdot 3 + 5 = 17$ parameters. The loss of *one* point, as a
# graph:

# %%
score = model(points[0])
score.label = "score"
loss = softplus(-signs[0] * score)
loss.label = "loss"
loss.backward()

draw(loss, model=model)

# %% [markdown]
# Why the $\tanh$? Without it, a layer of sums fed into a sum is a sum again: the whole network would be one linear neuron.

# %% [markdown]
# ## Training it
#
# Nothing in the loop changes.

# %%
losses = train(model, lr=1.0, epochs=400)

print(f"loss {losses[0]:.3f} → {losses[-1]:.3f}, {right_ones(model)} of 100 points right")

# %%
figure, axes = plt.subplots(figsize=(6, 3))
axes.plot(losses, color="C0")
axes.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
plt.show()

# %% [markdown]
# For a while it rests on a plateau, at the loss of the best straight line. Then it finds out how to bend.

# %%
figure, axes = plt.subplots()
draw_regions(axes, model)
draw_points(axes)
plt.show()

# %% [markdown]
# The border winds between the moons.

# %% [markdown]
# ## What the hidden neurons have learned
#
# Each hidden neuron still has its own straight line, where its weighted sum is 0. Here are the four of them:

# %%
figure, axes = plt.subplots()
draw_regions(axes, model)
draw_points(axes)
for hidden in model.layers[0].neurons:
    (w1, w2), b = (w.data for w in hidden.w), hidden.b.data
    nearest = -b / (
        w1**2 + w2**2
    )  # times (w1, w2): the point of the line that is nearest to 0
    x1, x2 = nearest * w1, nearest * w2
    axes.axline((x1, x2), (x1 - w2, x2 + w1), color="0.2", linewidth=1.2, linestyle="--")
plt.show()

# %% [markdown]
# The output neuron adds up four soft steps, each across one of these lines, and where one hands over to the next, the border
# bends. Two neurons have ended with nearly the same line: three would be enough. Would training
# find them? With `nn.MLP(2, [3, 1], activation="tanh", seed=2)` it does, with `seed=0` it stays on the plateau. Try.

# %% [markdown]
# ## Back through the layers
#
# How does the loss reach the first layer? We take the point that the network finds hardest. By layer, the steps tell it in four
# lines; ‖data‖ and ‖grad‖ are the lengths of the vectors of all numbers of a layer, and of all their gradients:

# %%
worst = max(range(100), key=lambda k: -signs[k] * model(points[k]).data)
loss = softplus(-signs[worst] * model(points[worst]))
loss.label = "loss"

print(steps(loss, by="layer", model=model))

# %% [markdown]
# And to walk through, with the update at the end:

# %%
steps(loss, optimizer=nn.SGD(model.parameters(), lr=1.0), model=model)

# %% [markdown]
# ## Is the gradient right?
#
# Notebook 5 is about that question. In short: ask.

# %%
from autograd import gradcheck

gradcheck(lambda: loss_of(model), model.parameters()).counts

# %% [markdown]
# ## Exercises
#
# Put your answer in place of the dots and run the cell. The cell says whether it is right.

# %%
from exercises import check

# %% [markdown]
# **1.** How many parameters has `nn.MLP(2, [8, 8, 1])`?

# %%
number = ...  # an integer

check(
    number,
    lambda n: n == len(nn.MLP(2, [8, 8, 1]).parameters()),
    "a neuron has a weight for each input, and a bias",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# number = 8 * 3 + 8 * 9 + 9
# ```
#
# </details>

# %% [markdown]
# **2.** Be the training yourself. Choose weights and bias of a linear neuron, so that its score is positive for the input $(1, 1)$ and negative for
# $(0, 0)$, $(0, 1)$ and $(1, 0)$: the logical *and*.

# %%
w1_w2_b = ...  # three numbers: (w1, w2, b)


def computes_and(numbers):
    gate = nn.Neuron(2, activation="linear", seed=0)
    for parameter, given in zip(gate.parameters(), numbers, strict=True):
        parameter.data = given
    return all(
        (gate(point).data > 0) == (point == (1, 1))
        for point in [(0, 0), (0, 1), (1, 0), (1, 1)]
    )


check(
    w1_w2_b,
    computes_and,
    "with w1 = w2 = 1 the sum is 0, 1 or 2; where must the border be?",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# w1_w2_b = (1, 1, -1.5)
# ```
#
# </details>

# %% [markdown]
# **3.** A neuron with $\tanh$ has the weighted sum $z = 6$. By what factor is the gradient smaller that it hands on, compared with the one it gets? (This is called
# *saturation*: a neuron that is very sure hardly learns.)

# %%
from autograd import Value

factor = ...  # a number


def local(factor):
    return abs(factor - Value(6.0).tanh().local_grads[0]) < 1e-6


check(factor, local, "the local derivative of tanh is 1 - tanh(z)**2")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# import math
# factor = 1 - math.tanh(6.0) ** 2
# ```
#
# About 0.000025.
#
# </details>

# %% [markdown]
# **4.** Four neurons took 400 epochs. Find a network that gets all 100 points right after 100 epochs, and give the trained model.

# %%
better = ...  # a model that you have trained

check(
    better,
    lambda model: right_ones(model) == 100,
    "try two hidden layers, and several seeds",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# better = nn.MLP(2, [8, 8, 1], activation="tanh", seed=2)
# train(better, lr=1.0, epochs=100)
# ```
#
# </details>
#
# ## Read on
#
# - Nielsen: *Neural Networks and Deep Learning*, chapters 1 and 4.
# - TensorFlow Playground, in which one can watch hidden neurons while they learn.
# - In this project: `nn/layers.py` is the neuron, the layer and the MLP; `chainrule tour` trains one on handwritten digits.
