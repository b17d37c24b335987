"""Dictionaries packed once for their user, and kept: packing takes seconds, opening what was packed does not."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import threading
from pathlib import Path

from mizaj import __version__
from mizaj.errors import LexiconError
from mizaj.lexicon import layout
from mizaj.lexicon.pack import DATA, DEFAULT
from mizaj.lexicon.packed import Lexicon, build_lexicon, load_lexicon

MOST_KEPT = 8
"""Packed files that are kept, those used last; each takes about 8 MB."""
_LONGEST_WRITE_S = 3600
"""An unfinished file older than that was left by a process that was killed."""
_DIGEST_BYTES = 16


def cache_folder() -> Path | None:
    """Where packed dictionaries are kept: `XDG_CACHE_HOME`, or where the platform keeps caches; None without a home."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    if Path(named).is_absolute():
        return Path(named, "mizaj")
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local", "mizaj", "cache")
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "mizaj"


def open_lexicon(
    extra: tuple[Path, ...] = (), domain: str | None = None, *, folder: Path | None = None
) -> Lexicon:
    """What `load_lexicon` gives, but packed only where `folder` (else `cache_folder()`) holds no packed copy.

    A copy is named after all that goes into it and after its own content, and opened only if that still is its
    content. One that cannot be written is not kept, and nothing else changes.
    """
    if domain is None and (not extra or extra[0].suffix == ".lex"):
        return load_lexicon(extra, domain)
    folder = folder or cache_folder()
    # what can be read once only (a pipe) is not read for its hash
    if folder is None or not all(path.is_file() for path in extra):
        return build_lexicon(extra, domain)
    key = _key(extra, domain)
    kept = _open_kept(folder, key)
    if kept is not None:
        return kept
    lexicon = build_lexicon(extra, domain)
    if _key(extra, domain) == key:  # no file changed while it was packed
        with contextlib.suppress(OSError):
            _keep(lexicon, folder, key)
    return lexicon


def _key(extra: tuple[Path, ...], domain: str | None) -> str:
    """A hash of all that goes into a packed lexicon; the shipped one stands for the code that packs."""
    shipped = (*sorted(DATA.rglob("*.tsv")), DATA / "weights.json", DEFAULT)
    hashes = [_digest(path) for path in (*shipped, *extra)]
    spelled = repr((__version__, layout.VERSION, domain, hashes))
    return hashlib.blake2b(spelled.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def _digest(path: Path) -> str:
    """The hash of a file's content; empty for one that cannot be read."""
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=_DIGEST_BYTES).hexdigest()
    except OSError:
        return ""


def _open_kept(folder: Path, key: str) -> Lexicon | None:
    """The kept lexicon whose content is what its name says; what is damaged is deleted."""
    for path in folder.glob(f"{key}-*.lex"):
        if path.name == _name(key, _digest(path)):
            with contextlib.suppress(OSError, LexiconError):
                lexicon = Lexicon.open(path)
                os.utime(path)  # used last, deleted last
                return lexicon
        with contextlib.suppress(OSError):
            path.unlink()
    return None


def _keep(lexicon: Lexicon, folder: Path, key: str) -> None:
    """Write a lexicon under its name, by rename, and delete the files used longest ago."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = folder / f"{key}-{os.getpid()}-{threading.get_ident()}.tmp"
    try:
        unfinished.write_bytes(lexicon.content)
        unfinished.replace(folder / _name(key, lexicon.content_hash))
    finally:
        unfinished.unlink(missing_ok=True)
    _prune(folder)


def _name(key: str, content_hash: str) -> str:
    return f"{key}-{content_hash}.lex"


def _prune(folder: Path) -> None:
    kept = sorted(folder.glob("*.lex"), key=_used_at)
    newest = _used_at(kept[-1]) if kept else 0.0
    left = [p for p in folder.glob("*.tmp") if newest - _used_at(p) > _LONGEST_WRITE_S]
    for path in [*kept[:-MOST_KEPT], *left]:
        with contextlib.suppress(OSError):  # another process was faster, or has it open
            path.unlink()


def _used_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another process has deleted it
        return 0.0
