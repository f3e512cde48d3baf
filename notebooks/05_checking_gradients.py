# %% [markdown]
# # 5 · Checking gradients
#
# A wrong gradient does not crash. The network still trains, only worse, and nobody tells you. In this notebook you
# will learn
#
# - to get a derivative from nothing but values of a function: a *finite difference*;
# - why a smaller step is not always better, and which step is best;
# - two ways out: *Richardson extrapolation* and the *complex step*;
# - how `gradcheck` puts a gradient beside differences, says **right**, **wrong** or **inconclusive**, and names the
#   operation at fault;
# - to have Hypothesis search for an input at which your code is wrong, and shrink it to a small one.
#
# You need derivatives from school, and `backward()` from notebook 1. The exercises at the end check themselves.

# %% [markdown]
# ## A mistake that nobody notices
#
# An operation of your own is one entry in a table: its value and its derivative, as text. Here is a smooth version of
# the absolute value, $\sqrt{x^2 + 1}$. From school: its derivative is $x / \sqrt{x^2 + 1}$. Whoever wrote this entry
# forgot to divide.

# %%
from autograd import Op, Value, register

smooth_abs = register(
    Op("smooth_abs", "x", "sqrt(x*x + 1)", ("x",), "A smooth version of abs(x).")
)
smooth_abs(Value(3.0))

# %% [markdown]
# The value is right. Let gradient descent use it: find the `w` at which `smooth_abs(w - 3)` is smallest.

# %%
w = Value(0.0, "w")
for step in range(40):
    loss = smooth_abs(w - 3)
    w.grad = 0.0
    loss.backward()
    w.data -= 0.1 * w.grad

print(f"after 40 steps w = {w.data:.2f}, loss = {loss.data:.4f}")

# %% [markdown]
# It arrives at 3, as it should. The *direction* of the wrong gradient is right, and that was enough here. In a deep
# network the same mistake makes the steps of some weights much too long, and all you see is that it "trains badly".
# We need a check that does not use the rules at all.

# %% [markdown]
# ## A derivative from two values
#
# The derivative is how steep the function is. Go a small step $h$ to the right, see how far the value rises, divide:
#
# $$f'(x) \approx \frac{f(x + h) - f(x)}{h}$$
#
# This is the *forward difference*. It needs values of $f$, no rule, no graph.


# %%
def forward(f, x, h):
    return (f(x + h) - f(x)) / h


# %% [markdown]
# A function to try it on, and its derivative by the chain rule on paper:
#
# $$f(x) = e^{\sin 3x}, \qquad f'(x) = 3 \cos 3x \cdot e^{\sin 3x}$$

# %%
import math


def f(x):
    return math.exp(math.sin(3 * x))


x = 0.7
exact = 3 * math.cos(3 * x) * math.exp(math.sin(3 * x))
exact

# %% [markdown]
# Smaller steps should give better derivatives. Each line takes a step ten times smaller than the one above:

# %%
for digits in range(1, 16):
    h = 10.0**-digits
    estimate = forward(f, x, h)
    print(f"h = 1e-{digits:02}   {estimate:19.15f}   error {abs(estimate - exact):.1e}")

# %% [markdown]
# At first, ten times smaller steps give ten times smaller errors. At `h = 1e-08` that ends, and then it gets *worse*:
# the last line is wrong in its second digit. Two things go wrong, in opposite directions.
#
# - **Truncation.** A straight line is not the curve. What is left out is proportional to $h$: it shrinks with the step.
# - **Rounding.** A float has about 16 digits. $f(x + h)$ and $f(x)$ agree in nearly all of them, the subtraction throws
#   those away, and what remains is mostly rounding, divided by a tiny $h$: it grows like $1/h$.

# %% [markdown]
# ## The U
#
# With steps to both sides the largest part of what is left out cancels: the *central difference* has an error
# proportional to $h^2$. With four values, the error goes with $h^4$.


# %%
def central(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


def fourth_order(f, x, h):
    return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)


# %% [markdown]
# The error of each, over steps from 1 down to $10^{-15}$, on logarithmic axes:

# %%
import matplotlib.pyplot as plt

plt.style.use("figures.mplstyle")

steps = [10 ** (-k / 8) for k in range(121)]
last_digit = 1e-16


def error_at(method, h):
    return max(abs(method(f, x, h) - exact), last_digit)


# %%
def draw_u(alpha=1.0):
    figure, axes = plt.subplots()
    for method in (forward, central, fourth_order):
        axes.loglog(steps, [error_at(method, h) for h in steps], alpha=alpha)
    axes.set(xlabel="step h", ylabel="error of the derivative", ylim=(3e-17, 1e2))
    return axes


axes = draw_u()
for text, place, colour in (
    ("forward: slope 1", (2e-8, 2e-3), "C0"),
    ("central:\nslope 2", (6e-5, 1e-9), "C1"),
    ("4th order:\nslope 4", (2e-2, 1e-11), "C2"),
    ("rounding: slope -1", (1e-14, 1e-7), "0.3"),
):
    axes.annotate(text, place, color=colour)
plt.show()

# %% [markdown]
# Read it from right to left. On the right all is truncation: straight lines of slope 1, 2 and 4, for errors like
# $h$, $h^2$ and $h^4$. On the left all is rounding: the three merge in one noisy line that rises as the step shrinks.
# In between is the best step, and it differs from method to method.
#
# Where is it? The two errors together are about $h^p + \varepsilon / h$, where $\varepsilon \approx 2 \cdot 10^{-16}$ is the
# precision of a float. Set the derivative by $h$ to zero: up to a constant the best step is
# $h = \varepsilon^{1/(p+1)}$.

# %%
epsilon = 2.0**-52
print("                best step found   epsilon**(1/(p+1))   error there")
for method, p in ((forward, 1), (central, 2), (fourth_order, 4)):
    worst = {}  # of nine neighbouring steps: a single hit can be luck
    for k in range(4, len(steps) - 4):
        worst[steps[k]] = max(error_at(method, h) for h in steps[k - 4 : k + 5])
    found = min(worst, key=worst.get)
    print(
        f"{method.__name__:<16}{found:15.0e}   {epsilon ** (1 / (p + 1)):18.0e}   {worst[found]:11.0e}"
    )

# %% [markdown]
# Of 16 digits the forward difference gets about half, the central one two thirds. And *that* only with the best step,
# which depends on the function. For a function that changes slowly, or at $x = 10^6$, it is another one. A fixed
# step, as many a gradient check has it, is a guess.

# %% [markdown]
# ## Richardson: let the error cancel itself
#
# The error of a central difference is $c\,h^2$ + (smaller things). With *half* the step it is a quarter of that. Two
# unknowns, the derivative and $c$; two differences; so $c$ can be eliminated:
#
# $$\text{better} = D(h/2) + \frac{D(h/2) - D(h)}{4 - 1}$$
#
# What is left goes with $h^4$. Do the same again with these, dividing by $16 - 1$, then by $64 - 1$, and so on. This
# is *Richardson extrapolation*. It stays at large steps, where rounding is small.


# %%
def richardson(f, x, h, rows):
    """Give the triangle of estimates: each row halves the step, each column removes one more power of h."""
    triangle = []
    for row in range(rows):
        line = [central(f, x, h / 2**row)]
        for column, coarser in enumerate(triangle[-1] if triangle else [], start=1):
            line.append(line[-1] + (line[-1] - coarser) / (4**column - 1))
        triangle.append(line)
    return triangle


for row, line in enumerate(richardson(f, x, 0.2, rows=6)):
    print(
        f"h = {0.2 / 2**row:<8.4}",
        "  ".join(f"{abs(estimate - exact):8.1e}" for estimate in line),
    )

# %% [markdown]
# These are the errors. Down the first column they fall by 4 each time, as those of central differences must. Along the
# last row they fall to $10^{-13}$ or so, with a smallest step of `0.00625`: no step here came near the noise.
#
# And there is a gift: neighbours in the triangle tell how far off they are. If two of them agree to 11 digits, the error
# is about $10^{-11}$. `gradcheck` takes its tolerance from that, instead of from a guess.

# %% [markdown]
# ## The complex step: nothing to subtract
#
# One more idea, from 1967. Step into the *imaginary* direction. For a function that can be computed with complex numbers
#
# $$f(x + ih) = f(x) + ih f'(x) - \ldots \qquad \Rightarrow \qquad f'(x) \approx \frac{\operatorname{Im} f(x + ih)}{h}$$
#
# Nothing is subtracted, so nothing cancels, and the step can be as small as $10^{-300}$.

# %%
import cmath


def complex_step(h):
    return cmath.exp(cmath.sin(3 * (x + 1j * h))).imag / h


print(f"error with h = 1e-300: {abs(complex_step(1e-300) - exact):.0e}")

# %% [markdown]
# All of it in one picture. Richardson's error is drawn over its *smallest* step.

# %%
axes = draw_u(alpha=0.35)
triangle = richardson(f, x, 0.4, rows=8)
smallest_steps = [0.4 / 2**row for row in range(8)]
axes.loglog(
    smallest_steps, [abs(line[-1] - exact) for line in triangle], "o-", color="black"
)
axes.loglog(
    steps, [max(abs(complex_step(h) - exact), last_digit) for h in steps], color="C3"
)
axes.annotate("Richardson", (2e-2, 1e-12), color="black")
axes.annotate("complex step", (1e-13, 1.5e-15), color="C3")
axes.annotate("the last digit of a float", (1e-6, 1.5e-16), color="0.3")
axes.axhline(last_digit, color="0.3", linewidth=0.8, linestyle=":")
plt.show()

# %% [markdown]
# Richardson dives below all three U's. The complex step falls like $h^2$ and then stays at the last digit of a float. But it
# needs the function for complex numbers, and `abs`, `max` or a comparison have no such form.

# %% [markdown]
# ## `gradcheck`
#
# `gradcheck(f, inputs)` does this for every input: the gradient by the graph, the derivative by Richardson with a step
# that suits the input, the estimated error of that. First a function that is right:

# %%
from autograd import gradcheck, tanh

gradcheck(lambda w, x, b: tanh(w * x + b), [0.5, 2.0, -1.0])

# %% [markdown]
# The difference is smaller than the estimated error, and this is small beside the derivative: the verdict is *right*. Now
# the entry that we registered at the start. A wrong derivative raises `GradientError`, an `AssertionError`, so that a
# test fails; here we print its message.

# %%
from autograd.errors import GradientError


def loss(w, x):
    h = tanh(w * x)
    return smooth_abs(h - 3) * x


try:
    gradcheck(loss, [0.5, 2.0])
except GradientError as error:
    print(error)

# %% [markdown]
# Read the last line. `gradcheck` not only says that the two derivatives of `loss` are wrong. It went through the graph
# node by node, compared the local derivative of every single operation with differences of *that* operation, and
# **names** it: `smooth_abs`, the local derivative that the entry gives, the one it should have, and the line in which
# this node was made. `w * x`, `tanh`, `- 3` and `* x` are cleared.

# %% [markdown]
# ## One point is not enough
#
# Another entry with a mistake: a leaky relu, which is $x$ for positive and $0.1\,x$ for negative numbers. Whoever wrote
# it thought of the positive ones alone.

# %%
leaky = register(
    Op("leaky", "x", "x if x > 0 else 0.1*x", ("1.0",), "x, and a tenth of it below 0.")
)
gradcheck(leaky, [2.0])

# %% [markdown]
# *Right*, at 2.0. The check was good, the input was not. Which inputs should one try? Say what they *may* be and let
# [Hypothesis](https://hypothesis.readthedocs.io) search. A test with `@given` runs with a hundred inputs; if one fails, simpler
# ones are tried, until the simplest is found.

# %%
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from autograd.testing import assert_gradients_close, expressions, floats_in

once = settings(
    derandomize=True, database=None, deadline=None, phases=[Phase.generate, Phase.shrink]
)


def outcome(test):
    """Run a test, and print what came of it."""
    try:
        test()
        print("passed")
    except AssertionError as error:
        print(error, *error.__notes__, sep="\n\n")


# %%
@once
@given(floats_in("[-100, 100]"))
def test_leaky(x):
    assert_gradients_close(leaky, [x])


outcome(test_leaky)

# %% [markdown]
# `assert_gradients_close(f, inputs)` is `gradcheck` as an assertion. Of all negative numbers Hypothesis shows $-1$: nothing
# distracts from what matters, the sign.
#
# The mistake may also hide in a large expression. `expressions` draws random graphs, with shared parts and repeated
# operands; a failing one shrinks as well, and prints as a function that you can paste into a cell:


# %%
@once
@given(expressions(ops=["add", "mul", "sin", "tanh", "leaky"], max_ops=12, n_inputs=1))
def test_expressions(expression):
    assert_gradients_close(expression, expression.inputs)


outcome(test_expressions)

# %% [markdown]
# From graphs of up to twelve operations, one is left: the guilty one.

# %% [markdown]
# ## When nobody can tell
#
# A check that cries wolf is switched off. So there is a third verdict. At 1 this function has a **kink**: the slope is 2 on
# the left and 3 on the right, and which of the two is *the* derivative is a convention, not a fact.

# %%
from autograd import relu

gradcheck(lambda x: relu(x - 1) + x * x, [1.0])

# %% [markdown]
# `gradcheck` names the operation that has the kink. Next, **rounding hides the input**: $10^{20} + x$ is
# $10^{20}$ in floats, whatever $x$ is. The derivative 1 may be right; no difference can show it.

# %%
gradcheck(lambda x: 1e20 + x, [1.0])

# %% [markdown]
# Last, a **branch** in Python: the graph is the one of the branch that was taken, and a step away it is another graph.

# %%
gradcheck(lambda x: x if x > 1 else x * x, [1.0])

# %% [markdown]
# *Inconclusive* does not raise: it is no accusation. But look at the report. If all is inconclusive, nothing has been checked;
# choose other inputs. A test that is to insist asks for `gradcheck(...).all_right`.

# %% [markdown]
# ## In your own tests
#
# Three lines in a file `test_layer.py`, and `pytest` checks your layer at a hundred points, by its inputs and by its
# parameters:

# %%
import nn

layer = nn.Neuron(3, activation="tanh", seed=0)


@given(st.lists(floats_in("[-3, 3]"), min_size=3, max_size=3))
def test_gradients(x):
    assert_gradients_close(lambda x, parameters: layer(x), [x, layer.parameters()])


outcome(once(test_gradients))

# %% [markdown]
# ## Exercises
#
# Put your answer in place of the dots and run the cell. The cell says whether it is right.

# %%
from exercises import check

# %% [markdown]
# **1.** Mend the rule. What should the text of the derivative of `sqrt(x*x + 1)` be? (In the text, `out` stands for the
# result.)

# %%
partial = ...  # a text such as "x"


def mended(text):
    name = f"attempt_{abs(hash(text))}"  # a name is given once
    attempt = register(
        Op(name, "x", "sqrt(x*x + 1)", (text,), "A smooth version of abs(x).")
    )
    checks = [gradcheck(attempt, [x], order=2, raise_exception=False) for x in (-2.0, 3.0)]
    return all(checks)


check(partial, mended, "what was forgotten is a division by the root, which is the result")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# partial = "x/out"
# ```
#
# Or `"x/sqrt(x*x + 1)"`: the same number, with one more root to compute.
#
# </details>

# %% [markdown]
# **2.** The second derivative can be had from three values: $f''(x) \approx (f(x+h) - 2 f(x) + f(x-h)) / h^2$. Truncation goes
# with $h^2$ again. How does rounding grow, and so: with which exponent is the best step $\varepsilon^{\text{exponent}}$?

# %%
exponent = ...  # a number; for the central difference above it was 1/3


def as_found(exponent):
    exact = -9 * (math.sin(3 * x) - math.cos(3 * x) ** 2) * f(x)
    found = min(steps, key=lambda h: abs((f(x + h) - 2 * f(x) + f(x - h)) / h**2 - exact))
    return abs(exponent - math.log(found, epsilon)) < 0.03


check(
    exponent,
    as_found,
    "rounding is divided by h twice, so the sum of errors is h**2 + epsilon / h**2",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# exponent = 1/4
# ```
#
# The derivative of $h^2 + \varepsilon / h^2$ is zero at $h^4 = \varepsilon$. The best error is then about
# $\sqrt{\varepsilon}$: half of the digits are lost. This is why `gradcheck(..., order=2)` differentiates the *gradient*,
# and never takes second differences.
#
# </details>

# %% [markdown]
# **3.** Write the complex step for any function, in one line.

# %%
derivative = ...  # lambda f, x: ...


def differentiates(d):
    return math.isclose(d(lambda z: z**3, 2.0), 12.0) and math.isclose(
        d(cmath.exp, 0.5), math.exp(0.5)
    )


check(
    derivative,
    differentiates,
    "the imaginary part of a complex number z is z.imag, and i is written 1j",
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# derivative = lambda f, x: f(x + 1e-100j).imag / 1e-100
# ```
#
# </details>

# %% [markdown]
# **4.** At which two points is the check of this function inconclusive?

# %%
from autograd import abs as absolute


def bent(x):
    return absolute(x - 2) + relu(2 * x + 1)


points = ...  # a list of two numbers


def are_kinks(points):
    verdicts = [gradcheck(bent, [float(point)]).rows[0].verdict for point in points]
    return len({*points}) == 2 and {*verdicts} == {"inconclusive"}


check(points, are_kinks, "abs and relu have their kink where what is inside them is 0")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# points = [2, -1/2]
# ```
#
# </details>
#
# ## Read on
#
# - Press, Teukolsky, Vetterling, Flannery: *Numerical Recipes*, section 5.7, has the U and Ridders' form of the extrapolation.
# - Squire and Trapp: *Using complex variables to estimate derivatives of real functions*, SIAM Review 40 (1998).
# - MacIver and others: *Hypothesis: A new approach to property-based testing*, Journal of Open Source Software 4 (2019).
# - In this project: `autograd/checking/` is `gradcheck`, and `autograd/ops.py` is the table that it has checked.
