"""The company that a topic's words keep, learnt from a bounded sample of the posts themselves.

The sample is the *bottom k* of the distinct posts: those whose hash is lowest, so it does not depend on how posts are
split or in what order they come, and adds with `+`. A word keeps company with the topic as much as it is likelier in
its posts than in all: pointwise mutual information, taken at a discount for words that were seen seldom.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa

from mizaj.batch import TEXT, Pipeline
from mizaj.clean.filters.language import read_languages
from mizaj.clean.filters.topic import Company, Words, company_of, is_about, words_of
from mizaj.clean.filters.topic_spelling import matches
from mizaj.clean.kept import kept_texts, plain_texts
from mizaj.clean.near.columns import plain_forms
from mizaj.clean.rereading import check_rereadable, readable_batches
from mizaj.cluster import Spread
from mizaj.errors import SettingError
from mizaj.read import Shard, Source

SAMPLE_SIZE = 20_000
"""Posts in a sample: some 2 MB, and enough for words that stand in one post of a thousand."""

_LEAST_SEEDED = 20
"""Posts about the topic that a sample needs to tell anything."""
_LEAST_SEEN = 3
_DISCOUNT = 5.0
"""A word seen so often with the topic tells half of what it would tell if it were seen always."""
_LEAST_TOLD = 0.7
"""How much a word must tell to count as company: that it is twice as likely with the topic."""
_MOST_WORDS = 500
_LEAST_LETTERS = 3


@dataclass(frozen=True)
class PostSample:
    """The `size` distinct posts of lowest hash: pairs of hash and text, in order; adds with `+`.

    >>> one, other = (PostSample.of(pa.array(texts), size=2) for texts in (["a", "b"], ["b", "c"]))
    >>> one + other == other + one == PostSample.of(pa.array(["c", "b", "a"]), size=2)
    True
    """

    posts: tuple[tuple[int, str], ...] = ()
    size: int = SAMPLE_SIZE

    def __post_init__(self) -> None:
        if self.size < 1:
            msg = f"size is {self.size}; a sample has at least one post"
            raise SettingError(msg)

    @classmethod
    def of(cls, texts: pa.Array, *, size: int = SAMPLE_SIZE) -> PostSample:
        """The sample of a column; copies, which differ in links, handles or case, count once, by the least text."""
        hashes = plain_forms(texts).hashes
        rows = np.flatnonzero(hashes <= np.unique(hashes)[:size].max(initial=0))
        chosen = plain_texts(texts.take(pa.array(rows)))
        return cls._lowest(zip(hashes[rows].tolist(), chosen, strict=True), size)

    def __add__(self, other: PostSample) -> PostSample:
        return self._lowest((*self.posts, *other.posts), min(self.size, other.size))

    @classmethod
    def _lowest(
        cls, posts: Iterator[tuple[int, str]] | tuple[tuple[int, str], ...], size: int
    ) -> PostSample:
        distinct: dict[int, str] = {}
        for number, text in posts:
            distinct[number] = min(distinct.get(number, text), text)
        return cls(tuple(sorted(distinct.items())[:size]), size)


@dataclass(frozen=True)
class SampleShard:
    """The function on shards: the sample of what `filters` keep of one."""

    source: Source
    filters: Pipeline = field(default_factory=lambda: Pipeline(()))
    text: str = TEXT.name
    size: int = SAMPLE_SIZE

    def __call__(self, shard: Shard, /) -> PostSample:
        """The sample of a shard, as far as it can be read."""
        sample = PostSample(size=self.size)
        for batch in readable_batches(self.source, shard):
            kept = kept_texts(self.filters(batch), self.text)
            sample += PostSample.of(kept.texts, size=self.size)
        return sample


def draw_sample(draw: SampleShard, *, spread: Spread) -> PostSample:
    """The sample of a whole source.

    An input that breaks off counts as far as it can be read. Raises `SourceError` for a source that can be read only
    once.
    """
    check_rereadable(draw.source, sought="the search for a topic's company")
    return reduce(add, spread(draw, draw.source.shards), PostSample(size=draw.size))


def learn_company(sample: PostSample, about: tuple[str, ...]) -> Company:
    """What keeps company with these words in the sample. Raises `SettingError` where too few posts hold one.

    A post then needs as much company as the middle one of the posts about the topic has besides the topic's words.
    """
    posts = Words.of(pa.array([text for _, text in sample.posts], pa.large_string()))
    is_seeded = is_about(posts, about)
    if is_seeded.sum() < _LEAST_SEEDED:
        msg = (
            f"only {int(is_seeded.sum())} of {len(sample.posts):,} sampled posts hold one of {', '.join(about)}; at "
            f"least {_LEAST_SEEDED} are needed to learn what else they say: name more words, or keep by words alone"
        )
        raise SettingError(msg)
    company = Company(tuple(_told(posts.once(), is_seeded, about)), least=0.0)
    beside = company_of(posts, company)[is_seeded]
    heaviest = max((weight for _, weight in company.words), default=1.0)
    # one word must never do
    return Company(company.words, least=round(max(float(np.median(beside)), 1.01 * heaviest), 4))


def _told(
    posts: Words, is_seeded: np.ndarray, about: tuple[str, ...]
) -> Iterator[tuple[str, float]]:
    """The words that tell most, with how much: more than that such posts are in this language."""
    n_words = len(posts.vocabulary)
    n_with = np.bincount(posts.codes[is_seeded[posts.owners]], minlength=n_words)
    languages = read_languages(posts.texts).dictionary_encode().indices.to_numpy()
    expected = np.zeros(n_words)
    for language in range(languages.max(initial=-1) + 1):
        is_in = languages == language
        counts = np.bincount(posts.codes[is_in[posts.owners]], minlength=n_words)
        expected += counts * is_seeded[is_in].mean()
    seen = np.maximum(n_with, 1)
    told = np.log(seen / np.maximum(expected, 1e-9)) * n_with / (n_with + _DISCOUNT)
    places = np.flatnonzero((n_with >= _LEAST_SEEN) & (told >= _LEAST_TOLD))
    words = posts.vocabulary.take(pa.array(places)).to_pylist()
    # those of phrases too: they are no company of themselves
    own = tuple(word for each in words_of(about) for word in each)
    found = [
        (word, round(weight, 4))
        for word, weight in zip(words, told[places].tolist(), strict=True)
        if len(word) >= _LEAST_LETTERS and not matches(word, own)
    ]
    yield from sorted(found, key=lambda each: (-each[1], each[0]))[:_MOST_WORDS]
