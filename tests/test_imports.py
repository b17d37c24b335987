"""What an import brings along, counted in modules, so that a slow machine cannot fail it."""

from __future__ import annotations

import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import mizaj

HEAVY = {"numpy", "pyarrow", "pandas", "polars", "typer", "rich", "torch", "duckdb", "fsspec"}


def modules_after(code: str) -> set[str]:
    """The top-level names of the modules that a fresh interpreter holds after running `code`."""
    ask = f"{code}\nimport sys; print('\\n' + ' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


@pytest.mark.parametrize(
    "module",
    ["mizaj", "mizaj.errors", "mizaj.lexicon", "mizaj.text", "mizaj.model", "mizaj.cli"],
)
def test_importing_brings_nothing_heavy(module: str) -> None:
    assert not modules_after(f"import {module}") & HEAVY


def test_importing_the_package_opens_no_room() -> None:
    ask = "import mizaj, sys; print([m for m in sys.modules if m.startswith('mizaj.')])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_scoring_one_text_brings_nothing_heavy() -> None:
    code = "from mizaj.cli import main\ntry: main(['score', 'accha nahi hai'])\nexcept SystemExit: pass"
    assert not modules_after(code) & HEAVY


def test_every_public_name_is_there() -> None:
    missing = [name for name in mizaj.__all__ if getattr(mizaj, name, None) is None]
    assert missing == []


def test_public_names_are_listed_in_order_and_once() -> None:
    assert list(mizaj.__all__) == sorted(set(mizaj.__all__))
    assert set(mizaj.__all__) <= set(dir(mizaj))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        _ = mizaj.laod


def test_run_can_be_called_whatever_was_imported_before() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import mizaj.run, mizaj; print(callable(mizaj.run))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "True"


def is_newer_than_compiled(source: Path) -> bool:
    """Whether a source was edited after the compiled file beside it."""
    changed = source.stat().st_mtime
    compiled = (source.with_name(source.stem + suffix) for suffix in EXTENSION_SUFFIXES)
    return any(path.exists() and path.stat().st_mtime < changed for path in compiled)


def test_no_compiled_file_is_older_than_its_source() -> None:
    # It would be found before the source at import, and the tests would test yesterday's code.
    room = Path(mizaj.__file__).parent
    sources = [path for kind in ("py", "pyx", "pxd") for path in room.rglob(f"*.{kind}")]
    stale = [str(path.relative_to(room)) for path in sources if is_newer_than_compiled(path)]
    assert stale == [], "run: make setup"
