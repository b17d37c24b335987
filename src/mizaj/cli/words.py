"""What a word on the command line is: a text to score, or the name of a file."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mizaj.errors import SettingError, SourceError
from mizaj.sample import sample_path

DATA_ENDINGS = (
    ".parquet", ".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".arrow", ".feather", ".ipc",
)  # fmt: skip
SAMPLE = "sample"
"""Names the posts that ship with mizaj."""
COMPRESSED_ENDINGS = (".gz", ".zst")
_PATH_STARTS = ("/", "./", "../", "~/")


def is_text(word: str) -> bool:
    """Whether a word is a text to score, and not a file, a pattern of files, a URL or standard input.

    What exists is a file. What does not exist is a text, unless it is spelt like a file: a mistyped
    name must not be scored as if it were somebody's opinion.

    >>> [is_text(word) for word in ("bahut accha!", "post.parquet", "posts/*", "s3://b/x", "-")]
    [True, False, False, False, False]
    """
    return not (word == "-" or is_spelt_like_file(word) or exists(word))


def is_spelt_like_file(word: str) -> bool:
    """Whether a word looks like a path, a pattern or a URL, there or not."""
    name = word.lower()
    for ending in COMPRESSED_ENDINGS:
        name = name.removesuffix(ending)
    if name.endswith(DATA_ENDINGS):
        return True
    if any(character.isspace() for character in word):
        return False
    is_pattern = "/" in word and any(character in word for character in "*?[")
    return "://" in word or word.startswith(_PATH_STARTS) or is_pattern


def exists(word: str) -> bool:
    """Whether a file or folder has this name."""
    try:
        return bool(word) and os.path.lexists(word)
    except ValueError:  # a NUL: no file is called that
        return False


def one_text(words: Sequence[str]) -> str:
    """The one text that the words of a command mean.

    Raises `SourceError` where a file is named (there must be somewhere to put its scored posts),
    `SettingError` for no text and for several words without quotes.
    """
    for word in words:
        if not is_text(word):
            raise SourceError(_about_file(word))
    if len(words) != 1:
        given = "no text given" if not words else f"{len(words)} words given, none of them a file"
        message = f'{given}; put one text in quotes ("..."), or name files and -o OUT'
        raise SettingError(message)
    return readable(words[0])


def resolve_sources(words: Sequence[str]) -> list[str]:
    """The files that words name; `sample`, where no file is called that, names the posts that ship with mizaj.

    Raises `SourceError` for what can only be meant as a text where files are wanted.
    """
    return [_resolve_source(word) for word in words]


def pairs(option: str, words: Sequence[str]) -> dict[str, str]:
    """`A=B` as a pair, for each word of an option. Raises `SettingError` for a word without `=`.

    >>> pairs("--label-map", ["good=positive"])
    {'good': 'positive'}
    """
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals):
            message = f"{option} {word} has no '='; write {option} NAME=VALUE"
            raise SettingError(message)
        found[name] = value
    return found


def _resolve_source(word: str) -> str:
    if word == SAMPLE and not exists(word):
        return str(sample_path())
    if is_text(word):
        message = f"no such file: {word} (with -o, files are scored; leave -o out to score a text)"
        raise SourceError(message)
    return word


def _about_file(word: str) -> str:
    if word == "-" or exists(word) or "://" in word or "*" in word:
        return f"'{word}' holds posts, not one text; say where the scored posts go: -o OUT"
    return f"no such file: {word} (a text to score may not be spelt like a file name)"


def readable(word: str) -> str:
    """The word with bytes that are not UTF-8 shown as U+FFFD, as in any other text that is read."""
    return word.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
