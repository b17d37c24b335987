"""Posts written for this project, in English, Hinglish and Devanagari: for demo, docs, tests."""

from __future__ import annotations

from pathlib import Path


def sample_path() -> Path:
    """The JSON Lines file of the sample posts.

    Its columns are id, timestamp, source, text and label. The posts tell six weeks of 2026: a
    phone goes from hype to disappointment, a cricket season ends in its final, a film comes out, a
    metro line runs late. A few are empty or odd, as in every export; the empty ones have no label.

    >>> sample_path().name
    'posts.jsonl'
    """
    return Path(__file__).with_name("posts.jsonl")
