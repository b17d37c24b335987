"""Posts as encoders read them, as normalisers of a tokenizer file: the cleaning is part of the model.

What says nothing of a post's content goes (handles, links, the mark of a retweet), and what means one thing gets one
spelling (case, stretched letters, hashtags as words, the blanks of tokenised corpora). A model then reads at work what
it read when it learnt, whoever asks it, an exported graph included; in a measurement, text that was cleaned otherwise
cost an encoder 0.8 points of macro-F1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Tokenised corpora leave blanks in both: `https // t . co / x`, `@ some _ name`.
_LINK = r"(?i)https?\s?:?\s?//? ?(?:t ?\.? ?co ?/ ?)?\S*|\bwww\.\S+"
_HANDLE = r"(?<!\w)@ ?(?:_+ )?\w+(?: _+(?: \w+)?)*"
_RETWEET = r"(?i)\A[\s:]*rt\b[\s:]*"
# Where one word of a hashtag ends; \G goes on where the last hump of the same hashtag was found.
_HUMP = r"(?:# ?|\G(?!\A))\w*?[a-z]\K(?=[A-Z])"
_APOSTROPHE = r"(?i)(?<=\w) ?[’`´'] ?(?=(?:s|t|re|ve|ll|d|m)\b)"
_CHARACTERS = (
    ("&amp;", "&"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", '"'),
    ("&#39;", "'"),
    ("&#039;", "'"),
    ("&nbsp;", " "),
)
_PATTERNS = (
    (_LINK, " "),
    (_HANDLE, " "),
    (_RETWEET, ""),
    (_HUMP, " "),
    (r"# ?(?=\w)", "# "),
    (r"(?<=[^\W_])_+(?=[^\W_])", " "),
    (_APOSTROPHE, "'"),
)
_SHORTER = (
    (r"([^\W\d_])(?=\1\1)", ""),  # soooo: soo, for so is another word
    (r"([^\w\s])(?=\1\1\1)", ""),
    (r"\s+", " "),
    (r"\A[ :]+|[ :]+\z", ""),
)


def with_plain_posts(tokeniser: Mapping[str, Any], max_length: int) -> dict[str, Any]:
    """The tokenizer file, made to clean posts before all else and to cut them to `max_length` tokens.

    One that cleans posts already does not do it twice.

    >>> import json
    >>> from tokenizers import Tokenizer
    >>> model = {"type": "WordPiece", "unk_token": "?", "continuing_subword_prefix": "##",
    ...          "max_input_chars_per_word": 9, "vocab": {"?": 0}}
    >>> bare = {"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": None,
    ...         "post_processor": None, "decoder": None, "model": model}
    >>> reader = Tokenizer.from_str(json.dumps(with_plain_posts(bare, 48)))
    >>> reader.normalizer.normalize_str("RT @a_b: Soooo #HappyDay, isn ’ t it &amp; https://t.co/1 !!!!!!")
    "soo # happy day, isn't it & !!!"
    """
    steps = [
        *(_replace({"String": spelt}, meant) for spelt, meant in _CHARACTERS),
        *(_replace({"Regex": pattern}, content) for pattern, content in _PATTERNS),
        {"type": "Lowercase"},
        *(_replace({"Regex": pattern}, content) for pattern, content in _SHORTER),
    ]
    before = tokeniser.get("normalizer")
    is_done = before is not None and before.get("normalizers", [])[: len(steps)] == steps
    if before is not None and not is_done:
        steps.append(before)
    cut = {
        "direction": "Right",
        "max_length": max_length,
        "strategy": "LongestFirst",
        "stride": 0,
    }
    normaliser = before if is_done else {"type": "Sequence", "normalizers": steps}
    return {**tokeniser, "normalizer": normaliser, "truncation": cut, "padding": None}


def _replace(pattern: dict[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}
