"""A packed lexicon answers as its entries say, and a damaged one is refused."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from mizaj.errors import LexiconError
from mizaj.lexicon import layout
from mizaj.lexicon.entries import Entry, read_entries, write_entries
from mizaj.lexicon.pack import (
    DATA,
    DEFAULT,
    HAND_MADE,
    merge,
    pack,
    pack_default,
    read_folder,
    read_weights,
)
from mizaj.lexicon.packed import Lexicon, build_lexicon, load_lexicon
from mizaj.lexicon.resolve import resolve
from mizaj.lexicon.scorer import LexiconSettings, load_scorer

ENTRIES = [
    Entry("accha", "hi-Latn", 1.9, pos="adj", source="test"),
    Entry("acha", "hi-Latn", form_of="accha", source="test"),
    Entry("nahi", "hi-Latn", role="negator", source="test"),
    Entry("paisa vasool", "hi-Latn", 2.5, source="test"),
    Entry(":)", "symbol", 1.5, source="test"),
    Entry("😍", "symbol", 2.5, source="test"),
    Entry("अच्छा", "hi", 1.9, source="test"),
    Entry("zabardast", "hi-Latn", 2.9, source="test"),
]


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon(pack(ENTRIES))


def test_entries_come_back_as_they_were_packed(lexicon: Lexicon) -> None:
    found = lexicon.lookup("accha")
    assert found is not None
    assert (found.pos, found.source, round(found.polarity, 4)) == ("adj", "test", 1.9)


def test_a_spelling_without_figures_takes_those_of_its_head_word(lexicon: Lexicon) -> None:
    found = lexicon.lookup("acha")
    assert found is not None
    assert (found.form_of, round(found.polarity, 4)) == ("accha", 1.9)


def test_phrases_are_found_by_their_head_words_and_their_words_are_entries(
    lexicon: Lexicon,
) -> None:
    assert "paisa vasool" in lexicon
    assert "paisa" in lexicon
    assert "vasool" in lexicon


def test_the_longest_listed_prefix_is_found(lexicon: Lexicon) -> None:
    found = lexicon.longest_prefix("acchapan")
    assert found is not None
    assert found.word == "accha"


@pytest.mark.parametrize(
    ("word", "entry"),
    [
        ("accha", "accha"),
        ("acchaaaa", "accha"),
        ("zabbardast", "zabardast"),
        ("zabardastttt", "zabardast"),
        ("अच्छाों", "अच्छा"),
        ("qwrtpz", None),
    ],
)
def test_unlisted_spellings_are_resolved(lexicon: Lexicon, word: str, entry: str | None) -> None:
    found, _ = resolve(word, lexicon)
    head = found and (found.entry.form_of or found.entry.word)
    assert head == entry


@pytest.mark.parametrize("size", [0, 7, 20, 100, 1000, 100_000])
def test_a_file_cut_short_is_refused(size: int) -> None:
    with pytest.raises(LexiconError, match=r"not a packed lexicon|damaged or cut short"):
        Lexicon(pack(ENTRIES)[:size])


def test_another_format_version_is_refused() -> None:
    content = bytearray(pack(ENTRIES))
    content[8] = layout.VERSION + 1
    with pytest.raises(LexiconError, match=f"format {layout.VERSION}"):
        Lexicon(bytes(content))


def test_a_record_number_that_does_not_exist_is_refused(lexicon: Lexicon) -> None:
    with pytest.raises(LexiconError, match="pack it again"):
        lexicon.known(len(lexicon))


def test_words_are_found_where_their_bucket_and_the_last_one_of_the_table_are_full() -> None:
    kernel_module = pytest.importorskip("mizaj.lexicon._kernel", reason="only it reads the buckets")
    n_slots = _n_slots(Lexicon(pack(ENTRIES)))
    crowd = _crowd(n_slots // layout.BUCKET)
    packed = Lexicon(pack([*ENTRIES, *(Entry(word, "en", 2.0) for word in crowd)]))
    assert _n_slots(packed) == n_slots
    assert sum(_free_slots(packed, word) for word in crowd) == 0
    kernel = kernel_module.Kernel(packed)
    for word in crowd:
        (token,), _, _ = kernel.read(word.encode())
        assert (token["entry"], token["polarity"]) == (packed.find(word).number, 2.0)
    for word in ("zzqxabsent", "accha"):
        (token,), _, _ = kernel.read(word.encode())
        assert (token["entry"] >= 0) == (word in packed)


def _n_slots(packed: Lexicon) -> int:
    part = packed.sections["slots"]
    return (part.stop - part.start) // layout.SLOT.size


def _bucket(word: str, n_buckets: int) -> int:
    return layout.hash_bytes(word.encode()) // layout.BUCKET % n_buckets


def _crowd(n_buckets: int) -> list[str]:
    """Words of which two more than fit belong into the last bucket, and as many into another one."""
    found: dict[int, list[str]] = {}
    crowded: dict[int, list[str]] = {}
    for letters in itertools.product("bcdfghjklmnpqrst", repeat=6):
        word = "".join(letters)
        bucket = _bucket(word, n_buckets)
        found.setdefault(bucket, []).append(word)
        if len(found[bucket]) == layout.BUCKET + 2:
            crowded[bucket] = found[bucket]
        if n_buckets - 1 in crowded and len(crowded) > 1:
            other = next(bucket for bucket in crowded if bucket != n_buckets - 1)
            return crowded[n_buckets - 1][: layout.BUCKET + 2] + crowded[other]
    raise AssertionError


def _free_slots(packed: Lexicon, word: str) -> int:
    """How many slots are free in the bucket into which a word belongs."""
    part = packed.sections["slots"]
    start = part.start + _bucket(word, _n_slots(packed) // layout.BUCKET) * (
        layout.BUCKET * layout.SLOT.size
    )
    content = packed.content[start : start + layout.BUCKET * layout.SLOT.size]
    return sum(key == 0 for key, *_ in layout.SLOT.iter_unpack(content))


def test_an_emoticon_that_reads_like_a_word_is_refused() -> None:
    with pytest.raises(LexiconError, match="cannot be told from words"):
        pack([Entry("D:", "symbol", -1.0)])


def test_later_entries_win_and_learnt_figures_go_into_either() -> None:
    first = Entry("mast", "hi-Latn", 1.0, pos="adj")
    (merged,) = merge(
        [first, Entry("mast", "hi-Latn", 2.0)], [Entry("mast", "hi-Latn", 2.2, neutrality=-0.1)]
    )
    assert (merged.polarity, merged.neutrality) == (2.2, -0.1)


def test_own_dictionary_wins_over_the_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.tsv"
    write_entries(path, [Entry("faadu", "hi-Latn", 2.5), Entry("good", "en", -3.0)])
    scorer = load_scorer(LexiconSettings(files=(path,)))
    assert scorer.answer("faadu").sentiment == "positive"
    assert scorer.answer("good").sentiment == "negative"


def test_an_unknown_domain_names_those_there_are() -> None:
    with pytest.raises(LexiconError, match="movies"):
        build_lexicon((), "gardening")


def test_the_packed_file_that_ships_is_the_one_its_dictionaries_make() -> None:
    assert DEFAULT.read_bytes() == pack(read_folder(DATA), read_weights(DATA / "weights.json"))


def test_the_shipped_dictionaries_are_as_large_as_promised() -> None:
    entries = read_folder(DATA)
    romanised = [e for e in entries if e.language == "hi-Latn" and (e.polarity or e.role)]
    assert len(entries) >= 15_000
    assert len(romanised) >= 2_500
    assert sum(bool(e.form_of) for e in romanised) >= 1_000


@pytest.mark.parametrize("path", sorted(DATA.rglob("*.tsv")), ids=lambda path: path.stem)
def test_every_shipped_dictionary_can_be_read(path: Path) -> None:
    entries = read_entries(path)
    assert entries
    assert len({(e.word, e.language) for e in entries}) == len(entries)


def test_shipped_lexicon_is_opened_once() -> None:
    assert load_lexicon() is load_lexicon()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("accha\tklingon\t1", "language is 'klingon'"),
        ("accha\thi-Latn\tvery", "polarity is 'very'"),
        ("accha\thi-Latn\t9", "from -4 to 4"),
        ("accha\thi-Latn\tnan", "from -4 to 4"),
        ("\thi-Latn\t1", "word is empty"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "bad.tsv"
    path.write_text(f"word\tlanguage\tpolarity\n{line}\n", encoding="utf-8")
    with pytest.raises(LexiconError, match=f"line 2: .*{message}"):
        read_entries(path)


def test_a_header_without_a_word_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.tsv"
    path.write_text("wort\tlanguage\n", encoding="utf-8")
    with pytest.raises(LexiconError, match=r"line 1: .*needed: word, language"):
        read_entries(path)


def test_packing_again_does_not_write_into_a_file_that_may_be_mapped(tmp_path: Path) -> None:
    path = tmp_path / "some.lex"
    path.write_bytes(b"old")
    with path.open("rb") as mapped:
        pack_default(path)
        assert mapped.read() == b"old"
    assert len(Lexicon.open(path)) > 15_000
    assert set(tmp_path.iterdir()) == {path, path.with_name(HAND_MADE)}
