# %% [markdown]
# # 10 · A GPT of scalars
#
# The networks that write and talk are transformers. The smallest one that deserves the name has 4,192 parameters,
# and every one of them can be a `Value`: each number in it can be looked at, stepped through, and asked for its
# gradient. In this notebook you will learn
#
# - how text becomes numbers, and what it means to foretell the next character;
# - what *attention* is: one head, drawn and stepped through number by number;
# - how the rest is put together (embeddings, normalisation, an MLP, ways around), until your own function gives the
#   same numbers as `nn.GPT`;
# - to train it in seconds, by a program that is recorded once for names of all lengths, and to compare it with
#   counting;
# - where its heads look when it has learned.
#
# You need notebooks 4 and 6. The sizes are those of Karpathy's *microgpt*, whose losses this network reproduces to
# the last digits. The exercises at the end check themselves.

# %% [markdown]
# ## Text as numbers
#
# The data are first names. Each character gets a number, its *token*. One more token stands before the first
# character and behind the last: it says where a name begins and ends, and is called `bos`, beginning of sequence.

# %%
import math

import matplotlib.pyplot as plt
import numpy as np

import autograd
import nn
from autograd import Value, draw, steps
from nn.commands.names import names_of_package

plt.style.use("figures.mplstyle")

names = np.random.default_rng(0).permutation(names_of_package()).tolist()
characters = nn.Characters(names)
print(len(names), "names, as", ", ".join(names[:6]))
print(characters.encode("ava"), "is ava")

documents = [characters.encode(name) for name in names]
held_out, train = documents[:500], documents[500:]

# %% [markdown]
# To *foretell* is to give a probability to each token that may come next. How good that is, is measured by the
# *loss*: $-\ln p$ of the token that did come, the mean over all. Who guesses gives each of the 27 tokens 1/27, and
# has a loss of $\ln 27$.
#
# The simplest way to do better is to count. How often does which character follow which? With one added to each
# count, so that nothing is impossible, that is a *bigram* model. It is what the network has to beat, on names that
# neither has seen.

# %%
bigrams = nn.Bigrams(train, len(characters))
print(f"to guess: {math.log(len(characters)):.3f}")
print(f"counted pairs, held out: {nn.mean_loss(bigrams, held_out):.3f}")

counts = np.array(bigrams.counts) - 1
symbols = [*characters.alphabet, "·"]
fig, ax = plt.subplots(figsize=(6, 6), layout="constrained")
ax.imshow(np.log1p(counts), cmap="Blues")
ax.set(
    xticks=range(27), yticks=range(27), xticklabels=symbols, yticklabels=symbols,
    xlabel="is followed by", ylabel="this character (· begins and ends a name)",
)  # fmt: skip
plt.show()

# %% [markdown]
# Counting looks back by one character. To look back further one could count triples, and longer, but most of these
# never occur. A transformer looks back as far as its block reaches, and learns what to look for.

# %% [markdown]
# ## A token becomes numbers
#
# Two tables of parameters: a row for each token, and a row for each position. A token is the sum of its two rows,
# brought to a common size by *RMSNorm*: divided by the root of the mean of its squares.


# %%
def rmsnorm(x):
    mean_square = autograd.dot(x, x) / len(x)
    return [each * (mean_square + 1e-5) ** -0.5 for each in x]


[round(y.data, 3) for y in rmsnorm([Value(3.0), Value(-4.0), Value(0.0)])]

# %% [markdown]
# ## One attention head
#
# So far each token stands alone. In *attention* they talk. From its numbers each token makes three lists:
#
# - a *query*: what am I looking for?
# - a *key*: what do I have?
# - a *value*: what do I tell those who find me?
#
# The last token compares its query with all keys, by $q \cdot k / \sqrt d$, makes weights of these scores by a
# softmax, and takes the weighted mean of the values. Here are two tokens, with two numbers in a key and one in a
# value. They are leaves, so that the head is all there is to see.

# %%
query = [Value(1.0, "q1"), Value(-0.5, "q2")]
keys = [[Value(0.8, "k11"), Value(0.2, "k12")], [Value(-1.0, "k21"), Value(0.4, "k22")]]
values = [[Value(2.0, "tell1")], [Value(-1.0, "tell2")]]


def head(query, keys, values):
    scores = [autograd.dot(query, key) / math.sqrt(len(query)) for key in keys]
    weights = autograd.softmax(scores)
    return weights, [autograd.dot(weights, column) for column in zip(*values, strict=True)]


weights, (out,) = head(query, keys, values)
out.backward()
print("weights", [round(weight.data, 3) for weight in weights], " out", round(out.data, 3))
draw(out, color_by_grad=True)

# %% [markdown]
# Look at the gradients. The value of a token gets its weight: who is looked at more, is told more of what went
# wrong. The keys get gradients, too: that is how a head learns *where* to look.
#
# Each of these numbers can be stepped through. Here is all that is said of the first key's first number, and of the
# score it is part of:

# %%
for step in steps(out, by="node"):
    if "k11" in str(step) or "v1.grad =" in str(step):
        print(step)

# %% [markdown]
# The stepper shows all steps on the drawing:

# %%
steps(out)

# %% [markdown]
# ## The whole network
#
# A *layer* has several heads, each with a part of the numbers to itself, and behind them an MLP that treats each
# token by itself. Both are *added* to what comes in, so that gradients have a way around (notebook 8). At the end a
# linear map gives a logit for each token. That is all there is to a GPT. The function below is given one more token,
# and the keys and values of those before; compare it with `nn.GPT`.

# %%
model = nn.GPT(len(characters), seed=0)
print(model.summary())


# %%
def matrix(x, weight):
    return [autograd.dot(row, x) for row in weight]


def added(x, y):
    return [one + other for one, other in zip(x, y, strict=True)]


# %%
def gpt(token, keys, values):
    """Give the logits of what may follow a token; its key and value are added to those before."""
    (block,) = model.blocks
    attention = block.attention
    place = len(keys)
    x = rmsnorm(
        added(model.token_embedding.weight[token], model.position_embedding.weight[place])
    )

    normed = rmsnorm(x)
    query = matrix(normed, attention.query.weight)
    keys.append(matrix(normed, attention.key.weight))
    values.append(matrix(normed, attention.value.weight))
    found = []
    for start in range(0, 16, 4):  # four heads of four numbers
        part = slice(start, start + 4)
        found += head(query[part], [k[part] for k in keys], [v[part] for v in values])[1]
    x = added(x, matrix(found, attention.out.weight))

    hidden = [autograd.relu(each) for each in matrix(rmsnorm(x), block.wide.weight)]
    x = added(x, matrix(hidden, block.narrow.weight))
    return matrix(x, model.head.weight)


# %%
keys, values = [], []
mine = [gpt(token, keys, values) for token in characters.encode("ava")[:-1]]
theirs = model(characters.encode("ava")[:-1])
max(abs(a.data - b.data) for row, other in zip(mine, theirs) for a, b in zip(row, other))

# %% [markdown]
# The loss of a name is a Value like any other. It is the root of a graph of some thousand nodes, and `backward`
# gives each parameter its gradient:

# %%
loss = model.loss(characters.encode("ava"))
loss.backward()
nodes = autograd.topological_order(loss)
print(f"loss {loss.data:.3f}, {len(nodes):,} nodes")
print("rows of the table of tokens that got a gradient:",
      [symbols[i] for i, row in enumerate(model.token_embedding.weight) if any(w.grad for w in row)])  # fmt: skip

# %% [markdown]
# ## Training
#
# A step: a few names, their mean loss, its gradient, an update by Adam. Computed node by node a thousand names take
# several seconds; so
# `nn.fit_documents` records the loss once, as a program, and runs that. But names differ in length and in their tokens.
# How can one recording do?
#
# - A token is an *input* of the program. `take(logits, token)` takes the element at an index that is data: its
#   derivative is 1 for that element, and the others get nothing. (The row of the table of tokens is taken in the same
#   spirit, as a product with a 1 among zeros: to a program that is one more layer.)
# - The recording is as long as the longest name. Each position's loss is multiplied by a weight that is an input,
#   too: $1/n$ for the $n$ that the name has, 0 behind its end.

# %%
row = [Value(float(10 * i), f"row{i}") for i in range(3)]
index = Value(1.0, "index")
program = autograd.record(autograd.take(row, index), inputs=[index], params=row)
program([0.0]), program([2.0]), program.value_and_grad([2.0])[1].tolist()

# %%
history = nn.fit_documents(model, train, steps=1500, batch_size=8, seed=0, progress=False)
print("computed by", history.engine)

losses = np.array(history["loss"])
fig, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
ax.plot(losses, ".", markersize=2, color="C0", alpha=0.4, label="a step")
ax.plot(
    range(24, 1475),
    np.convolve(losses, np.ones(50) / 50, "valid"),
    color="C0",
    label="mean of 50",
)
ax.axhline(nn.mean_loss(bigrams, held_out), color="C1", label="counted pairs, held out")
ax.axhline(nn.mean_loss(model, held_out), color="C2", label="this GPT, held out")
ax.set(xlabel="step", ylabel="loss", ylim=(1.7, 3.4))
ax.legend()
plt.show()

# %% [markdown]
# It beats counting by far, on names that it has not seen. And it can go on alone: draw a token from the
# probabilities that it gives, append it, and so on until `bos` comes. The logits are divided by a *temperature*
# first: below 1 the likely becomes likelier.

# %%
for temperature in (0.3, 0.7, 1.0, 1.5):
    drawn = nn.generate(model, characters.bos, count=8, temperature=temperature, seed=1)
    print(f"{temperature}:", ", ".join(characters.decode(tokens) for tokens in drawn))

# %% [markdown]
# ## Where does it look?
#
# Each head gives, for each token, a weight for every token up to itself. A row is a token that looks; the columns
# are those it looks at.

# %%
tokens = characters.encode("christina")[:-1]
letters = [symbols[token] for token in tokens]
(layer,) = model.attention(tokens)
fig, views = plt.subplots(1, 4, figsize=(13, 3.6), layout="constrained")
for number, (ax, weights) in enumerate(zip(views, layer)):
    square = np.full((len(tokens), len(tokens)), np.nan)
    for i, row in enumerate(weights):
        square[i, : len(row)] = row
    ax.imshow(square, cmap="Blues", vmin=0, vmax=1)
    ax.set(title=f"head {number + 1}", xticks=range(len(tokens)), yticks=range(len(tokens)),
           xticklabels=letters, yticklabels=letters)  # fmt: skip
views[0].set_ylabel("this token looks")
fig.supxlabel("at these")
plt.show()

# %% [markdown]
# The heads have shared the work: nobody told them how. The upper right is empty: a token cannot look ahead, or it
# would read the answer off.

# %% [markdown]
# ## Exercises

# %%
from exercises import check

# %% [markdown]
# **1.** How many parameters would a GPT of *two* layers have, with the sizes from above?

# %%
two_layers = ...  # a number

check(two_layers, 7264, "a layer has four matrices of 16 x 16, and two of 64 x 16")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# two_layers = 4192 + 4 * 16 * 16 + 2 * 64 * 16
# ```
#
# </details>

# %% [markdown]
# **2.** In a head all keys are the same. Which weight does each of five tokens get?

# %%
even = ...  # a number

check(even, 0.2, "equal scores, and the weights add up to 1")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# even = 1 / 5
# ```
#
# Then the head takes the mean of all values: it cannot tell the tokens apart.
#
# </details>

# %% [markdown]
# **3.** Write the loss of a name under the bigram model, as the mean of $-\ln p$ over its pairs.
# `bigrams.probability(first, second)` gives $p$.

# %%
bigram_loss = ...  # lambda tokens: ...


def is_bigram_loss(function):
    return all(
        math.isclose(function(tokens), nn.mean_loss(bigrams, [tokens]))
        for tokens in held_out[:5]
    )


check(bigram_loss, is_bigram_loss, "zip(tokens, tokens[1:]) gives the pairs")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# bigram_loss = lambda tokens: sum(-math.log(bigrams.probability(a, b)) for a, b in zip(tokens, tokens[1:])) / (len(tokens) - 1)
# ```
#
# </details>

# %% [markdown]
# **4.** Without positions, would the order of the tokens before the last one matter? Set all rows of the table of
# positions to zero in a copy, and compare the logits behind "ab" + "c" and "ba" + "c". Give the largest difference,
# rounded to 6 places.

# %%
difference = ...  # a number

check(difference, 0.0, "attention is a weighted mean, and a mean has no order")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# without = nn.GPT(len(characters), seed=0)
# without.load_state_dict(model.state_dict())
# for row in without.position_embedding.weight:
#     for weight in row:
#         weight.data = 0.0
# one, other = ([logit.data for logit in without(characters.encode(name)[1:-1])[-1]] for name in ("abc", "bac"))
# difference = round(max(abs(a - b) for a, b in zip(one, other)), 6)
# ```
#
# </details>
#
# ## Read on
#
# - Vaswani and others: *Attention Is All You Need* (2017); Radford and others: *Language Models are Unsupervised
#   Multitask Learners* (2019).
# - Karpathy: *microgpt* (2026), the whole in 200 lines; and his course *Neural Networks: Zero to Hero*.
# - Jurafsky and Martin: *Speech and Language Processing*, chapter 3, on counted pairs.
# - In this project: `nn/language/transformer.py` is the network, `nn/language/programs.py` its recording. `chainrule
#   train names` trains it from the command line, on names of your own with `--data`.
