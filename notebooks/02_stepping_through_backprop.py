# %% [markdown]
# # 2 · Stepping through backprop, by hand and by machine
#
# `loss.backward()` is one line, and a great deal happens in it. In this notebook you will learn
#
# - the two passes of backpropagation as what they are: a short list of small multiplications and additions;
# - to do them on paper, for a small expression;
# - to read each step as the machine says it: rule first, then numbers;
# - what happens at a node that is used several times, and in an update of the parameters;
# - to use the *stepper*: forward, back, what-if, and "predict first".
#
# You need notebook 1. The exercises at the end check themselves.

# %% [markdown]
# ## A small loss
#
# A line $w x + b$ should give 10 at $x = 3$. The loss is the square of what is missing:
#
# $$L = (w x + b - 10)^2$$

# %%
from autograd import Value

w, x, b = Value(2.0, "w"), Value(3.0, "x"), Value(1.0, "b")

product = w * x
line = product + b
miss = line - 10
loss = miss**2

loss.data

# %% [markdown]
# ## By hand: the forward pass
#
# Take paper. Compute each node from its parents, in the order in which they were written:
#
# | node | rule | numbers |
# |---|---|---|
# | `product` | `w * x` | 2 · 3 = 6 |
# | `line` | `product + b` | 6 + 1 = 7 |
# | `miss` | `line - 10` | 7 − 10 = −3 |
# | `loss` | `miss ** 2` | (−3)² = 9 |
#
# The machine's version. `steps` lists both passes; the first four steps are the forward pass. (It calls the nodes what you called
# them: it looks at your variables.)

# %%
from autograd import steps

for step in steps(loss)[:4]:
    print(step)

# %% [markdown]
# ## By hand: the backward pass
#
# Now from the other end. Every node multiplies its gradient by a local derivative, and adds the product to a parent's gradient. We
# start with $\partial L / \partial L = 1$.
#
# **`loss = miss ** 2`.** The derivative of a square is twice the number: $2 \cdot (-3) = -6$.

# %%
loss_grad = 1.0
miss_grad = 2 * miss.data * loss_grad
miss_grad

# %% [markdown]
# In words: if `miss` grows by a little, the loss *falls* six times as fast. Sure: it is negative, and growing brings it nearer to 0.
#
# **`miss = line - 10`.** A difference hands on what it has. The constant 10 is no node that needs a gradient.

# %%
line_grad = 1 * miss_grad
line_grad

# %% [markdown]
# **`line = product + b`.** A sum hands on to both.

# %%
product_grad = 1 * line_grad
b_grad = 1 * line_grad
product_grad, b_grad

# %% [markdown]
# **`product = w * x`.** A product gives each the other one.

# %%
w_grad = x.data * product_grad
x_grad = w.data * product_grad
w_grad, x_grad

# %% [markdown]
# ## By machine
#
# The same, as the machine says it. The rest of the steps:

# %%
for step in steps(loss)[4:]:
    print(step)

# %% [markdown]
# Read one of them slowly:
#
# ```
# w.grad += ∂product/∂w · product.grad = x · product.grad = 3 · (-6) → -18
# ```
#
# - `w.grad +=` — the gradient of `w` grows by something;
# - `∂product/∂w · product.grad` — by the local derivative times the gradient of the node that hands on: this is the chain rule, and
#   every backward step has this form;
# - `x · product.grad` — the rule for a product, from the table of operations;
# - `3 · (-6)` — the numbers;
# - `→ -18` — what `w.grad` is now.
#
# Are your numbers the machine's?

# %%
loss.backward()

print("by hand:   ", [w_grad, x_grad, b_grad])
print("backward():", [w.grad, x.grad, b.grad])

# %% [markdown]
# ## A step knows more than its text
#
# It can be asked for what it stands for; a picture or a page can be made of that.

# %%
both_passes = steps(loss)
step = both_passes[-2]

print("phase:       ", step.phase)
print("hands on:    ", both_passes.names[step.node], "to", both_passes.names[step.parent])
print("in names:    ", step.symbols)
print("the rule:    ", step.rule)
print("the gradient:", step.before, "→", step.after)

# %% [markdown]
# And it typesets, for papers and slides:

# %%
from IPython.display import Math

Math(step.latex)

# %% [markdown]
# ## The stepper
#
# In a notebook, `steps(...)` at the end of a cell is a *stepper*: the graph, and both passes to walk through.
#
# - The buttons go to the first step, back, play, forward, and to the last one. Click into it, and the arrow keys do the same.
# - The current node and edge are highlighted, and the line below says the rule and the numbers.
# - Click a node: all that it gets, as one sum; and beside it what a finite difference says.
# - **What-if**: change `w`, and all numbers follow. For which `w` is every gradient zero?
# - **Predict first** hides the next number and asks you for it. Do the backward pass once in this mode.

# %%
steps(loss)

# %% [markdown]
# (In a notebook that is not trusted, and on GitHub, you see a picture and a table in place of it.)

# %% [markdown]
# ## A node that is used three times
#
# Here is the place where most people go wrong by hand. `h` is used three times: twice in `h * h`, once in the sum.

# %%
x = Value(2.0, "x")
h = 3 * x
square = h * h
y = square + h

print(steps(y))

# %% [markdown]
# Three steps add to `h.grad`, and the line after the last one says the sum in full: $1 + 6 + 6 = 13$, "three paths". Only then does `h` hand on to
# `x`: its gradient had to be complete. Notebook 3 is about this order. Watch `h` in the stepper:

# %%
steps(y)

# %% [markdown]
# By node rather than by contribution, the whole sum is one step:

# %%
print(steps(y, by="node"))

# %% [markdown]
# ## The update
#
# What the gradients are for: with an optimizer, the steps go on to its update, $w \leftarrow w - \eta \cdot \texttt{w.grad}$. Nothing is changed yet, it is only shown.

# %%
import nn

optimizer = nn.SGD([w, b], lr=0.02)

for step in steps(loss, optimizer=optimizer):
    if step.phase == "update":
        print(step)

# %% [markdown]
# Both are pushed upwards, and that is right: the line gave 7, it should give 10. Do it, several times:

# %%
x = Value(3.0, "x")

for epoch in range(5):
    loss = (w * x + b - 10) ** 2
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"loss {loss.data:7.4f}   then w = {w.data:.4f}, b = {b.data:.4f}")

# %% [markdown]
# ## Your own code, line by line
#
# `%load_ext autograd` brings a cell magic. `%%step` runs a cell, and steps through its last expression beside the code: the
# current line is highlighted. Change the code, and run it again.

# %%
# %load_ext autograd

# %%
# %%step
p = Value(0.5, "p")
q = Value(-1.0, "q")
s = p * q
t = s.exp()
t * p

# %% [markdown]
# ## Exercises
#
# Put your answer in place of the dots and run the cell. The cell says whether it is right.

# %%
from exercises import check

# %% [markdown]
# **1.** `z = u * v + u`, at `u = 3`, `v = -2`. On paper: which numbers are added to `u.grad`, in the order of the steps?

# %%
shares = ...  # a list of numbers

u, v = Value(3.0, "u"), Value(-2.0, "v")
z = u * v + u


def as_added(shares):
    backward = [step for step in steps(z) if step.parent is u and step.phase == "backward"]
    return shares == [step.after - step.before for step in backward]


check(
    shares,
    as_added,
    "the sum hands on first, with the local derivative 1; then the product, with v",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# shares = [1, -2]
# ```
#
# `print(steps(z))` shows them; together `u.grad` is $-1$.
#
# </details>

# %% [markdown]
# **2.** How many steps has the backward pass of `z`? Find a rule: what in the graph do you have to count?

# %%
count = ...  # an integer


def counts(count):
    return count == sum(step.phase == "backward" for step in steps(z))


check(count, counts, "every edge of the graph is walked once")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# count = 4
# ```
#
# One for each edge: two into the sum, two into the product.
#
# </details>

# %% [markdown]
# **3.** By hand: $k = \tanh(m \cdot n)$ at $m = 0.5$, $n = 2$. What is `m.grad` after `k.backward()`? You may use `math.tanh`.

# %%
import math

m_grad = ...  # a number


def by_machine(number):
    m, n = Value(0.5), Value(2.0)
    (m * n).tanh().backward()
    return math.isclose(number, m.grad)


check(m_grad, by_machine, "tanh(s) has the local derivative 1 - tanh(s)**2, here at s = 1")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# m_grad = (1 - math.tanh(1.0) ** 2) * 2.0
# ```
#
# </details>

# %% [markdown]
# **4.** An engine of your own: complete the backward pass. `order` is a list in which each node comes after its parents; `node.parents` and
# `node.local_grads` are as you know them. What is to be added to `grads[parent]`?

# %%
from autograd import topological_order

contribution = ...  # lambda local_derivative, grad_of_node: ...


def is_backprop(contribution):
    order = topological_order(y)
    grads = dict.fromkeys(order, 0.0)
    grads[y] = 1.0
    for node in reversed(order):
        for parent, local_derivative in zip(node.parents, node.local_grads):
            grads[parent] += contribution(local_derivative, grads[node])
    y.zero_grad()
    y.backward()
    return all(grads[node] == node.grad for node in order)


check(contribution, is_backprop, "along a path one multiplies")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# contribution = lambda local_derivative, grad_of_node: local_derivative * grad_of_node
# ```
#
# These few lines are backpropagation. All the rest of the project is there so that one can see it, check it, and run it.
#
# </details>
#
# ## Read on
#
# - Rumelhart, Hinton, Williams: *Learning representations by back-propagating errors*, Nature 323 (1986).
# - Nielsen: *Neural Networks and Deep Learning*, chapter 2, has the four equations of backpropagation.
# - In this project: `autograd/stepping/` makes the steps; `chainrule step "tanh(w*x+b)" w=0.5 x=2 b=-1` shows them in a terminal.
