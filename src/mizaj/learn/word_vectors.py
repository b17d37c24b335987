"""Word vectors from a text file, word2vec's or GloVe's: a word and its figures on each line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import SettingError, SourceError

_MARK = "▁"
"""What a subword begins with that begins a word."""
_TARGET_SPREAD = 0.1


def initial_vectors(
    path: str | Path, vocabulary: Mapping[str, int], *, width: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The ids of the pieces that are words of the file, rising, and their vectors, scaled to what networks start from.

    The first line of word2vec, two counts, is passed over. Raises `SourceError` for a file that cannot be read, and
    `SettingError` where its vectors are not `width` figures long or it has no word of the vocabulary.
    """
    wanted = {piece.removeprefix(_MARK): number for piece, number in vocabulary.items()}
    # A piece that begins a word stands for the word; one from the inside of words does not.
    wanted |= {piece[1:]: number for piece, number in vocabulary.items() if piece[:1] == _MARK}
    found: dict[int, NDArray[np.float32]] = {}
    try:
        with Path(path).open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, start=1):
                word, *figures = line.rstrip().split(" ")
                if number == 1 and len(figures) == 1:
                    continue
                if word in wanted:
                    found.setdefault(wanted[word], _vector(figures, width, f"{path}:{number}"))
    except OSError as error:
        msg = f"word vectors cannot be read: {error}"
        raise SourceError(msg) from error
    if not found:
        msg = f"{path} has no word of the vocabulary; is it a text file with a word and its figures on each line?"
        raise SettingError(msg)
    ids = np.array(sorted(found), np.int64)
    vectors = np.stack([found[number] for number in ids.tolist()])
    return ids, (vectors * (_TARGET_SPREAD / max(float(vectors.std()), 1e-9))).astype(np.float32)


def _vector(figures: list[str], width: int, place: str) -> NDArray[np.float32]:
    if len(figures) != width:
        msg = f"{place}: the vector has {len(figures)} figures; set embedding={len(figures)} (now {width})"
        raise SettingError(msg)
    try:
        return np.array(figures, np.float32)
    except ValueError as error:
        msg = f"{place}: a figure is no number ({error})"
        raise SourceError(msg) from error
