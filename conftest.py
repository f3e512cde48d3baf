"""Settings of all tests, those in docstrings too."""

from importlib.util import find_spec

import pytest

import autograd
from autograd import Value, primitives
from autograd.ops import TABLE

#: The native engine has taken the places of these modules, whose examples are run with the Python engine.
collect_ignore = ["setup.py", *(["autograd/engine.py", "autograd/many.py"] if autograd.NATIVE else [])]

if find_spec("torch") is None:  # the examples of these need it
    collect_ignore += ["nn/handoff/torch_models.py", "nn/handoff/torch_modules.py"]


@pytest.fixture(autouse=True, scope="session")
def _a_cache_of_their_own(tmp_path_factory):
    """Compile anew what an earlier process may have left on the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _the_table_as_it_was():
    """Take out of the table what a test has put in."""
    tables = [TABLE, primitives.FLOATS, primitives.IEEE]
    before = [set(table) for table in tables]
    methods = set(vars(Value))
    yield
    for table, names in zip(tables, before, strict=True):
        for name in set(table) - names:
            del table[name]
            vars(autograd).pop(name, None)
    for name in set(vars(Value)) - methods:
        vars(autograd).pop(name, None)
        delattr(Value, name)
