# %% [markdown]
# # 3 · Why a topological sort?
#
# Every engine of this kind sorts the graph before it hands gradients back. Why is that needed? "Each node hands its
# gradient on to its parents" sounds as if one could just start. In this notebook you will learn
#
# - what the chain rule says about a graph: a *sum over all paths*;
# - why adding up the paths is right, but hopeless: their number doubles with every reused node;
# - why the obvious recursion gives **wrong numbers** as soon as a node is used twice, and right ones on a tree;
# - the one condition that repairs it, the *topological order*, and how little code finds one;
# - what a gradient then costs: a few forward passes, *however many parameters there are*.
#
# You need notebook 1. We write the three ways to differentiate ourselves, on the graphs that `Value` builds.

# %% [markdown]
# ## A node that is used more than once
#
# Here is the smallest graph that shows the problem. `h` is computed once, and used three times.

# %%
from autograd import Value

x = Value(2.0, "x")
h = 3 * x
h.label = "h"
square = h * h
square.label = "square"
y = square + h
y.label = "y"

y.data

# %% [markdown]
# By hand: $y = h^2 + h$ with $h = 3x$, so
#
# $$\frac{dy}{dx} = (2h + 1) \cdot 3 = 13 \cdot 3 = 39 .$$
#
# A node knows its parents, and for each of them the *local derivative*. One such pair is an edge of the graph:


# %%
def edges(node):
    """List (parent, local derivative) for each operand of a node."""
    return list(zip(node.parents, node.local_grads))


for node in (y, square, h):
    print(
        f"{node.label:<7} hands on to",
        ", ".join(f"{parent.label} times {slope:g}" for parent, slope in edges(node)),
    )

# %% [markdown]
# `square` has two edges to the *same* parent, since `h * h` uses `h` twice. Each counts.

# %% [markdown]
# ## The chain rule, path by path
#
# A change of `x` reaches `y` on every path. Along one path the local derivatives *multiply*; what comes in on different
# paths *adds up*. That is the whole chain rule:
#
# $$\frac{dy}{dx} = \sum_{\text{paths from } y \text{ to } x} \;\; \prod_{\text{edges of the path}} \text{local derivative}$$


# %%
def paths(node, leaf):
    """List the paths from a node to a leaf; a path is its local derivatives."""
    if node is leaf:
        return [[]]
    return [[slope, *rest] for parent, slope in edges(node) for rest in paths(parent, leaf)]


for path in paths(y, x):
    print(" · ".join(f"{slope:g}" for slope in path))

# %% [markdown]
# Three paths: $18 + 18 + 3 = 39$. Right! As a procedure: send a share along every edge, let each share travel on by
# itself, and add up what arrives. We count how many edges are walked.

# %%
from collections import defaultdict


def by_paths(root):
    grads = defaultdict(float)
    visits = 0
    travelling = [(root, 1.0)]
    while travelling:
        node, share = travelling.pop()
        grads[node] += share
        for parent, slope in edges(node):
            visits += 1
            travelling.append((parent, slope * share))
    return grads, visits


grads, visits = by_paths(y)
print(f"dy/dx = {grads[x]:g}, with {visits} edges walked")

# %% [markdown]
# The graph has five edges, and seven were walked: the one from `h` to `x` three times, once for each share that came by.
#
# That looks harmless. It is not. Let us build a ladder in which *every* node is used twice.


# %%
def ladder(n):
    """Double a number n times: each node is used twice by the next one."""
    foot = node = Value(1.0)
    for _ in range(n):
        node = node + node
    return foot, node


for n in (1, 2, 3, 10, 16):
    foot, top = ladder(n)
    grads, visits = by_paths(top)
    print(
        f"{n:2} rungs, {2 * n:2} edges: {visits:7,} edges walked, gradient {grads[foot]:6,.0f}"
    )

# %% [markdown]
# One rung more, twice the paths: with $n$ rungs $2^n$ paths. At 16 rungs it is 131,070 steps for 32 edges. A network has
# more paths than that from each weight to the loss: every neuron of a layer is used by every neuron of the next.

# %% [markdown]
# ## The obvious recursion
#
# Sending the shares one by one is wasteful. So keep a running gradient on each node, and let a node that has got something
# hand its gradient on. Most people write this at first:


# %%
def by_recursion(root, say=lambda *_: None):
    grads = defaultdict(float)
    visits = 0

    def hand_on(node):
        nonlocal visits
        for parent, slope in edges(node):
            visits += 1
            grads[parent] += slope * grads[node]
            say(node, parent, grads[parent])
            hand_on(parent)

    grads[root] = 1.0
    hand_on(root)
    return grads, visits


# %% [markdown]
# On a tree, where each node is used once, it is right:

# %%
from autograd import tanh

leaves = w, v, b = Value(0.5), Value(2.0), Value(-1.0)
tree = tanh(w * v + b)
tree.backward()

grads, _ = by_recursion(tree)
print("by recursion: ", [grads[leaf] for leaf in leaves])
print("by backward():", [leaf.grad for leaf in leaves])

# %% [markdown]
# Now the graph from the start, in which `h` is used three times. It should be 39.


# %%
def say(node, parent, grad):
    print(f"{node.label:>6} hands on to {parent.label:<6}  {parent.label}.grad = {grad:g}")


grads, visits = by_recursion(y, say)
print(f"dy/dx = {grads[x]:g}")

# %% [markdown]
# 93, not 39! Follow `h`. It gets 6 on the first edge from `square`, and hands on $3 \cdot 6 = 18$. Then it gets 6 again, has 12, and
# hands on $3 \cdot 12 = 36$: the first 6 *for the second time*. Then it gets 1 from `y`, has 13, and hands on 39, with the first 6
# for the third time. The last message was the right one, but it was added to the other two.
#
# Could one let every node hand on only once, the first time it is reached?


# %%
def once_each(root):
    grads = defaultdict(float)
    done = set()

    def hand_on(node):
        if node in done:
            return
        done.add(node)
        for parent, slope in edges(node):
            grads[parent] += slope * grads[node]
            hand_on(parent)

    grads[root] = 1.0
    hand_on(root)
    return grads


print(f"dy/dx = {once_each(y)[x]:g}")

# %% [markdown]
# Wrong again, now too small: `h` handed on its 6 at once, and what came in later went nowhere. There is no crash and no
# warning: only another number.

# %% [markdown]
# ## The one condition
#
# Both mistakes are the same: **`h` handed on before its gradient was complete.** A gradient is complete when *every* node that
# uses this node has handed on its part. So we need a list of the nodes in which each comes *after* all its parents, and go
# through it backwards. Such a list is a **topological order**. It takes a few lines: append a node when all its parents are
# in the list.


# %%
def sort(root):
    order, visited = [], set()

    def visit(node):
        if node in visited:
            return
        visited.add(node)
        for parent in node.parents:
            visit(parent)
        order.append(node)

    visit(root)
    return order


print(" → ".join(node.label for node in sort(y)))

# %% [markdown]
# Backwards: first `y`, then `square`, then `h`, and when its turn comes all three shares have arrived. Now every node hands on
# exactly once, and every edge is walked exactly once:


# %%
def by_sweep(root):
    grads = defaultdict(float)
    visits = 0
    grads[root] = 1.0
    for node in reversed(sort(root)):
        for parent, slope in edges(node):
            visits += 1
            grads[parent] += slope * grads[node]
    return grads, visits


grads, visits = by_sweep(y)
print(f"dy/dx = {grads[x]:g}, with {visits} edges walked")

# %% [markdown]
# Right, and five visits for five edges. The *paths* have not been forgotten: a sum of products was factored, as in
# $18 + 18 + 3 = (6 + 6 + 1) \cdot 3$. The bracket is `h.grad`, complete, and the factor 3 is used once.
#
# This is all there is to `Value.backward()`. The order is the one of `topological_order(y)`; it uses a stack of its own in place of
# recursion, because Python's ends at a depth of about a thousand, and a graph may be a million nodes deep.

# %%
from autograd import topological_order

y.backward()
print("backward():", x.grad)
print("the same order:", topological_order(y) == sort(y))

# %% [markdown]
# ## The three side by side
#
# On the ladder the right answer is $2^n$:

# %%
print("              paths             recursion               sweep")
print("rungs     edges  gradient     edges  gradient     edges  gradient")
for n in (1, 2, 4, 8, 12):
    foot, top = ladder(n)
    ways = [way(top) for way in (by_paths, by_recursion, by_sweep)]
    print(f"{n:5}", *(f"{visits:9,}{grads[foot]:10,.4g}" for grads, visits in ways))

# %% [markdown]
# Adding up paths: right, and exponential. The recursion: wrong *and* exponential. The sweep: right, and linear.

# %%
import matplotlib.pyplot as plt

plt.style.use("figures.mplstyle")

rungs = range(1, 17)
figure, axes = plt.subplots()
axes.semilogy(rungs, [by_paths(ladder(n)[1])[1] for n in rungs], "o-", color="C1")
axes.semilogy(rungs, [by_sweep(ladder(n)[1])[1] for n in rungs], "o-", color="C0")
axes.annotate("paths, or the recursion", (5, 6e3), color="C1")
axes.annotate("sweep", (14, 45), color="C0")
axes.set(xlabel="rungs of the ladder", ylabel="edges walked")
plt.show()

# %% [markdown]
# ## And finite differences?
#
# There is a way without any graph: move one parameter by a little, compute everything again, see what the loss does. Notebook 5
# is about its errors. Here we ask what it *costs*: for $n$ parameters, $n + 1$ forward passes.
#
# Seconds differ from run to run. So we count what the Python interpreter does, in steps (its "opcodes"):

# %%
import sys


def cost(function):
    """Count the steps that the Python interpreter takes."""
    count = 0

    def trace(frame, event, _):
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    function()  # what is done once only, say an import, is not to count
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(None)
    return count


# %% [markdown]
# The networks have four inputs and two hidden layers, of 2 neurons each, then 4, 8, ... Their forward pass is written out, one
# operation at a time.

# %%
import nn

models = [nn.MLP(4, [width, width, 1], seed=0) for width in (2, 4, 8, 16, 32, 64)]


def forward(model):
    numbers = [0.1, 0.2, 0.3, 0.4]
    for layer in model.layers:
        outs = []
        for neuron in layer.neurons:
            total = neuron.b
            for w, number in zip(neuron.w, numbers):
                total = total + w * number
            outs.append(tanh(total))
        numbers = outs
    return numbers[0]


# %% [markdown]
# The gradient in two ways: a forward pass and a sweep; and one more forward pass for each parameter. (For the larger
# networks we do not wait for the second, and take its cost as $n + 1$ forward passes.)


# %%
def gradient(model):
    forward(model).backward()


def differences(model):
    at_start = forward(model).data
    for parameter in model.parameters():
        parameter.data += 1e-6
        parameter.grad = (forward(model).data - at_start) / 1e-6
        parameter.data -= 1e-6


# %%
sizes, sweeps, differenced = [], [], []
print("parameters   forward pass    gradient   in forward passes")
for model in models:
    n = len(model.parameters())
    one, all_slopes = cost(lambda: forward(model)), cost(lambda: gradient(model))
    sizes.append(n)
    sweeps.append(all_slopes / one)
    differenced.append(cost(lambda: differences(model)) / one if n < 200 else n + 1)
    print(f"{n:10,}{one:15,}{all_slopes:12,}{all_slopes / one:20.1f}")

# %%
figure, axes = plt.subplots()
axes.loglog(sizes, differenced, "o-", color="C1")
axes.loglog(sizes, sweeps, "o-", color="C0")
axes.annotate("finite differences:\nn + 1 forward passes", (40, 500), color="C1")
axes.annotate("forward pass and sweep", (100, 4.5), color="C0")
axes.set(
    xlabel="number of parameters n", ylabel="cost of a gradient / cost of a forward pass"
)
axes.set(ylim=(1, 1e4))
plt.show()

# %% [markdown]
# This is why networks can be trained at all. The derivatives by *all* parameters together cost a few forward passes, be there 19
# parameters, 4,545, or a billion. It is a theorem, the *cheap gradient principle*: counted in arithmetic operations, a gradient costs
# at most about five times the function. (To be fair, the sweep pays in memory: it needs all numbers of the forward pass.)
#
# The sweep is cheap since a *single* number, the loss, is differentiated by many. The other way round, many outputs by one
# input, *forward mode* is the cheap one (`autograd.jvp`).

# %% [markdown]
# ## Exercises
#
# Put your answer in place of the dots and run the cell. The cell says whether it is right.

# %%
from exercises import check

# %% [markdown]
# **1.** How many paths lead from `root` to `leaf`? Think before you count.

# %%
leaf = Value(0.5)
first = leaf * leaf
second = first + leaf
root = second * second * second

number_of_paths = ...  # an integer

check(
    number_of_paths,
    lambda n: n == len(paths(root, leaf)),
    "how many go from second to leaf?",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# number_of_paths = 9
# ```
#
# From `second` three paths lead to `leaf`: two through `first`, since `leaf * leaf` has two edges, and the direct one. `second` is used
# three times: $3 \cdot 3 = 9$.
#
# </details>

# %% [markdown]
# **2.** Predict what the naive recursion says. Here `h = 2 * x` and `y = h + h`, at `x = 1`; the right answer is 4.

# %%
prediction = ...  # a number


def as_it_says(prediction):
    leaf = Value(1.0)
    inner = 2 * leaf
    grads, _ = by_recursion(inner + inner)
    return prediction == grads[leaf]


check(prediction, as_it_says, "h hands on twice: when it has 1, and when it has 2")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# prediction = 6
# ```
#
# `h` has 1 and hands on 2; then it has 2 and hands on 4. Together 6.
#
# </details>

# %% [markdown]
# **3.** A graph can have several topological orders. Here is one with `a`, `b`, `p = a * b`, `q = a + b`, `r = p * q`. Give an order that begins
# with `b` and in which `q` comes before `p`.

# %%
order = ...  # a string such as "abpqr"


def is_topological(order):
    parents = {"a": "", "b": "", "p": "ab", "q": "ab", "r": "pq"}
    place = {name: order.index(name) for name in parents}
    fits = all(place[parent] < place[name] for name in parents for parent in parents[name])
    return fits and len(order) == 5 and order[0] == "b" and place["q"] < place["p"]


check(
    order,
    is_topological,
    "each letter must come after its parents: r needs p and q, which need a and b",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# order = "baqpr"
# ```
#
# The gradients are the same with every topological order, but for rounding: sums may be taken in another order.
#
# </details>

# %% [markdown]
# **4.** A network has 1,000,000 parameters, and its forward pass takes 1 second. About how many *days* do the derivatives by all parameters take
# with finite differences?

# %%
days = ...  # a number


def about(days):
    return abs(days - 1_000_001 / (24 * 60 * 60)) < 0.5


check(days, about, "n + 1 forward passes; a day has 24 · 60 · 60 seconds")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# days = 1_000_001 / (24 * 60 * 60)
# ```
#
# More than eleven days for one step. The sweep: some seconds.
#
# </details>

# %% [markdown]
# **5.** Repair the recursion in another way, without a list. Let a node hand on when it has got as many shares as there are edges that
# come into it. Below, `uses[node]` counts these edges. Which condition is missing?

# %%
may_hand_on = ...  # lambda node, arrived, uses: ...


def by_counting(root, may_hand_on):
    uses, arrived, grads = defaultdict(int), defaultdict(int), defaultdict(float)
    for node in sort(root):
        for parent in node.parents:
            uses[parent] += 1

    def hand_on(node):
        for parent, slope in edges(node):
            grads[parent] += slope * grads[node]
            arrived[parent] += 1
            if may_hand_on(parent, arrived, uses):
                hand_on(parent)

    grads[root] = 1.0
    hand_on(root)
    return grads


def repairs(condition):
    foot, top = ladder(8)
    return by_counting(top, condition)[foot] == 2**8 and by_counting(y, condition)[h] == 13


check(may_hand_on, repairs, "compare arrived[node] with uses[node]")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# may_hand_on = lambda node, arrived, uses: arrived[node] == uses[node]
# ```
#
# This is Kahn's way to a topological order (1962): it finds it on the go. PyTorch's engine counts like this.
#
# </details>
#
# ## Read on
#
# - Griewank and Walther: *Evaluating Derivatives*, sections 3.2 and 4.5, on the sweep and the cheap gradient principle.
# - Baydin, Pearlmutter, Radul, Siskind: *Automatic Differentiation in Machine Learning: a Survey*, JMLR 18 (2018).
# - Olah: *Calculus on Computational Graphs: Backpropagation* (2015), on factoring paths.
# - In this project: `topological_order` and `_sweep` in `autograd/engine.py` are what you have just written.
