"""`mizaj clean`: what its words mean, what it prints, and mistakes in one line."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mizaj.cli import main

POSTS = [
    {"id": 1, "text": "yeh film bahut acchi hai yaar, mazaa aa gaya", "user": "a"},
    {"id": 2, "text": "Yeh film bahut acchi hai yaar... mazaa aa gaya!!", "user": "b"},
    {"id": 3, "text": "mera number 98765 43210 hai", "user": "a"},
    {"id": 4, "text": "", "user": "c"},
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "posts.parquet"
    pq.write_table(pa.Table.from_pylist(POSTS), path)
    return path


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["clean", *words])
    return int(left.value.code or 0)


def rows_of(folder: Path) -> list[dict]:
    return [
        row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()
    ]


def test_it_says_what_every_stage_set_aside(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(file), "-o", f"{tmp_path / 'out'}/") == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split() for line in said[:2]] == [
        ["empty", "4", "in", "empty", "1"],
        ["duplicates", "3", "in", "duplicate_of", "1"],
    ]
    assert said[2] == f"2 of 4 rows kept in {tmp_path}/out/, 2 in {tmp_path}/out/rejects"
    assert [row["id"] for row in rows_of(tmp_path / "out")] == [1, 3]


def test_json_is_the_manifest(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(file), "-o", str(tmp_path / "out"), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert told["rejected"] == {"duplicate_of": 1, "empty": 1}


def test_masks_and_scores_in_the_same_run(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--mask", "phone", "--mask-columns", "user", "--score", "--copies", "keep")
    assert run(str(file), "-o", str(tmp_path / "out"), *words) == 0
    first, _, third = rows_of(tmp_path / "out")
    assert (first["sentiment"], first["user"]) == ("positive", "<user>")
    assert (third["text"], third["masked"]) == ("mera number <phone> hai", ["phone"])
    assert "masked: phone 1" in capsys.readouterr().out


def test_pseudonyms_take_their_key_from_a_file(file: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("a long and secret phrase 123\n")
    words = ("--mask", "phone", "--mask-how", "hash", "--mask-key-file", str(key))
    assert run(str(file), "-o", str(tmp_path / "out"), *words, "-q") == 0
    (third,) = (row for row in rows_of(tmp_path / "out") if row["id"] == 3)
    assert third["text"].startswith("mera number <phone:")
    written = b"".join(
        path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()
    )
    assert b"secret phrase" not in written


def cleaned(folder: Path, posts: list[dict], *words: str) -> tuple[list[str], list[str]]:
    """The texts that are kept, and the reasons of those that are not, where copies are left alone."""
    folder.mkdir()
    pq.write_table(pa.Table.from_pylist(posts), folder / "posts.parquet")
    out = folder / "out"
    assert run(str(folder / "posts.parquet"), "-o", str(out), "--copies", "keep", "-q", *words) == 0
    kept, rejected = rows_of(out), rows_of(out / "rejects")
    return [row["text"] for row in kept], [row["rejected"] for row in rejected]


@pytest.mark.parametrize(
    ("words", "text", "reason"),
    [
        ("--no-spam", "Ghar baithe roz 3000 kamao, koi investment nahi, join t.me/kamai", "spam"),
        ("--languages all", "வணக்கம் நண்பர்களே", "language:other"),
        ("--wordless keep", "@amit !!!", "no_words"),
        ("--max-characters 20000", "accha " * 2000, "too_long"),
    ],
)
def test_each_filter_can_be_turned_off(words: str, text: str, reason: str, tmp_path: Path) -> None:
    posts = [{"text": text}]
    assert cleaned(tmp_path / "on", posts) == ([], [reason])
    assert cleaned(tmp_path / "off", posts, *words.split()) == ([text], [])


@pytest.mark.parametrize(
    ("words", "text", "reason"),
    [
        ("--wordless reject", "😂😂", "no_words"),
        ("--languages en", "yeh movie bahut acchi hai yaar", "language:hi-Latn"),
        ("--about film,movie", "aaj ka mausam accha hai", "off_topic"),
        ("--max-words 3", "yeh gaana bahut accha hai", "too_long"),
        ("--min-characters 10", "accha hai", "too_short"),
        ("--max-characters 10", "bahut accha", "too_long"),
    ],
)
def test_each_filter_can_be_made_stricter(
    words: str, text: str, reason: str, tmp_path: Path
) -> None:
    posts = [{"text": text}]
    assert cleaned(tmp_path / "plain", posts) == ([text], [])
    assert cleaned(tmp_path / "strict", posts, *words.split()) == ([], [reason])


def test_damage_is_mended_unless_it_is_not_asked(tmp_path: Path) -> None:
    posts = [{"text": r"don\u2019t worry, bahut acchi movie hai"}]
    mended = "don’t worry, bahut acchi movie hai"
    assert cleaned(tmp_path / "mended", posts) == ([mended], [])
    assert cleaned(tmp_path / "left", posts, "--no-repair") == ([posts[0]["text"]], [])


def test_bots_are_looked_for_in_the_column_that_names_authors(tmp_path: Path) -> None:
    posts = [{"text": f"Deal number {n} is live now, see page {n}"} for n in range(30)]
    posts = [post | {"user": "shop"} for post in posts]
    posts.append({"text": "yeh film acchi hai", "user": "asha"})
    assert cleaned(tmp_path / "in", posts, "--bots") == (["yeh film acchi hai"], ["bot"] * 30)


def test_limits_of_length_are_words_or_characters(file: Path, tmp_path: Path) -> None:
    assert run(str(file), "-o", str(tmp_path / "out"), "--min-words", "6", "-q") == 0
    rejected = {row["id"]: row["rejected"] for row in rows_of(tmp_path / "out" / "rejects")}
    assert rejected[3] == "too_short"


def test_standard_input_is_cleaned_in_one_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "\n".join(json.dumps(post) for post in POSTS).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    assert run("-", "-o", str(tmp_path / "out"), "--copies", "recent", "-q") == 0
    rejected = {row["id"]: row["rejected"] for row in rows_of(tmp_path / "out" / "rejects")}
    assert rejected == {2: "duplicate", 4: "empty"}


MISTAKES = {
    "copies in a pipe": (["-", "-o", "OUT"], "--copies recent"),
    "similar to nothing": (["FILE", "-o", "OUT", "--similar"], "--about film,movie"),
    "an unknown kind": (["FILE", "-o", "OUT", "--mask", "emial"], "allowed: .*email"),
    "a hash without a key": (["FILE", "-o", "OUT", "--mask", "all", "--mask-how", "hash"], "key"),
    "a key that is not there": (
        ["FILE", "-o", "OUT", "--mask", "all", "--mask-how", "hash", "--mask-key-file", "none"],
        "none cannot be read",
    ),
    "bots without authors": (
        ["FILE", "-o", "OUT", "--bots", "--author", "writer"],
        "'writer', .*--author",
    ),
    "bots in a pipe": (
        ["-", "-o", "OUT", "--copies", "recent", "--bots", "--author", "user"],
        "bots.* read only once",
    ),
    "company in a pipe": (
        ["-", "-o", "OUT", "--copies", "recent", "--about", "film", "--similar"],
        "company.* read only once",
    ),
    "too few posts for company": (
        ["FILE", "-o", "OUT", "--about", "film", "--similar"],
        "sampled posts hold one of film",
    ),
    "an unknown language": (["FILE", "-o", "OUT", "--languages", "fr"], "to keep: fr; allowed"),
    "an empty topic": (["FILE", "-o", "OUT", "--about", "film,"], "'film,' has an empty name"),
    "an empty mask": (["FILE", "-o", "OUT", "--mask", ""], "'' has an empty name"),
    "a way to mask nothing": (["FILE", "-o", "OUT", "--mask-how", "drop"], "add --mask all"),
    "an author for nothing": (["FILE", "-o", "OUT", "--author", "user"], "for --bots; add that"),
    "a model for nothing": (["FILE", "-o", "OUT", "--model", "best"], "add --score"),
    "no such file": (["nothing.parquet", "-o", "OUT"], "no file found"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_and_touches_nothing(
    mistake: str,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words, message = MISTAKES[mistake]
    lines = json.dumps(POSTS[0]).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    spelt = [{"FILE": str(file), "OUT": str(tmp_path / "out")}.get(word, word) for word in words]
    assert run(*spelt) == 2
    said = capsys.readouterr().err.strip()
    assert len(said.splitlines()) == 1
    assert re.search(message, said), said
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
