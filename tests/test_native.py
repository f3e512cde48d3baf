"""The native engine, made of the readable one: alike in everything, chosen by a variable, and never a mystery."""

import ast
import os
import pickle
import shutil
import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

import autograd
from autograd import Value
from autograd.native.generator import SOURCES, generate

HERE = Path(__file__).parent
PACKAGE = Path(autograd.__file__).parent
BUILT = PathFinder.find_spec("autograd._native", [str(PACKAGE)]) is not None  # for this Python

needs_native = pytest.mark.skipif(not BUILT, reason="needs the native engine: an install with a C compiler")


def run(engine, *arguments, root=PACKAGE.parent, check=True):
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "CHAINRULE_NATIVE": engine, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr
    return done


# ---------------------------------------------------------------------- alike


@needs_native
def test_both_engines_behave_alike():
    python, native = (run(engine, str(HERE / "both_engines.py"), "1000").stdout for engine in "01")
    assert python.splitlines() == native.splitlines()
    assert "cycles: 0 alive, none left over" in native
    assert "without the collector: none" in native
    assert "threads: [] {400.0}" in native


@needs_native
def test_the_native_engine_survives_depth_in_development_mode():
    done = run("1", "-X", "dev", "-W", "error", str(HERE / "both_engines.py"), str(2 * 10**5))  # CI: 10**6
    assert "ladder: " in done.stdout
    assert done.stderr == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.parametrize("engine", ["0", pytest.param("1", marks=needs_native)])
def test_a_process_forked_in_the_middle_of_a_sweep_can_sweep(engine):
    script = """
import os, threading, time, warnings
warnings.simplefilter("ignore")
from autograd import Value

def sweep():
    y = Value(1.0)
    for _ in range(50_000):
        y = y * 0.999
    while True:
        y.backward()

threading.Thread(target=sweep, daemon=True).start()
time.sleep(0.3)
child = os.fork()
if not child:
    (Value(2.0) * 3).backward()
    os._exit(0)
for _ in range(100):
    done, status = os.waitpid(child, os.WNOHANG)
    if done:
        break
    time.sleep(0.1)
else:
    os.kill(child, 9)
    status = "it hangs"
print(status, flush=True)
os._exit(0)
"""
    assert run(engine, "-c", script).stdout == "0\n"


@needs_native
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not say what memory a process has")
def test_memory_is_kept_for_the_next_graph_but_not_all():
    script = """
import gc, resource
from autograd import Value

def graph(count):
    out = x = Value(0.5)
    for _ in range(count):
        out = out * x + x
    return out

def pages():
    return int(open("/proc/self/statm").read().split()[1])

gc.disable()
graph(20_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    graph(20_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
small = pages()
large = graph(500_000)
full = pages()
del large
print(full - small, pages() - small, resource.getpagesize())
"""
    faults, (grown, kept, page) = (
        [int(number) for number in line.split()] for line in run("1", "-c", script).stdout.splitlines()
    )
    assert faults[0] < 1_000  # each of the ten graphs has as many pages
    assert grown * page > 96 * 2**20
    assert kept * page < 70 * 2**20


@needs_native
@pytest.mark.parametrize("writer", ["0", "1"])
@pytest.mark.parametrize("reader", ["0", "1"])
def test_either_engine_reads_what_the_other_has_pickled(writer, reader):
    write = "x = Value(2.0, 'x'); y = autograd.sum([x * x, 1.5, x.tanh()]); y.backward(); print(pickle.dumps(y).hex())"
    text = run(writer, "-c", f"import autograd, pickle\nfrom autograd import Value\n{write}").stdout
    read = "y.backward(); print(y, [(v.op, v.label, v.grad.hex()) for v in topological_order(y)])"
    load = f"import pickle\nfrom autograd import topological_order\ny = pickle.loads(bytes.fromhex('{text.strip()}'))"
    assert run(reader, "-c", f"{load}\n{read}").stdout == run("0", "-c", f"{load}\n{read}").stdout != ""


def test_a_deep_copy_of_a_leaf_is_a_leaf():
    x = Value(2.0, "x")
    twin = pickle.loads(pickle.dumps(x))
    assert (twin.op, twin.label, (twin * 2).parents) == ("", "x", (twin,))


# ---------------------------------------------------------------------- which one serves

SAY = "import autograd; print(autograd.NATIVE, autograd.WHY_NOT_NATIVE); print(type(autograd.Value.__add__).__name__)"


@pytest.fixture
def package(tmp_path):
    """Copy the packages, without the native engine."""
    for name in ("autograd", "nn"):
        ignored = shutil.ignore_patterns("__pycache__", "_native.*", "not_built.txt")
        shutil.copytree(PACKAGE.parent / name, tmp_path / name, ignore=ignored)
    return tmp_path


@needs_native
def test_the_variable_chooses():
    assert run("0", "-c", SAY).stdout.splitlines() == ["False CHAINRULE_NATIVE is 0", "function"]
    for wanted in ("1", "auto", ""):
        assert run(wanted, "-c", SAY).stdout.splitlines() == ["True ", "method_descriptor"]


def test_a_wrong_choice_is_an_error():
    said = run("yes", "-c", SAY, check=False).stderr
    assert "CHAINRULE_NATIVE must be 0, 1 or auto, not 'yes'" in said


def test_without_the_native_engine_python_serves_and_says_why(package):
    assert run("auto", "-c", SAY, root=package).stdout.startswith("False it was not built for this Python")
    said = run("1", "-c", SAY, root=package, check=False)
    assert said.returncode != 0
    assert (
        "NativeEngineError: CHAINRULE_NATIVE is 1, but the native engine cannot serve: it was not built" in said.stderr
    )
    (package / "autograd" / "native" / "not_built.txt").write_text("the command 'gcc' failed\n")
    version = run("auto", "-c", "from nn.cli import main; main(['--version'])", root=package).stdout
    assert " ".join(version.split()).endswith("Python engine: building it failed: the command 'gcc' failed)")


@needs_native
@pytest.mark.parametrize("source", SOURCES)
def test_a_native_engine_of_other_sources_does_not_serve(package, source):
    for built in PACKAGE.glob("_native.*"):
        shutil.copy(built, package / "autograd")
    assert run("auto", "-c", SAY, root=package).stdout.startswith("True")
    with (package / "autograd" / source).open("a") as file:
        file.write("\n# changed\n")
    assert run("auto", "-c", SAY, root=package).stdout.startswith("False it was built from other sources")
    (package / "autograd" / "native" / "not_built.txt").write_text("the command 'gcc' failed\n")  # when built anew
    assert run("auto", "-c", SAY, root=package).stdout.startswith("False building it failed: the command 'gcc' failed")


@needs_native
def test_a_native_engine_of_another_install_does_not_serve(package):
    # as the finder of an editable install does: it answers for whatever is in its package
    finder = f"""
import sys
from importlib.machinery import PathFinder
class Finder:
    def find_spec(self, name, path=None, target=None):
        return PathFinder.find_spec(name, [{str(PACKAGE)!r}]) if name.startswith("autograd.") else None
sys.meta_path.append(Finder())
"""
    assert run("auto", "-c", finder + SAY, root=package).stdout.startswith("False it was not built for this Python")


def test_a_native_engine_that_cannot_be_loaded_does_not_serve(package):
    (package / "autograd" / "_native.py").write_text("raise ImportError('undefined symbol')")
    assert run("auto", "-c", SAY, root=package).stdout.startswith("False it cannot be loaded: undefined symbol")


# ---------------------------------------------------------------------- the generator


def test_the_generator_keeps_every_function_and_docstring():
    text = generate(PACKAGE)
    for source in SOURCES:
        tree = ast.parse((PACKAGE / source).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name != "__getattr__":
                assert f"{node.name}(" in text or f"class {node.name}:" in text
    assert text.count("@cython.cclass") == 2
    assert "_data = cython.declare(cython.double, visibility='public')" in text
    assert "TYPE_CHECKING:" not in text
    assert generate(PACKAGE) == text


def test_a_program_without_the_sources_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"operands\.py"):
        generate(tmp_path)
