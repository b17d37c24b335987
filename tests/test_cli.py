"""The command line: what it prints, where, and with which exit status."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import pytest

import mizaj
from mizaj.batch import SCORED
from mizaj.cli import main
from mizaj.cli.words import is_text
from mizaj.model.cascade import Cascade
from mizaj.model.folder import Described, save
from mizaj.model.kinds import load_classifier
from mizaj.model.lexicon_tier import lexicon_tier
from mizaj.model.members import name_members
from mizaj.model.shipped import SHIPPED

COMMANDS = [
    *(
        "score",
        "explain",
        "language",
        "clean",
        "evaluate",
        "report",
        "lexicon",
        "train",
        "tune",
        "calibrate",
    ),
    *("distil", "ensemble", "cascade", "export", "behaviour", "leakage", "cross-domain"),
]
LEXICON_COMMANDS = ["show", "check", "grow", "build"]
ANSWER_KEYS = {"text", "sentiment", "score", "confidence", "tier", "language", "cmi"}


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run_words(*words: str) -> Done:
        with pytest.raises(SystemExit) as left:
            main(words)
        printed = capsys.readouterr()
        return Done(int(left.value.code or 0), printed.out, printed.err)

    return run_words


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    """A Parquet file with four posts, one of them without text."""
    table = pa.table(
        {
            "id": ["a", "b", "c", "d"],
            "text": ["bahut accha phone hai", "ekdum bakwas", None, "train 6 baje hai"],
            "label": ["positive", "negative", "neutral", "neutral"],
            "source": ["x", "x", "y", "y"],
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "posts.parquet")
    return tmp_path / "posts.parquet"


def process(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    """A command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "mizaj", *words],
        capture_output=True,
        text=True,
        timeout=600,
        **options,
    )


# One text


def test_one_text_is_answered_in_one_line_that_begins_with_the_sentiment(run: Run) -> None:
    done = run("score", "yeh movie ekdum bakwas hai")
    assert (done.status, done.err) == (0, "")
    assert re.fullmatch(r"negative  score -0\.\d\d, confidence \d\.\d\d, .*\n", done.out)


def test_one_text_as_json_has_the_column_names(run: Run) -> None:
    found = json.loads(run("score", "bahut accha 😍", "--json").out)
    assert found.keys() == ANSWER_KEYS
    assert (found["text"], found["sentiment"]) == ("bahut accha 😍", "positive")


@pytest.mark.parametrize("text", ["Yeh movie accha nahi hai", "", "ok", ":(", "w/o maza", "a\x00b"])
def test_the_short_way_and_the_command_tree_answer_alike(run: Run, text: str) -> None:
    short = run("score", text, "--json")
    # an option that the short way does not know leads through the tree
    assert short == run("score", text, "--json", "--rules", "default")
    assert short.status == 0


def test_bytes_that_are_not_utf8_are_scored_as_replaced(tmp_path: Path) -> None:
    command = [
        os.fsencode(sys.executable),
        b"-m",
        b"mizaj",
        b"score",
        b"bahut accha \xff",
        b"--json",
    ]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, check=True)
    assert json.loads(done.stdout)["text"] == "bahut accha �"


def test_a_text_that_begins_with_a_dash_follows_two_dashes(run: Run) -> None:
    assert run("score", "--json", "--", "-_- bakwas").status == 0


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("bahut accha!", True),
        ("", True),
        ("good/bad", True),
        ("kya??", True),
        ("https://t.co/x kya movie hai", True),
        ("see posts.csv", False),
        ("post.parquet", False),
        ("POSTS.CSV.GZ", False),
        ("./posts", False),
        ("/tmp/nothing-here", False),
        ("posts/*", False),
        ("s3://bucket/posts", False),
        ("-", False),
    ],
)
def test_a_word_is_a_text_unless_it_is_spelt_like_a_file(word: str, expected: bool) -> None:
    assert is_text(word) is expected


def test_a_word_that_names_a_folder_is_not_a_text(tmp_path: Path, run: Run) -> None:
    (tmp_path / "accha").mkdir()
    assert not is_text("accha")
    done = run("score", "accha")
    assert done.status == 2
    assert "-o OUT" in done.err


# Mistakes


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["score"], r"no text given; put one text in quotes"),
        (["score", "post.parquet"], r"no such file: post\.parquet"),
        (["score", "bahut", "accha", "hai"], r"3 words given, none of them a file"),
        (["score", "-"], r"say where the scored posts go: -o OUT"),
        (["score", "s3://b/x"], r"say where the scored posts go: -o OUT"),
        (["score", "bahut accha", "-o", "out"], r"no such file: bahut accha"),
        (["score", "x", "--txet", "body"], r"No such option: --txet.*--text.*mizaj score --help"),
        (["score", "x", "--rules", "papr"], r"'papr' is not one of 'default', 'paper-product'"),
        (["score", "x", "--lexicon", "none.tsv"], r"none\.tsv"),
        (["score", "x", "--model", "none"], r"none"),
        (["explain", "x", "--model", "best"], r"nowhere.*make best"),
        (["evaluate", "best", "sample"], r"nowhere.*make best"),
        (["score", "x", "--domain", "none"], r"none"),
        (["scor", "x"], r"No such command 'scor'\. Did you mean 'score'"),
        (["explain"], r"Missing argument 'TEXT'"),
        (["explain", "post.csv"], r"no such file: post\.csv"),
        (["evaluate", "lexicon"], r"data with labels is missing"),
        (["evaluate", "posts.csv"], r"a model .* is missing"),
        (["evaluate", "lexicon", "posts.csv"], r"posts\.csv"),
        (["evaluate", "lexicon", "x.csv", "--label-map", "good"], r"--label-map good has no '='"),
        (["report", "nowhere"], r"nowhere"),
        (["lexicon", "check", "none.tsv"], r"none\.tsv"),
        (["lexicon", "build", "none.tsv", "-o", "x.bin"], r"must end in \.lex"),
        (["lexicon", "grow", "none.csv", "-o", "x.tsv"], r"none\.csv"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_on_standard_error_and_status_2(
    run: Run, tmp_path: Path, words: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIZAJ_BEST", "nowhere")
    done = run(*words)
    assert (done.status, done.out) == (2, "")
    assert re.fullmatch(r"mizaj: [^\n]+\n", done.err)
    assert re.search(message, done.err)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_column_lists_the_columns_there(run: Run, posts: Path) -> None:
    done = run("score", str(posts), "-o", "out", "--text", "body")
    assert done.status == 2
    assert re.search(r"'body'.*id, text, label, source", done.err)
    assert not Path("out").exists()


def test_an_output_that_is_there_is_not_touched(run: Run, posts: Path) -> None:
    assert run("score", str(posts), "-o", "out").status == 0
    before = sorted((path, path.stat().st_mtime_ns) for path in Path("out").rglob("*"))
    done = run("score", str(posts), "-o", "out")
    assert done.status == 2
    assert re.search(r"--resume.*--overwrite", done.err)
    assert sorted((path, path.stat().st_mtime_ns) for path in Path("out").rglob("*")) == before


def test_a_missing_dictionary_is_noticed_before_anything_is_written(run: Run, posts: Path) -> None:
    assert run("score", str(posts), "-o", "out", "--lexicon", "none.tsv").status == 2
    assert not Path("out").exists()


def test_scoring_a_scored_file_again_is_refused(run: Run, posts: Path) -> None:
    run("score", str(posts), "-o", "out")
    done = run("score", "out", "-o", "again")
    assert done.status == 2
    assert "already in the data" in done.err


def test_a_fault_of_ours_shows_its_traceback_and_status_70(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(words: list[str]) -> int:
        raise ZeroDivisionError(words)

    monkeypatch.setattr("mizaj.cli.app.run_app", fail)
    done = run("explain", "x")
    assert done.status == 70
    assert "ZeroDivisionError" in done.err
    assert done.err.endswith("please report it with the lines above\n")


# Files


def rows_of(folder: str) -> pa.Table:
    """All scored rows directly in a folder."""
    files = sorted(str(path) for path in Path(folder).glob("*.parquet"))
    return pyarrow.dataset.dataset(files).to_table()


def test_scoring_a_file_adds_the_columns_and_loses_no_row(run: Run, posts: Path) -> None:
    done = run("score", str(posts), "-o", "out")
    assert (done.status, done.err) == (0, "")
    assert re.search(r"4 rows in, 3 scored into out, 1 rejected", done.out)
    table = rows_of("out")
    assert dict(zip(table["id"].to_pylist(), table["sentiment"].to_pylist(), strict=True)) == {
        "a": "positive",
        "b": "negative",
        "d": "neutral",
    }
    assert set(SCORED.names) <= set(table.column_names)


def test_strict_is_status_1_where_a_row_was_rejected(run: Run, posts: Path) -> None:
    assert run("score", str(posts), "-o", "out", "--strict").status == 1


def test_quiet_prints_nothing(run: Run, posts: Path) -> None:
    assert run("score", str(posts), "-o", "out", "--quiet") == Done(0, "", "")


def test_the_manifest_is_printed_as_json(run: Run, posts: Path) -> None:
    found = json.loads(run("score", str(posts), "-o", "out", "--json").out)
    assert found == json.loads(Path("out", "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_other_formats_are_written(run: Run, posts: Path, format: str) -> None:
    assert run("score", str(posts), "-o", "out", "--to", format).status == 0
    assert list(Path("out").glob(f"*.{format}*"))


def test_shards_are_as_large_as_asked(run: Run, tmp_path: Path) -> None:
    table = pa.table({"text": [f"accha {n}" for n in range(40)]})
    pyarrow.parquet.write_table(table, tmp_path / "forty.parquet", row_group_size=10)
    for n_rows, n_files in ((1, 4), (20, 2), (40, 1)):
        out = f"by-{n_rows}"
        assert run("score", "forty.parquet", "-o", out, "--shard-rows", str(n_rows)).status == 0
        assert len(list((tmp_path / out).glob("*.parquet"))) == n_files
        assert rows_of(out)["text"].to_pylist() == table["text"].to_pylist()


def test_standard_input_is_read(tmp_path: Path) -> None:
    lines = '{"text": "bahut accha"}\n{"text": "bakwas"}\n'
    words = ("score", "-", "--format", "jsonl", "-o", "out")
    done = process(*words, input=lines, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert rows_of(str(tmp_path / "out"))["sentiment"].to_pylist() == ["positive", "negative"]


def test_own_dictionary_changes_the_answer_and_is_kept_packed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "my.tsv").write_text("word\tlanguage\tpolarity\nzhakaasu\thi-Latn\t3\n")
    assert run("score", "kya zhakaasu gaana").out.startswith("neutral")
    assert run("score", "kya zhakaasu gaana", "--lexicon", "my.tsv").out.startswith("positive")
    assert len(list((tmp_path / "cache" / "mizaj").glob("*.lex"))) == 1


# Explain, language, evaluate, report, lexicon


def test_an_explanation_names_the_words(run: Run) -> None:
    done = run("explain", "accha nahi hai")
    assert done.status == 0
    assert "accha" in done.out
    assert "nahi" in done.out


def test_an_explanation_is_json_too(run: Run) -> None:
    assert isinstance(json.loads(run("explain", "accha nahi hai", "--json").out), dict)


def test_each_word_has_its_language(run: Run) -> None:
    found = json.loads(run("language", "so good ki main so gaya", "--json").out)
    assert found["words"][1] == {"word": "good", "language": "en"}
    assert found["words"][-1] == {"word": "gaya", "language": "hi-Latn"}


def test_an_evaluation_is_printed_and_comes_as_json_and_page(run: Run, posts: Path) -> None:
    words = ("evaluate", "lexicon", str(posts), "--by", "source")
    done = run(*words)
    assert "macro-F1" in done.out
    assert done.err == "mizaj: 1 rows without a text that can be read were left out\n"
    found = json.loads(run(*words, "--json", "--html", "page.html").out)
    (evaluation,) = found["evaluations"]
    assert evaluation["rows"] == 3
    assert evaluation["accuracy"]["value"] == 1.0
    assert set(evaluation["by"]) == {"source"}
    assert (
        Path("page.html").read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html")
    )


def test_several_files_are_evaluated_apart_and_together(run: Run, posts: Path) -> None:
    done = run("evaluate", "lexicon", str(posts), str(mizaj.sample_path()), "--json")
    (evaluation,) = json.loads(done.out)["evaluations"]
    assert len(evaluation["by"]["dataset"]) == 2


def test_a_report_is_written(run: Run, posts: Path) -> None:
    run("score", str(posts), "-o", "out")
    done = run("report", "out", "-o", "page.html")
    assert (done.status, done.out) == (0, "wrote page.html\n")
    assert "bakwas" in Path("page.html").read_text(encoding="utf-8")


def test_a_word_is_shown_with_its_polarity(run: Run) -> None:
    done = run("lexicon", "show", "accha", "qwxyz")
    assert re.search(r"^accha: hi-Latn, polarity \+", done.out, re.MULTILINE)
    assert "qwxyz: not in the dictionary" in done.out
    known, unknown = json.loads(run("lexicon", "show", "accha", "qwxyz", "--json").out)
    assert (known["is_known"], known["language"], unknown) == (
        True,
        "hi-Latn",
        {"word": "qwxyz", "is_known": False},
    )


def test_a_dictionary_is_checked_line_by_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "my.tsv").write_text("word\tlanguage\tpolarity\nx\thi-Latn\t2\ny\ten\tbad\n")
    done = run("lexicon", "check", "my.tsv")
    assert done.status == 2
    assert "my.tsv, line 3" in done.err
    (tmp_path / "my.tsv").write_text("word\tlanguage\tpolarity\nx\thi-Latn\t2\n")
    assert "1 entries, 1 with a polarity" in run("lexicon", "check", "my.tsv").out


def test_a_dictionary_is_built_and_used(run: Run, tmp_path: Path) -> None:
    (tmp_path / "my.tsv").write_text("word\tlanguage\tpolarity\nzhakaasu\thi-Latn\t3\n")
    assert run("lexicon", "build", "my.tsv", "-o", "my.lex").status == 0
    assert run("score", "kya zhakaasu gaana", "--lexicon", "my.lex").out.startswith("positive")
    with (tmp_path / "my.lex").open("rb") as mapped:
        (tmp_path / "my.tsv").write_text("word\tlanguage\tpolarity\nzhakaasu\thi-Latn\t-3\n")
        assert run("lexicon", "build", "my.tsv", "-o", "my.lex").status == 0
        old = mapped.read()  # whoever has it open keeps it whole
    assert old != (tmp_path / "my.lex").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my.lex", "my.tsv"]


def test_unknown_words_are_listed_for_review(run: Run) -> None:
    sample = str(mizaj.sample_path())
    done = run("lexicon", "grow", sample, "-o", "review.tsv")
    assert done.status == 0
    assert Path("review.tsv").read_text(encoding="utf-8").startswith("keep\tword\t")


# Help, version, pipes, Ctrl-C


@pytest.mark.parametrize(
    "words", [[], *[[c] for c in COMMANDS], *[["lexicon", c] for c in LEXICON_COMMANDS]], ids=str
)
def test_help_is_readable_in_80_columns(run: Run, words: list[str]) -> None:
    done = run(*words, "--help")
    assert done.status == 0
    assert max(map(len, done.out.splitlines())) <= 80
    assert f"mizaj {' '.join(words)}".strip() in done.out


def test_help_names_every_command(run: Run) -> None:
    assert set(re.findall(r"^  ([a-z][\w-]+)  +\w", run().out, re.MULTILINE)) == set(COMMANDS)


def test_every_command_shows_an_example(run: Run) -> None:
    for command in sorted({*COMMANDS} - {"lexicon"}):
        assert f"\n  mizaj {command} " in run(command, "--help").out


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version").out == f"mizaj {mizaj.__version__}\n"


def test_a_reader_that_goes_away_gets_no_traceback(tmp_path: Path) -> None:
    command = f"{sys.executable} -m mizaj score accha --json | true"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stderr == ""


@pytest.mark.slow
def test_ctrl_c_is_status_130_and_says_how_to_go_on(tmp_path: Path) -> None:
    text = ["yeh movie bahut accha tha lekin end bekar"] * 2_000_000
    pyarrow.parquet.write_table(pa.table({"text": text}), tmp_path / "big.parquet")
    running = subprocess.Popen(
        [sys.executable, "-m", "mizaj", "score", "big.parquet", "-o", "out"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "out").exists() and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=600)
    assert running.returncode == 130
    assert re.fullmatch(r"mizaj: [^\n]*--resume[^\n]*\n", err)


@pytest.mark.slow
def test_a_run_stopped_by_ctrl_c_and_resumed_ends_with_the_same_bytes(tmp_path: Path) -> None:
    posts = [f"{n} yeh movie bahut accha tha lekin end bekar" for n in range(1_200_000)]
    texts = [post if n % 1000 else None for n, post in enumerate(posts)]
    table = pa.table({"text": texts})
    pyarrow.parquet.write_table(table, tmp_path / "big.parquet", row_group_size=100_000)
    command = ["score", "big.parquet", "--workers", "1", "--quiet", "-o"]
    assert process(*command, "whole", cwd=tmp_path).returncode == 0
    running = subprocess.Popen(
        [sys.executable, "-m", "mizaj", *command, "torn"], cwd=tmp_path, stderr=subprocess.PIPE
    )
    while not list(tmp_path.glob("torn/*.parquet")) and running.poll() is None:
        time.sleep(0.001)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=600)
    assert running.returncode == 130
    n_done = len(list(tmp_path.glob("torn/*.parquet")))
    assert 0 < n_done < len(list(tmp_path.glob("whole/*.parquet")))
    assert process(*command, "torn", "--resume", cwd=tmp_path).returncode == 0
    assert _rows_written(tmp_path / "torn") == _rows_written(tmp_path / "whole")


def _rows_written(folder: Path) -> dict[str, bytes]:
    """The bytes of every file of rows, by name; rejects too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.parquet")
    }


@pytest.mark.parametrize("out", ["memory://scored", "file:///tmp/scored", "s3://bucket/scored"])
def test_an_output_that_is_a_url_is_refused_before_anything_is_read(
    run: Run, posts: Path, tmp_path: Path, out: str
) -> None:
    before = sorted(tmp_path.iterdir())
    done = run("score", str(posts), "-o", out)
    assert done.status == 2
    assert "output goes to a local folder" in done.err
    assert sorted(tmp_path.iterdir()) == before


def test_the_sample_posts_have_a_name_of_their_own(run: Run, tmp_path: Path) -> None:
    assert "389 rows in" in run("score", "sample", "-o", "scored").out
    assert len(list((tmp_path / "scored").glob("*.parquet"))) == 1


def test_a_wish_for_a_cascade_is_refused_by_another_model(run: Run) -> None:
    done = run("score", "kya baat hai", "--tier", "linear")
    assert done.status == 2
    assert "only a cascade has tiers to choose between" in done.err


def test_a_cascade_is_asked_as_the_words_say(run: Run, tmp_path: Path) -> None:
    members = name_members([(lexicon_tier(), Described()), (load_classifier(SHIPPED), Described())])
    save(Cascade(members, (0.9,)), tmp_path / "cascade")
    for tier in ("lexicon", "linear"):
        done = run("score", "kya baat hai", "--model", "cascade", "--tier", tier, "--json")
        assert json.loads(done.out)["tier"] == tier
