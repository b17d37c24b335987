"""The command `mizaj`: parse, call one public function, print; one line and exit status 2 for a mistake.

Exit status: 0 done; 1 done, but rows were rejected and `--strict` was given; 2 wrong usage or input;
70 a fault in mizaj itself; 130 stopped by the user.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import TextIO

from mizaj.cli.show import warn
from mizaj.cli.words import is_text, readable
from mizaj.errors import Interrupted, MizajError

WRONG_USAGE = 2
OWN_FAULT = 70  # EX_SOFTWARE of sysexits.h
STOPPED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        status = _guarded(lambda: _run(words))
    sys.exit(status)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """A warning as one line, without the place in our code."""
    warn(f"warning: {message}")


def _run(words: list[str]) -> int:
    """The exit status of one command."""
    text, as_json = _one_text(words)
    if text is not None:
        # The short way: building the command tree takes longer than scoring one text.
        from mizaj.cli.one import score_text

        return score_text(text, as_json=as_json)
    _choose_allocator()
    from mizaj.cli.app import run_app

    return run_app(words)


def _choose_allocator() -> None:
    """Have Arrow take its memory through jemalloc, before it is imported; its builds for Linux hold it.

    Scoring 2 M posts in two threads peaked at 275 MB so, at 314 MB with mimalloc, the default, and took no longer.
    `run.local` can only turn over what is allocated from Python.
    """
    if sys.platform == "linux":
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")


def _one_text(words: list[str]) -> tuple[str | None, bool]:
    """The text of `score TEXT [--json]`, or None when the words say anything else."""
    if not words or words[0] != "score":
        return None, False
    rest = [word for word in words[1:] if word != "--json"]
    if len(rest) == 1 and not rest[0].startswith("-") and is_text(rest[0]):
        return readable(rest[0]), len(rest) < len(words) - 1
    return None, False


def _guarded(command: Callable[[], int]) -> int:
    """The status of a command, whatever it raises: a user's mistake is one line, a fault of ours is not hidden."""
    try:
        return command()
    except Interrupted as error:
        return _say(str(error), STOPPED)
    except KeyboardInterrupt:
        return _say("stopped", STOPPED)
    except (MizajError, OSError) as error:
        return _say(str(error), WRONG_USAGE)
    except Exception:  # the last door: what comes here is a fault in mizaj
        import traceback

        traceback.print_exc()
        return _say("this is a fault in mizaj; please report it with the lines above", OWN_FAULT)


def _say(message: str, status: int) -> int:
    warn(message)
    return status
