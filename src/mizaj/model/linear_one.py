"""One post and the linear model in a folder, without numpy: what starts a process should not wait for it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from mizaj.lexicon.packed import load_hand_made
from mizaj.lexicon.scorer import Answer
from mizaj.model.folder import POLARITIES, POLARITY, WEIGHTS, Folder
from mizaj.model.tensor_file import Stored, find_arrays
from mizaj.text.language import POST_LANGUAGES
from mizaj.text.tokens import compatible

try:
    from mizaj.lexicon._kernel import Kernel
    from mizaj.model._linear import LinearKernel

    _IS_COMPILED = True
except ImportError:
    _IS_COMPILED = False


def short_way(folder: Folder) -> Callable[[str], Answer] | None:
    """What answers one post; None where it takes more than the compiled kernel, so that the long way must be gone."""
    described = folder.described
    if not _IS_COMPILED or described.calibration is not None or described.task != POLARITY:
        return None
    if folder.labels != POLARITIES or folder.kind != "linear":
        return None
    kernel = _open_kernel(folder)

    def answer(text: str) -> Answer:
        plain = compatible(text).encode("utf-8", "replace")
        proba, language, cmi = kernel.answer(plain)
        best = max(proba)
        return Answer(
            folder.labels[proba.index(best)],
            proba[2] - proba[0],
            best,
            tier=folder.kind,
            language=POST_LANGUAGES[language],
            cmi=cmi,
        )

    return answer


@functools.cache
def lexicon_kernel() -> Kernel:
    """The dictionaries that linear models read with, made ready for scoring."""
    return Kernel(load_hand_made())


def _open_kernel(folder: Folder) -> LinearKernel:
    found = find_arrays(folder.view(WEIGHTS), str(folder.path / WEIGHTS))
    return LinearKernel(
        lexicon_kernel(),
        found["slots"].data,
        len(folder.labels),
        *(_floats(found[name]) for name in ("scales", "signals", "bias")),
    )


def _floats(array: Stored) -> Sequence[float]:
    return array.data.cast("f").tolist()
