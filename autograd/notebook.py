"""What ``%load_ext autograd`` brings to IPython and Jupyter: the cell magic ``%%step``."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from autograd.engine import Value
from autograd.errors import AutogradError
from autograd.stepping.naming import variables_in
from autograd.stepping.sequence import Steps
from autograd.tracing import trace_source

if TYPE_CHECKING:
    from types import TracebackType

_USAGE = "write %%step, or %%step by=node optimizer=NAME model=NAME, each as in autograd.steps"


def load_ipython_extension(shell: Any) -> None:
    """
    Add ``%%step`` to an IPython shell: ``%load_ext autograd`` calls this.

    The magic runs its cell with source lines on, and gives the steps of the Value that the last line computes; by its
    arguments, as ``by=node`` or ``optimizer=NAME``, it is told what `steps` is told.

    Parameters
    ----------
    shell
        The shell.
    """

    def step(line: str, cell: str) -> Steps:
        """Run the cell, and step through the Value that its last line computes."""
        return step_through(shell, line, cell)

    shell.register_magic_function(step, "cell", "step")


def unload_ipython_extension(shell: Any) -> None:
    """
    Take ``%%step`` away again.

    Parameters
    ----------
    shell
        The shell.
    """
    shell.magics_manager.magics["cell"].pop("step", None)


def step_through(shell: Any, line: str, cell: str) -> Steps:
    """
    Run a cell with source lines on, and step through what its last line computes.

    Parameters
    ----------
    shell
        The shell.
    line
        What stands behind ``%%step``.
    cell
        What stands below.

    Returns
    -------
    Steps
        Their ``code`` is the cell with its first line, so that lines count as they do in the notebook.

    Raises
    ------
    UsageError
        The last line computes no Value, or the magic's arguments cannot be used.
    """
    given = _arguments(line, shell)
    transformed = shell.transform_cell(cell)
    first = f"%%step {line}".rstrip() + "\n"
    code = first + cell
    name = shell.compile.cache(first + transformed, shell.execution_count, raw_code=code)
    body, last = _split(ast.parse("\n" + transformed, name))
    try:
        with trace_source(name):
            exec(shell.compile(body, name, "exec"), shell.user_ns)  # noqa: S102 - the user's own cell
            root = eval(shell.compile(last, name, "eval"), shell.user_ns) if last else None  # noqa: S307 - the same
    except Exception as error:
        _show_as_usual(shell, error)
        raise
    if not isinstance(root, Value):
        found = "there is none" if last is None else f"it gives {type(root).__name__} {root!r:.60}"
        _refuse(f"the last line must be an expression, or set a variable, that is a Value; {found}")
    try:
        return Steps(root, **given, variables=variables_in(shell.user_ns), code=code)
    except AutogradError as error:
        _refuse(f"{error}; {_USAGE}", error)


def _arguments(line: str, shell: Any) -> dict[str, Any]:
    """Read ``by=node optimizer=NAME``."""
    given: dict[str, Any] = {}
    for word in line.split():
        name, equals, value = word.partition("=")
        if not equals or name not in {"by", "optimizer", "model"}:
            _refuse(f"{word!r} is not understood; {_USAGE}")
        if name != "by" and value not in shell.user_ns:
            _refuse(f"there is no variable {value!r}; {_USAGE}")
        given[name] = value.strip("'\"") if name == "by" else shell.user_ns[value]
    return given


def _split(tree: ast.Module) -> tuple[ast.Module, ast.Expression | None]:
    """Split off the last expression; of an assignment, the variable."""
    match tree.body:
        case [*before, ast.Expr(value=value)]:
            return ast.Module(before, tree.type_ignores), ast.Expression(value)
        case [*_, ast.Assign(targets=[ast.Name() as target]) | ast.AnnAssign(target=ast.Name() as target)]:
            variable = ast.copy_location(ast.Name(target.id, ast.Load()), target)
            return tree, ast.Expression(variable)
    return tree, None


def _show_as_usual(shell: Any, error: BaseException) -> None:
    """Have an error of the cell displayed without the frames of this module and of the shell."""
    own: TracebackType | None = sys.exc_info()[2]
    while own is not None and own.tb_frame.f_code.co_filename == __file__:
        own = own.tb_next

    def render() -> list[str]:
        shown: list[str] = shell.InteractiveTB.structured_traceback(type(error), error, own, tb_offset=0)
        return shown

    error._render_traceback_ = render  # type: ignore[attr-defined]  # IPython asks the error for it


def _refuse(message: str, cause: Exception | None = None) -> NoReturn:
    """Raise the error that IPython shows in one line."""
    from IPython.core.error import UsageError  # noqa: PLC0415 - whoever has a shell has it

    msg = f"%%step: {message}"
    raise UsageError(msg) from cause
