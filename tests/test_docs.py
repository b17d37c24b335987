"""Every shell and python block of the README and the docs runs, page by page, in a folder of its own.

A page's blocks run in order, in one folder and one Python namespace. The folder holds the sample posts as
`posts.jsonl` and `posts.parquet`. A block is left out only where the line before it says
`<!-- not run: reason -->`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow.json
import pyarrow.parquet
import pytest

import mizaj

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])
EXAMPLES = sorted(ROOT.glob("examples/*.py"))
RUN = {"shell", "bash", "sh", "python"}
SHOWN = {"text", "json", "console"}

_BLOCK = re.compile(
    r"^(?P<skip><!-- not run: .+ -->\n)?```(?P<language>\w*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    code: str
    is_run: bool


def name_of(path: Path) -> str:
    """The path from the root of the repository."""
    return str(path.relative_to(ROOT))


def blocks_of(page: str) -> list[Block]:
    """The fenced blocks of a page in order."""
    return [
        Block(
            found["language"], found["code"], is_run=found["language"] in RUN and not found["skip"]
        )
        for found in _BLOCK.finditer(page)
    ]


def script_of(blocks: list[Block]) -> str:
    """One Python program that runs the blocks in order; shell blocks stop at their first failure."""
    lines = ["import subprocess"]
    for block in blocks:
        if block.language == "python":
            lines.append(block.code)
        else:
            lines.append(
                f"subprocess.run(['bash', '-euo', 'pipefail', '-c', {block.code!r}], check=True)"
            )
    return "\n".join(lines)


def run_blocks_of(page: Path) -> list[Block]:
    """The blocks of a page that are run."""
    return [block for block in blocks_of(page.read_text(encoding="utf-8")) if block.is_run]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the sample posts."""
    (tmp_path / "posts.jsonl").write_bytes(mizaj.sample_path().read_bytes())
    table = pyarrow.json.read_json(tmp_path / "posts.jsonl")
    pyarrow.parquet.write_table(table, tmp_path / "posts.parquet")
    return tmp_path


def run_python(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A Python process in `folder` that finds the `mizaj` of this environment."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.slow
@pytest.mark.parametrize("page", [*filter(run_blocks_of, PAGES)], ids=name_of)
def test_the_blocks_of_a_page_run(page: Path, folder: Path) -> None:
    done = run_python(["-c", script_of(run_blocks_of(page))], folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_an_example_runs_and_prints(example: Path, folder: Path) -> None:
    done = run_python([str(example)], folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_says_what_it_is(page: Path) -> None:
    languages = {block.language for block in blocks_of(page.read_text(encoding="utf-8"))}
    assert languages <= RUN | SHOWN


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_between_files_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    files = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in files if not (page.parent / link).exists()] == []


def test_the_guide_is_there() -> None:
    assert len(PAGES) >= 20
    assert len(EXAMPLES) >= 4


def test_a_block_is_found_with_its_language_and_its_mark() -> None:
    page = "a\n```python\nx = 1\n```\n<!-- not run: slow -->\n```shell\nls\n```\n"
    assert blocks_of(page) == [
        Block("python", "x = 1\n", is_run=True),
        Block("shell", "ls\n", is_run=False),
    ]


def test_a_failing_block_fails_its_page(folder: Path) -> None:
    done = run_python(["-c", script_of([Block("shell", "false\ntrue\n", is_run=True)])], folder)
    assert done.returncode != 0
