"""What the commands print: results on standard output, as plain lines or as JSON."""

from __future__ import annotations

import json
import os
import sys

READER_GONE = 141  # what a shell shows for a program stopped by SIGPIPE


def show(text: str) -> None:
    """Print a result. Where the reader has gone (`mizaj ... | head`), leave without a word."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Python flushes once more at exit: give it somewhere to write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(READER_GONE)


def warn(message: str) -> None:
    """Say something on standard error, in one line."""
    line = " ".join(message.split())
    print(f"mizaj: {line}", file=sys.stderr)


def show_json(value: object) -> None:
    """Print a result as one JSON document, in the script it was written in."""
    show(json.dumps(value, ensure_ascii=False, indent=2))
