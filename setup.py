"""
Builds the native engine where there is a C compiler; without one the Python engine serves.

With the environment variable CHAINRULE_NATIVE=1 an install without the native engine is an error.
"""

import os
import runpy
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
GENERATED = Path("build/_native.pyx")


class OptionalBuild(build_ext):
    """Generates and compiles the extension; if that fails it notes why, for ``chainrule --version`` to say."""

    def run(self) -> None:
        """Build, or say why not."""
        note = self.folder() / "native" / "not_built.txt"
        note.unlink(missing_ok=True)
        try:
            self.cythonize()
            super().run()
        except Exception as error:  # whatever stops the build: the install goes on
            if os.environ.get("CHAINRULE_NATIVE") == "1":
                raise
            command = getattr(error, "cmd", None)
            said = f"the command {command[0]!r} failed" if command else " ".join(str(error).split()) or repr(error)
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(said + "\n", encoding="utf-8")
            self.announce(f"chainrule: the native engine is not built, the Python engine serves: {said}", level=3)
            self.extensions = []  # setuptools asks for their files

    def folder(self) -> Path:
        """Give the folder that becomes the installed package autograd."""
        in_place = self.inplace or getattr(self, "editable_mode", False)
        return ROOT / "autograd" if in_place else Path(self.build_lib) / "autograd"

    def cythonize(self) -> None:
        """Write the C source."""
        from Cython.Build import cythonize  # noqa: PLC0415 - a build without it has no native engine

        generate = runpy.run_path(str(ROOT / "autograd" / "native" / "generator.py"))["generate"]
        GENERATED.parent.mkdir(exist_ok=True)
        GENERATED.write_text(generate(ROOT / "autograd"), encoding="utf-8")
        directives = {"annotation_typing": False, "auto_pickle": False, "boundscheck": False, "wraparound": False}
        (extension,) = cythonize(self.extensions, compiler_directives=directives, force=True, quiet=True)
        self.extensions[0].sources = extension.sources

    def build_extensions(self) -> None:
        """Choose what the compiler understands."""
        if self.compiler.compiler_type != "msvc":
            # a product and a sum are rounded one after the other, as Python does
            self.extensions[0].extra_compile_args = ["-O3", "-ffp-contract=off"]
        super().build_extensions()


NATIVE = Extension(
    "autograd._native",
    [str(GENERATED)],
    define_macros=[("CYTHON_USE_TYPE_SPECS", "1")],  # so that the table can attach methods to Value
)
setup(ext_modules=[NATIVE], cmdclass={"build_ext": OptionalBuild})
