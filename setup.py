"""The two things a static file cannot say: which modules are compiled, and that the lexicon is packed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.errors import CCompilerError, ExecError

ROOT = Path(__file__).parent
SRC = ROOT / "src"
PACKED_LEXICON = Path("mizaj", "lexicon", "default.lex")
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    # annotations name Python types; the C types of a module stand in its .pxd
    "annotation_typing": False,
}
NO_COMPILER = """
mizaj: WARNING: these modules could not be compiled, so their plain-Python twins are used:
mizaj: WARNING:   {modules}
mizaj: WARNING: answers are the same; scoring is very much slower.
mizaj: WARNING: Install a C compiler (Debian: apt-get install gcc python3-dev), then install mizaj again.
"""


def compiled_sources() -> list[Path]:
    """Every `_*.pyx`, and every `X.py` that has an `X.pxd` with its types beside it."""
    kernels = SRC.glob("mizaj/**/_*.pyx")
    typed_modules = (pxd.with_suffix(".py") for pxd in SRC.glob("mizaj/**/*.pxd"))
    return sorted({*kernels, *(path for path in typed_modules if path.exists())})


def extension(source: Path) -> Extension:
    """The extension for one module."""
    module = ".".join(source.relative_to(SRC).with_suffix("").parts)
    flags = [] if sys.platform == "win32" else ["-O3", "-g0", "-ffp-contract=off"]
    where = str(source.relative_to(ROOT))
    return Extension(module, [where], extra_compile_args=flags)


class BuildPackedLexicon(build_py):
    """Copies the Python files, then packs the dictionaries into one file that is memory-mapped."""

    def run(self) -> None:
        super().run()
        target = SRC if self.editable_mode else Path(self.build_lib)
        self._pack(target / PACKED_LEXICON)

    def _pack(self, target: Path) -> None:
        # The packer is part of the package, and needs the standard library only.
        sys.path.insert(0, str(SRC))
        from mizaj.lexicon.pack import pack_default

        target.parent.mkdir(parents=True, exist_ok=True)
        pack_default(target)


class BuildOptionalKernel(build_ext):
    """Compiles what can be compiled, and says loudly what could not."""

    def run(self) -> None:
        self.missing: list[str] = []
        super().run()
        if self.missing:
            print(NO_COMPILER.format(modules=", ".join(self.missing)), file=sys.stderr)

    def build_extension(self, ext: Extension) -> None:
        # cythonize forgets `optional=True`, and setuptools copies nothing in place without it.
        ext.optional = True
        try:
            super().build_extension(ext)
        except (CCompilerError, ExecError, subprocess.SubprocessError) as error:
            print(f"mizaj: {ext.name} did not compile: {error}", file=sys.stderr)
            self.missing.append(ext.name)


setup(
    ext_modules=cythonize(
        [extension(source) for source in compiled_sources()],
        build_dir="build/cython",
        compiler_directives=DIRECTIVES,
    ),
    cmdclass={"build_py": BuildPackedLexicon, "build_ext": BuildOptionalKernel},
)
