"""Subword vocabularies learnt from posts, with the normalising that training and use must share inside them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from mizaj.errors import ExtraMissing, SettingError
from mizaj.model.subwords import PAD, UNKNOWN, Subwords

try:
    import tokenizers
    from tokenizers import models, normalizers, pre_tokenizers, trainers
except ImportError:
    tokenizers = models = normalizers = pre_tokenizers = trainers = None  # type: ignore[assignment]

_FEWEST = 64
_REPLACED = (
    (r"https?://\S+|www\.\S+", "http"),
    (r"(?<![\w@])@\w+", "@user"),
    ("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]", ""),  # the dress of emoji: it tells nothing of mood
    (r"(\S)(?=\1\1\1)", ""),  # a run of four or more becomes three
)
"""What is written anew, in this order, after compatibility forms and lower case."""
_MIN_FREQUENCY = 2


def train_subwords(texts: pa.Array, *, n_tokens: int, max_length: int) -> Subwords:
    """A tokenizer of at most `n_tokens` pieces for such texts, cutting each at `max_length` pieces.

    Pieces are joined by byte-pair encoding (Sennrich et al., 2016). Equal texts give equal tokenizers; the library's
    unigram model gave another file at each run. Raises `SettingError` for sizes that make no sense, and where no text
    has a word to learn from.
    """
    if tokenizers is None:
        raise ExtraMissing(library="tokenizers", extra="neural")
    _check(texts, n_tokens, max_length)
    made = tokenizers.Tokenizer(models.BPE(unk_token=UNKNOWN))
    made.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            *(normalizers.Replace(tokenizers.Regex(old), new) for old, new in _REPLACED),
        ]
    )
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=n_tokens,
        special_tokens=[PAD, UNKNOWN],
        min_frequency=_MIN_FREQUENCY,
        show_progress=False,
    )
    made.train_from_iterator(_batches(texts), trainer, length=len(texts))
    made.enable_truncation(max_length)
    return Subwords(made.to_str())


def _check(texts: pa.Array, n_tokens: int, max_length: int) -> None:
    if n_tokens < _FEWEST or max_length < 1:
        msg = (
            f"a vocabulary of {n_tokens} and texts of {max_length} pieces cannot be; "
            f"give {_FEWEST} and 1 or more"
        )
        raise SettingError(msg)
    if not any(text and text.strip() for batch in _batches(texts) for text in batch):
        msg = "no text to learn subwords from has a word; give texts that are not empty"
        raise SettingError(msg)


def _batches(texts: pa.Array, size: int = 4096) -> Iterator[list[str]]:
    for begin in range(0, len(texts), size):
        yield [text or "" for text in texts[begin : begin + size].to_pylist()]
