"""The sample holds what the demo, the docs and other tests count on."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from mizaj.sample import sample_path

LABELS = ("negative", "neutral", "positive")


@pytest.fixture(scope="module")
def posts() -> list[dict[str, Any]]:
    return [json.loads(line) for line in sample_path().read_text(encoding="utf-8").splitlines()]


def test_there_are_enough_posts_with_the_five_columns(posts: list[dict[str, Any]]) -> None:
    assert len(posts) >= 360
    assert all(list(post) == ["id", "timestamp", "source", "text", "label"] for post in posts)


def test_ids_are_unique_and_posts_stand_in_the_order_of_time(posts: list[dict[str, Any]]) -> None:
    assert len({post["id"] for post in posts}) == len(posts)
    assert [post["timestamp"] for post in posts] == sorted(post["timestamp"] for post in posts)


def test_timestamps_are_utc_and_span_about_six_weeks(posts: list[dict[str, Any]]) -> None:
    times = [datetime.fromisoformat(post["timestamp"]) for post in posts]
    assert {time.utcoffset() for time in times} == {timedelta(0)}
    assert timedelta(days=35) < times[-1] - times[0] < timedelta(days=45)


def test_five_sources_each_hold_all_three_labels(posts: list[dict[str, Any]]) -> None:
    seen = Counter((post["source"], post["label"]) for post in posts if post["label"])
    assert len(seen) == 5 * len(LABELS)
    assert min(seen.values()) >= 8


def test_only_posts_without_text_lack_a_label(posts: list[dict[str, Any]]) -> None:
    for post in posts:
        assert post["label"] in LABELS if post["text"].strip() else post["label"] is None


@pytest.mark.parametrize(
    ("kind", "pattern", "at_least"),
    [
        ("Devanagari", "[\u0900-\u097f]", 20),
        ("emoji", "[\U0001f300-\U0001faff]", 40),
        ("emoji alone", "^[\U0001f300-\U0001faff\u2764\ufe0f]+$", 8),
        ("hashtags", "#[A-Za-z]", 5),
        ("links", "https://", 3),
        ("empty", r"^\s*$", 3),
        ("Hinglish negation", r"\bnahi\b", 20),
    ],
)
def test_every_kind_of_post_is_there(
    posts: list[dict[str, Any]], kind: str, pattern: str, at_least: int
) -> None:
    assert sum(bool(re.search(pattern, post["text"])) for post in posts) >= at_least, kind


def test_the_phone_goes_from_hype_to_disappointment(posts: list[dict[str, Any]]) -> None:
    reviews = [post for post in posts if post["source"] == "shop-reviews"]
    early = Counter(post["label"] for post in reviews if post["timestamp"] < "2026-03-15")
    late = Counter(post["label"] for post in reviews if post["timestamp"] >= "2026-03-18")
    assert early["positive"] > 2 * early["negative"]
    assert late["negative"] > 2 * late["positive"]
