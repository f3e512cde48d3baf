# %% [markdown]
# # 6 · Training a network
#
# A network learns by going downhill: compute the loss, compute its gradient, move every weight a little against it,
# repeat. We first write that loop by hand, then let `fit` do the same, and look at everything on the way. In this
# notebook you will learn
#
# - the *update rule* $w \leftarrow w - \eta\, \partial L/\partial w$, on one neuron and on a network;
# - what a hidden layer is good for, seen in a *decision boundary*;
# - why one does not wait for all examples before moving: *mini-batches*;
# - that `fit` computes exactly what your loop does, and what it adds: a bar, held-out examples, checkpoints;
# - to read handwritten digits, and to look at what the network has learned and where it is wrong.
#
# You need notebook 1. The exercises at the end check themselves.

# %% [markdown]
# ## Data to look at
#
# Two half circles, *moons*: each point has two coordinates and a class, 0 or 1.

# %%
import matplotlib.pyplot as plt

import nn
from nn import plotting
from nn.datasets import digits, moons

plt.style.use("figures.mplstyle")

X, y = moons(100, noise=0.1, seed=0)
print("the first point", [round(x, 3) for x in X[0]], "is of class", y[0])

# %%
for kind in (0, 1):
    points = [x for x, target in zip(X, y) if target == kind]
    plt.scatter(*zip(*points), label=f"class {kind}")
plt.xlabel("first input")
plt.ylabel("second input")
plt.legend()
plt.show()

# %% [markdown]
# ## One neuron
#
# A neuron is a weighted sum: $z = w_1 x_1 + w_2 x_2 + b$. If $z > 0$ it says class 1, else class 0. Where $z = 0$ is a
# straight line. How wrong is it? The *loss* says so in one number: here the *binary cross-entropy*, the mean of
# $-\log$ of the probability that the neuron gives to the right class, where the probability of class 1 is
# $\sigma(z) = 1/(1 + e^{-z})$.

# %%
from autograd import Value

w1, w2, b = Value(0.0, "w1"), Value(0.0, "w2"), Value(0.0, "b")


def loss_of_the_neuron():
    outputs = [w1 * x1 + w2 * x2 + b for x1, x2 in X]
    return nn.bce_with_logits(outputs, y)


loss_of_the_neuron().data

# %% [markdown]
# With all weights 0 the neuron gives each class the probability one half, so the loss is $\log 2 = 0.693$. Now go
# downhill. These four lines are all of it; the rest of this notebook is about doing them well.

# %%
parameters = [w1, w2, b]
for step in range(201):
    loss = loss_of_the_neuron()
    for p in parameters:
        p.grad = 0.0
    loss.backward()
    for p in parameters:
        p.data -= 1.0 * p.grad  # the update rule, with a learning rate of 1
    if step % 40 == 0:
        print(f"step {step:3}: loss {loss.data:.4f}")

# %% [markdown]
# It learns, then it gets no better: no straight line separates the moons.

# %% [markdown]
# ## A hidden layer
#
# Sixteen neurons look at the inputs, each with its own line, bent by a tanh; one more neuron looks at these sixteen. That
# is an `MLP`. The loop stays the same. `model.parameters()` lists its 65 weights and biases.

# %%
model = nn.MLP(2, [16, 1], activation="tanh", init="xavier_uniform", seed=0)
print(model.summary())

# %%
losses = []


def train_by_hand(model, steps, learning_rate):
    for _ in range(steps):
        loss = nn.bce_with_logits([model(x) for x in X], y)
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        losses.append(loss.data)


_, views = plt.subplots(1, 3, figsize=(13, 3.6), layout="constrained")
for ax, steps in zip(views, (0, 20, 180)):
    train_by_hand(model, steps, 1.0)
    plotting.decision_boundary(model, X, y, ax, resolution=40)
    ax.set_title(f"after {len(losses)} steps")
plt.show()

# %% [markdown]
# The colour is the output $z$, the black line is where it is 0. It begins nearly straight and bends where the data ask
# for it. What did the hidden neurons do? Each has its own weights; here they are as an image, a row for each neuron.

# %%
plotting.weight_images(model.layers[0])
plt.show()

# %% [markdown]
# ## Do not wait for all examples
#
# The gradient of the loss is a *mean* over the examples. Ten of them, chosen at random, give nearly the same direction for
# a tenth of the work. So deal the examples out into *mini-batches*, and take a step after each. When all have had their
# turn, an *epoch* is over. That is stochastic gradient descent.


# %%
from nn.datasets import mini_batches


def train_in_mini_batches(model, optimizer, epochs, size):
    means = []
    for epoch in range(epochs):
        total = 0.0
        for batch in mini_batches(len(X), size, seed=epoch):
            outputs = [model(X[i]) for i in batch]
            loss = nn.bce_with_logits(outputs, [y[i] for i in batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.data * len(batch)
        means.append(total / len(X))
    return means


curves = {}
for size in (100, 10):
    fresh = nn.MLP(2, [16, 1], activation="tanh", init="xavier_uniform", seed=0)
    optimizer = nn.SGD(fresh.parameters(), lr=0.5)  # the update rule, as an object
    curves[size] = train_in_mini_batches(fresh, optimizer, 30, size)

# %%
for size, means in curves.items():
    plt.plot(range(1, 31), means, label=f"mini-batches of {size}")
plt.yscale("log")
plt.xlabel("epoch: all examples once")
plt.ylabel("loss (mean over the examples)")
plt.legend()
plt.show()

# %% [markdown]
# Both have computed the same number of examples. Ten updates an epoch get much further than one.

# %% [markdown]
# ## `fit` does the same
#
# You have just written the heart of every training program. `fit` is that loop. To believe it, train one network with
# `fit` and one by hand, with the examples in the same order, and compare the weights: not roughly, but bit by bit.
# (By default `fit` records the network as a *program*, which computes a mini-batch at once: sooner, and the same up to
# rounding. `programs=False` has it compute as you did.)

# %%
ours = nn.MLP(2, [16, 1], activation="tanh", init="xavier_uniform", seed=0)
theirs = nn.MLP(2, [16, 1], activation="tanh", init="xavier_uniform", seed=0)

history = nn.fit(
    ours, X, y, loss="bce_with_logits", optimizer="sgd", lr=0.5, epochs=5, batch_size=10,
    shuffle=False, progress=False, programs=False,
)  # fmt: skip

optimizer = nn.SGD(theirs.parameters(), lr=0.5)
for _ in range(5):
    for start in range(0, 100, 10):
        outputs = [theirs(x) for x in X[start : start + 10]]
        loss = nn.bce_with_logits(outputs, y[start : start + 10])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

print(all(p.data == q.data for p, q in zip(ours.parameters(), theirs.parameters())))

# %% [markdown]
# It adds what a longer run needs. In a terminal there is a live bar (here `progress=False`). It looks at all arguments
# before it starts, so that a typing error does not show after an hour:

# %%
for wrong in ({"loss": "cross_entropi"}, {"batch_size": 0}, {"optimizer": "adma"}):
    try:
        nn.fit(ours, X, y, **({"loss": "bce_with_logits"} | wrong))
    except ValueError as error:
        print(error)

# %% [markdown]
# And where numbers run away, it stops and says where:

# %%
straight = nn.MLP(2, [16, 1], activation="linear", seed=0)
try:
    nn.fit(straight, X, y, loss="mse", optimizer="sgd", lr=5.0, progress=False, seed=0)
except ArithmeticError as error:
    print(error)

# %% [markdown]
# ## Look at what it has not seen
#
# A network can learn its examples by heart. Whether it has understood shows on others, *held-out* ones. Take few and noisy
# examples, hold a third out, and train for long:

# %%
noisy, classes = moons(60, noise=0.25, seed=3)
big = nn.MLP(2, [24, 24, 1], activation="tanh", init="xavier_uniform", seed=0)
history = nn.fit(
    big, noisy, classes, loss="bce_with_logits", optimizer="adam", lr=0.005, epochs=80,
    batch_size=10, validation=0.33, seed=0, progress=False,
)  # fmt: skip
history.plot()
plt.show()

# %% [markdown]
# On what it is trained on it becomes better and better. On what is held out the loss falls, and then *rises*: from there
# on it learns the noise. `EarlyStopping` ends there, and gives back the weights of the best epoch:

# %%
big = nn.MLP(2, [24, 24, 1], activation="tanh", init="xavier_uniform", seed=0)
stopping = nn.EarlyStopping("validation_loss", patience=10)
history = nn.fit(
    big, noisy, classes, loss="bce_with_logits", optimizer="adam", lr=0.005, epochs=80,
    batch_size=10, validation=0.33, callbacks=[stopping], seed=0, progress=False,
)  # fmt: skip
print(f"after {len(history)} epochs: {history.stopped}")

# %% [markdown]
# ## A run that is killed
#
# With `checkpoint=` the state is written after each epoch: weights, optimizer, order of the examples. Here a run is
# interrupted in its fourth epoch, as by a power cut, and started again. The result is the same, bit for bit, as if nothing
# had happened.

# %%
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp())
options = {
    "loss": "bce_with_logits",
    "optimizer": "adam",
    "epochs": 8,
    "batch_size": 10,
    "seed": 0,
}


class PowerCut(nn.Callback):
    def __init__(self, at_step):
        self.at_step = at_step

    def on_update(self, run):
        if run.step == self.at_step:
            raise KeyboardInterrupt


def trained(callbacks, checkpoint):
    model = nn.MLP(2, [16, 1], activation="tanh", init="xavier_uniform", seed=0)
    nn.fit(
        model, X, y, **options, callbacks=callbacks, checkpoint=checkpoint, progress=False
    )
    return [p.data for p in model.parameters()]


# %%
try:
    trained([PowerCut(at_step=35)], folder / "interrupted.json")
except KeyboardInterrupt:
    print("the power is gone")

resumed = trained([PowerCut(at_step=None)], folder / "interrupted.json")
undisturbed = trained([PowerCut(at_step=None)], folder / "undisturbed.json")
print("the same bits:", resumed == undisturbed)

# %% [markdown]
# ## Handwritten digits
#
# 1,797 real images of 8 x 8 pixels, of ten classes. The network has ten outputs, one for each digit; the largest one
# decides. The loss is the *cross-entropy*, the binary one's bigger sister. A fifth of each digit is held out.

# %%
data = digits().split(held_out=0.2, seed=0)

_, places = plt.subplots(1, 10, figsize=(9, 1.4))
for ax, image, target in zip(places, data.train_inputs, data.train_targets):
    ax.imshow([image[i : i + 8] for i in range(0, 64, 8)], cmap="gray_r")
    ax.set_title(target)
    ax.axis("off")
plt.show()

# %%
reader = nn.MLP(64, [30, 10], init="kaiming_uniform", seed=0)
adam = nn.Adam(reader.parameters(), lr=0.01)
history = nn.fit(
    reader, data.train_inputs, data.train_targets, loss="cross_entropy", optimizer=adam,
    schedule=nn.CosineAnnealingLR(adam, T_max=8), epochs=8, batch_size=32, seed=0, progress=False,
)  # fmt: skip
history.plot()
plt.show()

# %% [markdown]
# Now, once, the held-out images. (Had we looked before, and chosen the number of epochs by it, they would not be held out
# any more.)

# %%
result = nn.evaluate(
    reader, data.held_out_inputs, data.held_out_targets, loss="cross_entropy"
)
print(f"held-out accuracy: {100 * result['accuracy']:.1f} %")

# %%
from nn.metrics import confusion_matrix, decisions

answers = decisions(nn.predict(reader, data.held_out_inputs))
plotting.confusion(confusion_matrix(answers, data.held_out_targets))
plt.show()

# %% [markdown]
# A row is what was written, a column what was read. Look at the images that were misread, before you blame the network:

# %%
wrong = [i for i, target in enumerate(data.held_out_targets) if answers[i] != target]
_, places = plt.subplots(1, min(8, len(wrong)), figsize=(9, 1.7), squeeze=False)
for ax, i in zip(places[0], wrong):
    image = data.held_out_inputs[i]
    ax.imshow([image[k : k + 8] for k in range(0, 64, 8)], cmap="gray_r")
    ax.set_title(f"{data.held_out_targets[i]}, read as {answers[i]}", fontsize=8)
    ax.axis("off")
plt.show()

# %% [markdown]
# What do the hidden neurons look for? Each has a weight for each pixel, so its weights are an image: red where ink excites
# it, blue where ink inhibits it. Strokes and gaps.

# %%
plotting.weight_images(reader.layers[0], shape=(8, 8))
plt.show()

# %% [markdown]
# ## Exercises
#
# Put your answer in place of the dots and run the cell. The cell says whether it is right.

# %%
import math

from exercises import check

# %% [markdown]
# **1.** The update rule by hand. A parameter is 0.5, its gradient −2, the learning rate 0.1. What is the parameter after the step?

# %%
after = ...  # a number

check(after, 0.7, "against a negative gradient is upwards")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# after = 0.5 - 0.1 * -2
# ```
#
# </details>

# %% [markdown]
# **2.** 1,437 images in mini-batches of 32, for 8 epochs. How many updates is that? The last mini-batch of an epoch is smaller, but
# it counts.

# %%
updates = ...  # an integer

check(updates, 360, "round up within an epoch")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# updates = 8 * math.ceil(1437 / 32)
# ```
#
# </details>

# %% [markdown]
# **3.** An untrained network gives each of the ten digits about the same probability. What is its cross-entropy, about?

# %%
first_loss = ...  # a number


def near(first_loss):
    return abs(first_loss - math.log(10)) < 0.05


check(first_loss, near, "minus the logarithm of the probability of the right digit")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# first_loss = -math.log(1 / 10)
# ```
#
# A first loss far above 2.3 says that the network is wrong with conviction before it has seen anything: its weights are too large.
#
# </details>

# %% [markdown]
# **4.** Write the loop: give a function that takes a model, an optimizer, inputs, targets and a number of steps, and trains on all
# examples at once with `nn.mse`.

# %%
my_training = ...  # def my_training(model, optimizer, inputs, targets, steps): ...


def trains(function):
    model, twin = (
        nn.MLP(1, [3, 1], activation="tanh", seed=1),
        nn.MLP(1, [3, 1], activation="tanh", seed=1),
    )
    inputs, targets = [[-1.0], [0.0], [1.0]], [1.0, 0.0, 1.0]
    function(model, nn.SGD(model.parameters(), lr=0.1), inputs, targets, 5)
    nn.fit(twin, inputs, targets, loss="mse", optimizer="sgd", lr=0.1, epochs=5, batch_size=3,
           shuffle=False, progress=False)  # fmt: skip
    return all(
        abs(p.data - q.data) < 1e-12 for p, q in zip(model.parameters(), twin.parameters())
    )


check(my_training, trains, "loss, zero_grad, backward, step")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def my_training(model, optimizer, inputs, targets, steps):
#     for _ in range(steps):
#         loss = nn.mse([model(x) for x in inputs], targets)
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
# ```
#
# </details>

# %% [markdown]
# **5.** What happens without `zero_grad`? A parameter has the gradient 3 in the first step and 4 in the second. Which gradient does the
# second `step()` use if `zero_grad()` was forgotten?

# %%
used = ...  # a number

check(used, 7, "backward() adds to .grad")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# used = 3 + 4
# ```
#
# Gradients of leaves add up until they are set to zero. That is useful (two losses, one update), and the most forgotten line of all.
#
# </details>
#
# ## Read on
#
# - Notebook 7: what to do with the gradient: momentum, Adam and the others race.
# - Notebook 8: why deep networks were so hard to train, and what helps.
# - Nielsen: *Neural Networks and Deep Learning*, chapters 1 and 3.
# - In this project: `nn/training/loop.py` is the loop; `chainrule train digits` runs it from the command line.
