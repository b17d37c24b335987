"""Dictionaries of others come out as entries, and a broken one says where it is broken."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.errors import ExtraMissing, LexiconError, SettingError
from mizaj.lexicon.entries import HEADER, Entry, read_entries, write_entries
from mizaj.lexicon.importers import (
    FORMATS,
    ImportSettings,
    detect_format,
    import_entries,
    to_devanagari,
)
from mizaj.lexicon.importers import lines as lines_room

FIXTURES = Path(__file__).parent / "fixtures"


def polarities(name: str, **settings: str | float) -> dict[str, float]:
    entries = import_entries(FIXTURES / name, settings=ImportSettings(**settings))
    return {entry.word: entry.polarity for entry in entries}


def words(path: Path) -> list[tuple[str, str]]:
    return [(entry.word, entry.pos) for entry in import_entries(path)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("index.adj", "princeton_wordnet"),
        ("data.adj", "princeton_wordnet"),
        ("idxadjective_txt", "hindi_wordnet"),
        ("data_txt", "hindi_wordnet"),
        ("data_txt_wx", "hindi_wordnet"),
        ("sentiwordnet.txt", "sentiwordnet"),
        ("hindi_sentiwordnet.txt", "hindi_sentiwordnet"),
        ("hindi_sentiwordnet_wx.txt", "hindi_sentiwordnet"),
        ("vader.txt", "vader"),
        ("afinn.txt", "afinn"),
        ("nrc.txt", "nrc"),
        ("table.csv", "table"),
        ("labels.tsv", "table"),
    ],
)
def test_the_format_is_told_from_the_content(name: str, expected: str) -> None:
    assert detect_format(FIXTURES / name) == expected


@pytest.mark.parametrize(
    ("header", "line", "expected"),
    [
        ("word\tvalence", "superb\t5", "afinn"),
        ("token\tmean\tstd", "good\t1.9\t0.9", "vader"),
        ("word\tpolarity", "good\t3", "table"),
    ],
)
def test_a_header_line_does_not_hide_the_format(
    tmp_path: Path, header: str, line: str, expected: str
) -> None:
    path = tmp_path / "list.tsv"
    path.write_text(f"{header}\n{line}\n", encoding="utf-8")
    assert detect_format(path) == expected
    assert len(list(import_entries(path))) == 1


def test_every_format_has_a_fixture_that_it_reads() -> None:
    names = {detect_format(path) for path in FIXTURES.iterdir()}
    assert names == set(FORMATS)


def test_princeton_index_gives_words_with_their_part_of_speech() -> None:
    assert words(FIXTURES / "index.adj") == [("good", "adj"), ("well known", "adj")]


def test_princeton_data_gives_each_word_once_and_counts_in_hexadecimal() -> None:
    found = [word for word, _ in words(FIXTURES / "data.adj")]
    assert found[:3] == ["good", "fine", "galore"]
    assert found[-1] == "ten"


def test_a_folder_gives_each_word_once_under_its_opinion_bearing_part_of_speech(
    tmp_path: Path,
) -> None:
    for name in ("index.adj", "index.noun"):
        shutil.copy(FIXTURES / name, tmp_path)
    assert words(tmp_path) == [
        ("good", "adj"),
        ("well known", "adj"),
        ("train", "noun"),
        ("on/off switch", "noun"),
    ]


def test_hindi_index_and_data_give_devanagari_words(tmp_path: Path) -> None:
    assert words(FIXTURES / "data_txt") == [
        ("अच्छा", "adj"),
        (unicodedata.normalize("NFC", "बढ़िया"), "adj"),
        (unicodedata.normalize("NFC", "रेल गाड़ी"), "noun"),
        ("ट्रेन", "noun"),
    ]
    for name in ("idxadjective_txt", "idxnoun_txt"):
        shutil.copy(FIXTURES / name, tmp_path)
    assert [word for word, _ in words(tmp_path)][:2] == ["अच्छा", "बुरा"]


def test_wordnet_words_have_no_polarity_and_the_language_of_their_script() -> None:
    english = next(iter(import_entries(FIXTURES / "index.adj")))
    hindi = next(iter(import_entries(FIXTURES / "data_txt")))
    assert (english.polarity, english.language) == (0.0, "en")
    assert (hindi.polarity, hindi.language) == (0.0, "hi")


@pytest.mark.parametrize(
    ("devanagari", "wx"),
    [("data_txt", "data_txt_wx"), ("hindi_sentiwordnet.txt", "hindi_sentiwordnet_wx.txt")],
)
def test_wx_and_devanagari_files_give_the_same_words(devanagari: str, wx: str) -> None:
    pytest.importorskip("indic_transliteration")
    same = set(polarities(devanagari)) & set(polarities(wx))
    assert {"अच्छा", unicodedata.normalize("NFC", "बढ़िया")} <= same


@pytest.mark.parametrize(
    ("word", "notation", "expected"),
    [
        ("acCA", "wx", "अच्छा"),
        ("jZabaraxaswa", "wx", "ज़बरदस्त"),
        ("sadZaka", "wx", "सड़क"),
        ("dOYktara", "wx", "डॉक्टर"),
        ("suMxara", "wx", "सुंदर"),
        ("achChA", "itrans", "अच्छा"),
        ("acchā", "iso", "अच्छा"),
        ("सड़क", "wx", "सड़क"),
    ],
)
def test_hindi_notations_come_out_in_devanagari(word: str, notation: str, expected: str) -> None:
    pytest.importorskip("indic_transliteration")
    assert to_devanagari(word, notation) == unicodedata.normalize("NFC", expected)


def test_wx_without_its_library_names_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "indic_transliteration", None)
    with pytest.raises(ExtraMissing, match=r"pip install 'mizaj\[text\]'"):
        to_devanagari("acCA", "wx")
    assert to_devanagari("अच्छा", "devanagari") == "अच्छा"


def test_sentiwordnet_weighs_meanings_by_rank_and_parts_of_speech_by_meanings() -> None:
    found = polarities("sentiwordnet.txt")
    adjective = 4 * (0.75 / 1 + 0.25 / 2) / (1 / 1 + 1 / 2)
    noun = 4 * 0.5
    assert found["good"] == pytest.approx((2 * adjective + 1 * noun) / 3, abs=0.001)
    assert found["fine"] == 3.0
    assert found["well known"] == -2.5


def test_hindi_sentiwordnet_averages_the_meanings_of_a_word() -> None:
    found = polarities("hindi_sentiwordnet.txt")
    assert (found["अच्छा"], found["बुरा"], found["अब"]) == (2.0, -2.0, 0.0)


def test_vader_keeps_its_scale_and_the_case_of_emoticons() -> None:
    entries = {entry.word: entry for entry in import_entries(FIXTURES / "vader.txt")}
    assert entries["awful"].polarity == -2.0
    assert (entries[":D"].language, entries["(-:"].language) == ("symbol", "symbol")
    assert entries["good"].language == "en"


def test_afinn_is_brought_from_five_to_four() -> None:
    assert polarities("afinn.txt") == {
        "superb": 4.0,
        "bad": -2.4,
        "not good": -1.6,
        "some kind": 0.0,
    }


def test_nrc_uses_positive_and_negative_and_leaves_the_emotions() -> None:
    assert polarities("nrc.txt") == {"festival": 2.0, "chaos": -2.0, "shout": 0.0, "table": 0.0}


def test_a_table_is_scaled_by_its_largest_figure() -> None:
    found = polarities("table.csv", largest=100.0)
    assert found == {"bahut, accha": 3.2, "bakwas": -4.0, "theek": 0.0}
    assert {e.language for e in import_entries(FIXTURES / "labels.tsv")} == {"hi"}
    assert set(polarities("labels.tsv").values()) == {2.0, -2.0}


def test_a_table_may_name_parts_of_speech_as_wordnets_do(tmp_path: Path) -> None:
    path = tmp_path / "swn.tsv"
    path.write_text("word\tpos\tpositive\tnegative\nअच्छा\ta\t0.75\t0\n", encoding="utf-8")
    assert list(import_entries(path)) == [Entry("अच्छा", "hi", 3.0, "adj", source="table")]


def test_the_meanings_of_a_word_in_a_table_of_shares_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "swn.csv"
    path.write_text("word,positive,negative\ngood,1,0\nbad,0,1\ngood,0.5,0\n", encoding="utf-8")
    assert {e.word: e.polarity for e in import_entries(path)} == {"good": 3.0, "bad": -4.0}


def test_our_own_dictionaries_pass_through_a_table_unchanged(tmp_path: Path) -> None:
    mine = [
        Entry("accha", "hi-Latn", 1.9, "adj"),
        Entry("bahut", "hi-Latn", 0.0, "adv", "intensifier", 0.3),
        Entry("acha", "hi-Latn", 1.9, "adj", form_of="accha", source="grown"),
        Entry(":D", "symbol", 2.0),
    ]
    path = tmp_path / "mine.tsv"
    write_entries(path, mine)
    assert list(import_entries(path)) == mine


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "format", "n_words", "word", "polarity"),
    [
        ("vader_lexicon.tsv", "vader", 7400, "horrible", -2.5),
        ("afinn_en_165.tsv", "afinn", 3300, "superb", 4.0),
        ("hindi_polarity_words.tsv", "table", 3300, "अखंड", 2.0),
        ("hindi_sentiwordnet.tsv", "table", 9700, "मृत", -3.0),
    ],
)
def test_public_lexicons_are_told_and_read(
    data_folder: Path, name: str, format: str, n_words: int, word: str, polarity: float
) -> None:
    path = data_folder / "lexicons" / name
    found = {entry.word: entry.polarity for entry in import_entries(path)}
    assert detect_format(path) == format
    assert len(found) >= n_words
    assert found[word] == pytest.approx(polarity, abs=0.5)


def test_the_language_of_the_settings_is_given_to_every_entry() -> None:
    settings = ImportSettings(language="hi-Latn")
    entries = import_entries(FIXTURES / "afinn.txt", settings=settings)
    assert {entry.language for entry in entries} == {"hi-Latn"}


@pytest.mark.parametrize("path", sorted(FIXTURES.iterdir()), ids=lambda path: path.name)
def test_what_is_imported_can_be_written_and_read_back(path: Path, tmp_path: Path) -> None:
    entries = list(import_entries(path, settings=ImportSettings(largest=100.0)))
    assert entries
    write_entries(tmp_path / "out.tsv", entries)
    assert read_entries(tmp_path / "out.tsv") == entries


BROKEN = [
    ("afinn", "good\t3\nbad\tx\n", r"line 2: the valence is 'x'; it must be a number"),
    ("afinn", "good\t7\n", r"line 1: the valence is 7; it must be from -5 to 5"),
    ("afinn", "good\tnan1\n", r"line 1: the valence is 'nan1'"),
    ("afinn", "good\t3\nnan\tnan\n", r"line 2: the valence is nan"),
    ("afinn", "good\n", r"line 1: 1 columns; at least 2 are needed"),
    ("afinn", "\t3\n", r"line 1: the word is empty"),
    ("vader", "good\t9\t1\n", r"line 1: the valence is 9; it must be from -4 to 4"),
    ("nrc", "good\thappy\t1\n", r"line 1: the emotion is 'happy'; allowed: anger,"),
    ("nrc", "good\tjoy\t2\n", r"line 1: the association is '2'; it must be 0 or 1"),
    ("sentiwordnet", "a\t1\t2\t0\tgood#1\n", r"line 1: the positive share is 2; it must be"),
    ("sentiwordnet", "a\t1\t0\t0\tgood#0\n", r"line 1: the rank is 0; it must be from 1"),
    ("sentiwordnet", "a\t1\t0\t0\tgood\n", r"line 1: the rank is 'good'"),
    ("sentiwordnet", "x\t1\t0\t0\tgood#1\n", r"line 1: the part of speech is 'x'; allowed: n,"),
    ("hindi_sentiwordnet", "a 1 0.5 अच्छा\n", r"line 1: 4 columns; at least 5 are needed"),
    ("princeton_wordnet", "good is good\n", r"line 1: neither an index line nor a data line"),
    ("princeton_wordnet", "00000101 00 a 02 good 0\n", r"line 1: 2 words are announced, 1 are"),
    ("princeton_wordnet", "00000101 00 a zz good 0\n", r"line 1: the number of words is 'zz'"),
    ("hindi_wordnet", "अच्छा 07 01\n", r"line 1: neither an index line nor a data line"),
    ("table", "word,score\ngood,1,2\n", r"line 2: 3 columns; the first line names 2"),
    ("table", "word,score\ngood,80\n", r"line 2: score \(is the largest figure of this list 4"),
    ("table", "name,age\ngood,1\n", r"line 1: columns are name, age; needed: one of word,"),
    ("table", 'word,score\n"good,1\n', r"line 2: broken CSV"),
    ("table", "word,score,language\nbon,1,fr\n", r"line 2: language is 'fr'; allowed: en,"),
]


@pytest.mark.parametrize(("format", "content", "message"), BROKEN)
def test_a_broken_line_is_named(tmp_path: Path, format: str, content: str, message: str) -> None:
    path = tmp_path / "broken.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(LexiconError, match=message) as raised:
        list(import_entries(path, format))
    assert str(path) in str(raised.value)


def test_bytes_that_are_not_utf8_are_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes(b"good\t3\nna\xefve\t1\n")
    with pytest.raises(LexiconError, match="line 2: not UTF-8 at byte 2; save the file as UTF-8"):
        list(import_entries(path, "afinn"))


def test_a_byte_order_mark_is_no_part_of_the_first_word(tmp_path: Path) -> None:
    path = tmp_path / "bom.txt"
    path.write_bytes("\ufeffgood\t3\r\n".encode())
    assert [entry.word for entry in import_entries(path)] == ["good"]


def test_an_endless_line_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_room, "LONGEST_LINE_BYTES", 100)
    path = tmp_path / "long.txt"
    path.write_text("a" * 101 + "\t1\n", encoding="utf-8")
    with pytest.raises(LexiconError, match="line 1: longer than 100 bytes"):
        list(import_entries(path, "afinn"))


def test_a_file_of_no_format_lists_the_formats(tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    path.write_text("roses are red\nviolets are blue\n", encoding="utf-8")
    with pytest.raises(LexiconError, match=r"cannot tell the format of .*poem\.txt.*vader"):
        list(import_entries(path))


def test_a_broken_line_among_good_ones_is_named_without_saying_the_format(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("".join(f"word{n}\t{n % 5}\n" for n in range(9)) + "bad\tx\n", "utf-8")
    with pytest.raises(LexiconError, match="line 10: the valence is 'x'"):
        list(import_entries(path))


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_file_is_of_no_format(tmp_path: Path, content: str) -> None:
    path = tmp_path / "empty.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(LexiconError, match="cannot tell the format"):
        list(import_entries(path))


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match=r"cannot read the dictionary .*nowhere"):
        list(import_entries(tmp_path / "nowhere"))
    with pytest.raises(LexiconError, match=r"holds no WordNet: looked for index\.adj"):
        list(import_entries(tmp_path))


def test_unknown_settings_list_what_is_allowed() -> None:
    with pytest.raises(SettingError, match="format is 'xml'; allowed: princeton_wordnet"):
        import_entries(FIXTURES / "afinn.txt", "xml")
    with pytest.raises(SettingError, match="notation is 'slp1'; allowed: devanagari, wx"):
        ImportSettings(notation="slp1")
    with pytest.raises(SettingError, match="largest is 0"):
        ImportSettings(largest=0)


@given(st.binary(max_size=400))
def test_any_bytes_give_entries_or_a_lexicon_error(tmp_path_factory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "any.txt"
    path.write_bytes(content)
    for name in FORMATS:
        try:
            entries = list(import_entries(path, name))
        except LexiconError:
            continue
        assert all(abs(entry.polarity) <= 4 for entry in entries)


def test_our_header_is_what_the_table_test_counts_on() -> None:
    assert HEADER[:3] == ("word", "language", "polarity")
