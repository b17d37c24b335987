"""Posts to the subword ids that networks read, by a tokenizer that is one JSON file, normalising and all."""

from __future__ import annotations

import functools
import json
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from mizaj.errors import ExtraMissing, ModelError
from mizaj.lexicon.native_script import native_script
from mizaj.model.classifier import Contents
from mizaj.model.folder import Folder
from mizaj.model.padding import Ids, Offsets

try:
    import tokenizers
except ImportError:
    tokenizers = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PAD, UNKNOWN = "[PAD]", "[UNK]"
"""The first two pieces of a vocabulary of ours: what fills up short rows, and what no piece spells."""

_AT_ONCE = 4096
_BYTES_PER_TOKEN = 64
"""What a text is cut to before it is read, for each token kept: 10 MB of one line cost no more than a long post."""


TOKENIZER = "tokenizer.json"
WRITTEN, NATIVE = "written", "native"
SCRIPTS = (WRITTEN, NATIVE)
"""How posts are read: as they are written, or with romanised Hindi in Devanagari (`lexicon.native_script`)."""
OTHER_DICTIONARIES = (
    "{} was trained with other dictionaries than this mizaj writes Hindi by, and may answer less well; "
    "evaluate it, or train it again"
)
_READ_BY = "script_hash"


@dataclass(frozen=True)
class Subwords:
    """A trained tokenizer: texts in, ids out, at most `max_length` for each text.

    `spelt` is its file, `script` one of `SCRIPTS`.
    """

    spelt: str
    script: str = WRITTEN

    def __post_init__(self) -> None:
        if self.script not in SCRIPTS:
            msg = f"script is '{self.script}'; allowed: {', '.join(SCRIPTS)}"
            raise ModelError(msg)

    @classmethod
    def of(cls, contents: Contents) -> Subwords:
        """Those among the contents of a model."""
        spelt = str(contents.files[TOKENIZER], "utf-8")
        return cls(spelt, contents.settings.get("script", WRITTEN))

    @classmethod
    def load(cls, folder: Folder) -> Subwords:
        """Those in the folder of a model. Raises `ModelError` for a script that is not known.

        Warns where romanised Hindi was written by other dictionaries in training than it is here.
        """
        spelt = str(folder.view(TOKENIZER), "utf-8", "replace")
        found = cls(spelt, folder.settings.get("script", WRITTEN))
        if folder.settings.get(_READ_BY) not in (None, found.read_by):
            warnings.warn(OTHER_DICTIONARIES.format(folder.path), RuntimeWarning, stacklevel=2)
        return found

    @property
    def contents(self) -> Contents:
        """What a model's folder keeps of it."""
        settings = {"script": self.script, _READ_BY: self.read_by}
        return Contents(settings, {TOKENIZER: self.spelt.encode()})

    @property
    def read_by(self) -> str | None:
        """The hash of the dictionaries that romanised Hindi is written by; none where posts stay as they are."""
        return native_script().content_hash if self.script == NATIVE else None

    def __call__(self, texts: pa.Array, /) -> tuple[Ids, Offsets]:
        """The ids of all texts, flat, and where each text's begin; a null is an empty text.

        Bytes that are not UTF-8 are read as U+FFFD.
        """
        ids: list[Ids] = [np.zeros(0, np.int32)]
        lengths: list[int] = []
        for begin in range(0, len(texts), _AT_ONCE):
            part = self.read(texts[begin : begin + _AT_ONCE])
            found = self._tokenizer.encode_batch_fast(part, add_special_tokens=self.is_framed)
            rows = [each.ids for each in found]
            lengths += map(len, rows)
            ids.append(np.array([number for row in rows for number in row], np.int32))
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
        return np.concatenate(ids), offsets

    def read(self, texts: pa.Array) -> list[str]:
        """The texts as they are cut into subwords: not longer than need be, in the script that is read."""
        cut = _as_strings(texts, self.max_length * _BYTES_PER_TOKEN)
        if self.script == WRITTEN:
            return cut
        native, normaliser = native_script(), self._tokenizer.normalizer
        plain = cut if normaliser is None else map(normaliser.normalize_str, cut)
        return [native(each) for each in plain]

    @property
    def n_tokens(self) -> int:
        """How many ids there are."""
        return int(self._tokenizer.get_vocab_size())

    @property
    def vocabulary(self) -> dict[str, int]:
        """The id of each piece."""
        return dict(self._tokenizer.get_vocab())

    @property
    def pad_id(self) -> int:
        """The id that fills up short rows."""
        return int(self._tokenizer.token_to_id(PAD) or 0)

    @functools.cached_property
    def max_length(self) -> int:
        """How many ids a text has at most. Raises `ModelError` where the file does not say."""
        try:
            truncation: dict[str, Any] = json.loads(self.spelt).get("truncation") or {}
        except (ValueError, AttributeError) as error:
            msg = f"the tokenizer cannot be read ({error}); copy or train the model again"
            raise ModelError(msg) from error
        if "max_length" not in truncation:
            msg = "the tokenizer does not say where it cuts texts; train the model again"
            raise ModelError(msg)
        return int(truncation["max_length"])

    @functools.cached_property
    def is_framed(self) -> bool:
        """Whether the file says that ids of its own stand round each text, as encoders have them."""
        return json.loads(self.spelt).get("post_processor") is not None

    @functools.cached_property
    def _tokenizer(self) -> Tokenizer:
        if tokenizers is None:
            raise ExtraMissing(library="tokenizers", extra="neural")
        try:
            return tokenizers.Tokenizer.from_str(self.spelt)
        except Exception as error:  # the library raises nothing narrower
            msg = f"the tokenizer cannot be read ({error}); copy or train the model again"
            raise ModelError(msg) from error


def _as_strings(texts: pa.Array, most_bytes: int) -> list[str]:
    """The texts as Python strings, for the library takes no others."""
    kind = pa.large_binary() if pa.types.is_large_string(texts.type) else pa.binary()
    return [
        "" if each is None else each[:most_bytes].decode("utf-8", errors="replace")
        for each in texts.cast(kind).to_pylist()
    ]
