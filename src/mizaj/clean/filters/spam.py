"""Spam and advertisement, by a linear model over what such posts cannot do without: a number, a link, a call to act.

Only posts with some such cue are read by the model, a tenth to a third of ordinary ones. Before it reads them, phone
numbers, short codes, sums of money and links to chats are spelt out as words, since the model's n-grams see a number
only as a number and a link only as a link.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import REJECTED, TEXT, as_text
from mizaj.clean.kept import kept_texts
from mizaj.errors import ModelError, SettingError
from mizaj.model.score import Loaded, load_model

SHIPPED = Path(__file__).parent / "models" / "spam"
TASK = "spam"
LABELS = ("ham", "spam")
THRESHOLD = 0.37
"""The least probability of a post that is rejected; see `benchmarks/train_spam.py`, which chose it."""

# What a post needs to be looked at: 98 % of the spam among the SMS has one of these. Unanchored, so that inflections
# match, save short ones.
_CALLS = r"""
    free \bwin winner prize claim inaam lottery lucky award congrat badhai giveaway
    subscri \bsub\b sub4 channel chan+el follow f4f retweet promo collab viral feature
    loan cibil credit insurance invest bitcoin crypto trading forex betting casino rummy satta profit income \bearn
    kama[oyn] \bjob vacancy naukri work.from.home part.?time salary
    offer discount coupon cashback bonus reward voucher recharge \bsale\b \boff\b price rate cheap sast[aie] order
    deal loot wholesale booking available delivery
    whats?app telegram \bdm\b inbox \bcall\b txt \btext\b sms contact sampark message reply
    download install click \blink join register apply visit check.out sign.up \bcode\b
    guarant astrolog jyotish vashikaran \bbaba\b guru tantrik massage escort admission degree visa
    share forward bhejo
    कॉल संपर्क लिंक फॉलो सब्सक्राइब व्हाट्सएप टेलीग्राम लोन छूट मैसेज भेजो कमा लॉटरी इनाम ऑफर प्रमोशन मुफ्त
"""
_FIGURES = r"\d{4}|[£$€₹]|https?:|www\.|@\w+\.|\w\.(?:ly|me|com|net|org|co|in)\b"
_CUES = f"(?i){_FIGURES}|{'|'.join(_CALLS.split())}"

_PHONE, _CODE, _MONEY, _CHAT, _SHORT, _MAIL = (
    f" zq{name} " for name in ("phone", "code", "money", "chat", "short", "mail")
)
# In this order: an address before links, and links, whose figures say nothing, before numbers.
_SPELT_OUT = (
    (r"[\w.+-]+@[\w-]+\.[\w.-]+", _MAIL),
    (
        r"(?i)(?:https?://)?\b(?:wa\.me|api\.whatsapp\.com|chat\.whatsapp\.com|t\.me|telegram\.me)/\S+",
        _CHAT,
    ),
    (
        r"(?i)(?:https?://)?\b(?:bit\.ly|tinyurl\.com|goo\.gl|adf\.ly|cutt\.ly|rb\.gy|is\.gd|ow\.ly|shorturl\.at)\s?[/\\]\s?\S+",
        _SHORT,
    ),
    (r"(?i)(?:https?://|\bwww\.)\S*", " https://link "),
    (r"(?i)(?:[£$€₹]|\brs\.? ?|\binr ?)\d[\d,.]*(?: ?(?:k|lakh|lac|crore|cr)\b)?", _MONEY),
    (r"\+?\b\d(?:[ ()-]?\d){9,11}\b", _PHONE),
    (r"\b\d{5,7}\b", _CODE),
)


@dataclass(frozen=True)
class Spam:
    """The filter that rejects posts which the model takes for spam or advertisement: reason `spam`.

    `threshold` is the least probability of those it rejects. `model` is the folder of another linear model with the
    labels `ham` and `spam`; None is the one that ships.

    >>> rejected = pa.nulls(2, REJECTED.type)
    >>> texts = ["Ghar baithe 5000 roz kamao, WhatsApp karo 9000000000", "Mast movie, paisa vasool!!!"]
    >>> Spam()(pa.record_batch({"text": texts, "rejected": rejected})).column("rejected").to_pylist()
    ['spam', None]
    """

    text: str = TEXT.name
    threshold: float = THRESHOLD
    model: str | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold <= 1.0:
            msg = f"threshold is {self.threshold}; it must be above 0 and at most 1"
            raise SettingError(msg)

    @property
    def reads(self) -> tuple[str, ...]:
        """The text column and what was rejected before."""
        return (self.text, REJECTED.name)

    @property
    def adds(self) -> pa.Schema:
        """Nothing."""
        return pa.schema([])

    @property
    def reasons(self) -> tuple[str, ...]:
        """The one reason."""
        return ("spam",)

    @property
    def content_hash(self) -> str:
        """The hash of the model, for the fingerprint of a pipeline."""
        return self._loaded().folder.content_hash

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with spam rejected."""
        kept = kept_texts(batch, self.text)
        suspects = kept.where(has_cue(kept.texts))
        if not len(suspects.texts):
            return batch
        proba = spam_probability(suspects.texts, self._loaded())
        return suspects.reject(pa.array(proba >= self.threshold), self.reasons[0])

    def _loaded(self) -> Loaded:
        loaded = load_model(SHIPPED if self.model is None else Path(self.model))
        if loaded.classifier.labels != LABELS:
            labels = ", ".join(loaded.classifier.labels)
            msg = f"{loaded.folder.path} has the labels {labels}; a model of spam has {', '.join(LABELS)}"
            raise ModelError(msg)
        return loaded


def has_cue(texts: pa.Array) -> pa.Array:
    """Which texts hold something that spam cannot do without.

    >>> has_cue(pa.array(["kya mast movie thi", "call 12345", "फॉलो करो"])).to_pylist()
    [False, True, True]
    """
    return pc.match_substring_regex(texts, _CUES)


def telling(texts: pa.Array) -> pa.Array:
    """The texts with phone numbers, short codes, sums of money, addresses and links to chats spelt out as words.

    >>> telling(pa.array(["call 90000 00000 for Rs 500 at wa.me/1", "PIN 560001", "10/10"])).to_pylist()
    ['call  zqphone  for  zqmoney  at  zqchat ', 'PIN  zqcode ', '10/10']
    """
    for pattern, word in _SPELT_OUT:
        texts = pc.replace_substring_regex(texts, pattern, word)
    return texts


def spam_probability(texts: pa.Array, model: Loaded) -> np.ndarray:
    """How likely the model takes each text for spam."""
    return model.probabilities(telling(as_text(texts)))[:, LABELS.index("spam")]
