"""
What must come out alike on both engines: a script that prints a line for each check.

The package is the one installed, the engine that which ``CHAINRULE_NATIVE`` chooses. Memory is used hard on the way:
nodes die in the middle of graphs, operations and sweeps raise, threads share leaves, chains of a million nodes are let
go. So this is also what runs under ``-X dev`` and under AddressSanitizer: ``python tests/both_engines.py [DEPTH]``.
"""

import contextlib
import copy
import functools
import gc
import hashlib
import inspect
import pickle
import random
import sys
import threading
import weakref

import autograd
from autograd import Value, gradients, rules, topological_order
from autograd.ops import TABLE
from autograd.rules import parameters
from autograd.watchers import Watcher, watching

NAMES = [*"+-*/" * 4, "**", *(name for name in rules.public_names() if name not in ("gamma", "lgamma"))]


@functools.cache
def product():
    """Make an operation whose second derivative is not known."""
    return autograd.custom(lambda a, b: a * b, lambda out, a, b: (b, a))


def refusing(x):
    """Give a node that cannot be swept."""
    (slope,) = gradients(product()(x, 3.0), [x])
    return slope


class Parameter(Value):
    """A subclass, whose instances have a dictionary and can be referred to weakly."""


# ---------------------------------------------------------------------- random graphs, bit for bit


def apply(name, rng, nodes):
    """Apply an operation of the table, or one of the six operators, to what there is."""

    def operand():
        return rng.choice(nodes) if rng.random() < 0.8 else rng.uniform(-2, 2)

    if name in "+-*/":
        x, y = rng.choice(nodes), operand()
        x, y = (x, y) if rng.random() < 0.5 else (y, x)
        return {"+": lambda: x + y, "-": lambda: x - y, "*": lambda: x * y, "/": lambda: x / y}[name]()
    if name == "**":
        return rng.choice(nodes) ** rng.choice([0, 1, 2, 3, 0.5, -1, operand()])
    length = rng.randrange(1, 5)
    arguments = []
    for parameter in parameters(TABLE[name]):
        if parameter.kind == "scalar":
            arguments.append(operand())
        elif parameter.kind == "star":
            arguments += [operand() for _ in range(length)]
        else:
            arguments.append([operand() for _ in range(length)])
    return getattr(autograd, name)(*arguments)


def random_graph(seed):
    """Build, sweep and take apart a random graph; tell all its numbers and errors in hexadecimal."""
    rng = random.Random(seed)
    leaves = [(Parameter if rng.random() < 0.2 else Value)(rng.uniform(-2, 2), f"x{i}") for i in range(5)]
    nodes, said = list(leaves), []
    for _ in range(60):
        event = rng.random()
        if event < 0.06:  # a node dies, be it in the middle of a graph or at its end
            del nodes[rng.randrange(len(nodes))]
        elif event < 0.09:
            nodes.append(
                rng.choice([copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])(rng.choice(nodes))
            )
        elif event < 0.12:
            rng.choice(nodes).label = f"n{len(nodes)}"
        elif event < 0.18:
            root = rng.choice(nodes)
            root.backward(rng.uniform(-1, 1))
            said += [node.grad.hex() for node in topological_order(root)]
        elif event < 0.21:  # a sweep that raises in its midst
            root = rng.choice(nodes) + refusing(rng.choice(nodes))
            try:
                root.backward()
            except NotImplementedError as error:
                said.append(str(error))
            said += [node.grad.hex() for node in topological_order(root)]
        nodes = nodes or list(leaves)
        try:
            made = apply(rng.choice(NAMES), rng, nodes)
        except (ArithmeticError, ValueError) as error:
            said.append(f"{type(error).__name__}: {error}")
            continue
        for node in made if isinstance(made, list) else [made]:
            if isinstance(node, Value):
                nodes.append(node)
                said += [node.op, node.data.hex(), str(node.taken), *(slope.hex() for slope in node.local_grads)]
    root = autograd.sum(nodes)
    root.backward()
    try:
        said += [derivative.data.hex() for derivative in gradients(root, leaves)]
    except (ArithmeticError, ValueError, RuntimeError) as error:
        said.append(f"{type(error).__name__}: {error}")
    said += [leaf.grad.hex() for leaf in leaves] + [repr(node) for node in nodes]
    rng.shuffle(nodes)
    while nodes:
        nodes.pop()
    return "\n".join(said)


def digest_of_random_graphs():
    return digest(random_graph(seed) for seed in range(300))


def digest_of_threads():
    """Make random graphs in four threads at once; they must be those that one thread makes."""
    said = {}

    def work(seeds):
        said.update((seed, random_graph(seed)) for seed in seeds)

    run_in_threads([lambda start=start: work(range(start, 100, 4)) for start in range(4)])
    return digest(said[seed] for seed in range(100))


def digest(texts):
    hashed = hashlib.sha256()
    for text in texts:
        hashed.update(text.encode())
    return hashed.hexdigest()


def run_in_threads(works):
    """Run them at once, changing from one to the other as often as Python can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    workers = [threading.Thread(target=work) for work in works]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sys.setswitchinterval(interval)


# ---------------------------------------------------------------------- depth


def left(x):
    return x + 1.0


def right(x):
    return 1.0 - x


def duplicated(x):
    return x * x


def n_ary(x):
    return autograd.sum([x, 1.0, x])


def not_taken(x):
    return autograd.where(0, x, x)


def of_a_subclass(x):
    twin = Parameter(0.0)
    twin._first, twin._tag = x, "neg"
    return twin


def mixed(x):
    return of_a_subclass(x) + x


def deep(depth):
    for shape in (left, right, duplicated, n_ary, not_taken, of_a_subclass, mixed):
        x = Value(0.5)
        y = x
        for _ in range(depth):
            y = shape(y)
        y.backward()
        root = sys.getrefcount(x)
        del y
        yield f"{shape.__name__}: {x.grad} {root} {sys.getrefcount(x)}"
    x = y = Value(0.5)  # a ladder: each node is used twice, once late
    for _ in range(depth // 2):
        x, y = x + y, x - y
    yield f"ladder: {(x + y).data}"
    del x, y
    chain = [Value(0.5)]
    for _ in range(depth):
        chain.append(chain[-1] * 1.0)
    random.Random(0).shuffle(chain)
    chain.clear()


# ---------------------------------------------------------------------- nothing is left, nothing is lost


def step():
    p, x = Parameter(2.0, "p"), Value(3.0)
    p.cache = (p * x).tanh()  # a cycle, through the dictionary of the instance of a subclass
    y = autograd.where(x > 1, autograd.sum([p.cache, x, 2.0]) / p, 0.0) ** 2
    y.backward()
    gradients(gradients(y, x), x)
    with contextlib.suppress(ValueError):
        autograd.log(x - x)
    return weakref.ref(p)


def left_over():
    """Count the blocks of memory that a thousand steps leave."""
    refs = [step() for _ in range(20)]
    gc.collect()
    alive = sum(ref() is not None for ref in refs)
    before = sys.getallocatedblocks()
    for _ in range(1000):
        step()
    gc.collect()
    return f"{alive} alive, {'none' if sys.getallocatedblocks() - before < 100 else 'some'} left over"


def collected_by_counting():
    gc.collect()
    gc.disable()
    counted = []
    for i in range(2000):
        if i in (1000, 1999):
            counted.append(sys.getallocatedblocks())
        x = Value(2.0)
        y = (x * x).tanh() + autograd.sum([x, x])
        y.backward()
        del x, y
    gc.enable()
    return "none" if counted[1] - counted[0] < 100 else "some"


def threads():
    """Sweep graphs of shared leaves, and let go of them, in several threads."""
    shared = [Value(float(i)) for i in range(20)]
    errors = []

    def work(seed):
        rng = random.Random(seed)
        try:
            for _ in range(100):
                nodes = list(shared)
                for _ in range(50):
                    nodes.append(rng.choice(nodes) + rng.choice(nodes))
                    if rng.random() < 0.3:
                        del nodes[rng.randrange(len(shared), len(nodes))]
                autograd.sum(shared).backward()
        except Exception as error:  # noqa: BLE001 - to be shown by the main thread
            errors.append(repr(error))

    run_in_threads([lambda seed=seed: work(seed) for seed in range(4)])
    return f"{errors} { ({leaf.grad for leaf in shared}) }"


class Interrupting(Watcher):
    def swept(self, *_):
        raise KeyboardInterrupt


def interrupted():
    """Stop a sweep at its end, and in its midst."""
    x = Value(2.0)
    y = x * x * x
    y.backward()
    try:
        with watching(Interrupting()):
            y.backward()
    except KeyboardInterrupt:
        pass
    try:
        (refusing(x) * x + y).backward()
    except NotImplementedError as error:
        return f"{x.grad} {error}"
    return f"{x.grad}"


# ---------------------------------------------------------------------- what a Value is


def surface():
    """Tell its attributes and signatures, and what refuses."""
    yield " ".join(name for name in dir(Value) if not name.startswith("__"))
    yield f"Value({', '.join(inspect.signature(Value).parameters)})"
    for name in ("backward", "detach", "item", "zero_grad", "tanh"):
        yield f"{name}{inspect.signature(getattr(Value, name))}"
    yield f"{Value.__module__} {Value.__qualname__} {inspect.getdoc(Value)} {inspect.getdoc(Value.backward)}"
    x = Value(1.0)
    for act in (  # what is said is alike too
        lambda: weakref.ref(x),
        lambda: x.unknown,
        lambda: setattr(x, "unknown", 1),
        lambda: setattr(x, "data", "1"),
        lambda: setattr(x, "label", 1),
        lambda: Value("1"),
        lambda: Value(1.0, "x", ()),
        lambda: x + "1",
        lambda: x < "1",
        lambda: float(x),
        lambda: x / 0,
        lambda: Value(10.0) ** 1000,
        lambda: Value(-1.0) ** 0.5,
        lambda: iter(x),
        lambda: len(x),
        lambda: x @ x,
    ):
        try:
            yield f"no error: {act()}"
        except Exception as error:  # noqa: BLE001 - whatever it is
            yield f"{type(error).__name__}: {error}"
    for act in (  # what is wrong is alike
        lambda: setattr(x, "op", 1),
        Value,
        lambda: x.backward(1.0, 2.0),
        lambda: topological_order(None),
        lambda: topological_order(x, wrong=1),
    ):
        try:
            yield f"no error: {act()}"
        except Exception as error:  # noqa: BLE001 - whatever it is
            yield type(error).__name__
    yield f"weak references to a subclass: {weakref.ref(twin := Parameter(1.0))() is twin}"
    yield f"pickled by name: {pickle.loads(pickle.dumps((Value, topological_order))) == (Value, topological_order)}"
    yield f"{x == x} {x == Value(1.0)} {x != x} {hash(x) == object.__hash__(x)} {x == 1.0} {x is +x}"
    yield f"{isinstance(Parameter(1.0) * 2, Parameter)} {type(copy.deepcopy(Parameter(1.0))).__name__}"


def main(depth):
    yield f"random graphs: {digest_of_random_graphs()}"
    yield f"the first hundred, in threads: {digest_of_threads()}"
    yield f"and in one: {digest(random_graph(seed) for seed in range(100))}"
    yield from deep(depth)
    yield f"cycles: {left_over()}"
    yield f"without the collector: {collected_by_counting()}"
    yield f"threads: {threads()}"
    yield f"interrupted: {interrupted()}"
    yield from surface()


if __name__ == "__main__":
    for line in main(int(sys.argv[1]) if len(sys.argv) > 1 else 10**6):
        print(line)  # noqa: T201 - a script prints
