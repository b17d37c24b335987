"""Posts about a topic are kept in all spellings, and by the company their words keep."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.batch import REJECTED
from mizaj.clean.filters import topic_spelling
from mizaj.clean.filters.topic import SIMILAR, Company, Topic, words_of
from mizaj.clean.filters.topic_company import PostSample, SampleShard, draw_sample, learn_company
from mizaj.clean.filters.topic_spelling import matches
from mizaj.clean.settings import CleanSettings
from mizaj.errors import SettingError
from mizaj.read import open_source

ABOUT = ("film", "movie", "cinema", "क्रिकेट", "world cup")


def rejected(step, texts):
    batch = pa.record_batch({"text": texts, "rejected": pa.nulls(len(texts), REJECTED.type)})
    return step(batch).column("rejected").to_pylist()


@pytest.mark.parametrize(
    "text",
    [
        "kya film hai",
        "FILM!!!",
        "filmon ka shaukeen",
        "purani filmein dekho",
        "filmy duniya",
        "philm dekhi?",
        "movies and chill",
        "moviez",
        "mooovie time",
        "#bestmovieever",
        "#NewFilmAlert",
        "#filmfare2024",
        "FilmFare night",
        "the bestMovie of all",
        "फ़िल्म अच्छी है",
        "फिल्मों की बात",
        "सिनेमा हॉल",
        "cricket khelo",
        "kricket",
        "क्रिकेट का मैदान",
        "the World Cup final",
        "world-cup fever",
        "#WorldCup2023 #worldcup",
    ],
)
def test_a_word_of_the_topic_is_found_as_people_write_it(text):
    assert rejected(Topic(about=ABOUT), [text]) == [None]


@pytest.mark.parametrize(
    "text",
    [
        "mausam accha hai",
        "pani filter kharab hai",
        "move on yaar",
        "the world is a cup of tea",
        "https://film.example/movie",
        "@moviebuff hello",
        "https://t.co/world-cup and more",
        "@world_cup hello",
        "परिवार के साथ",
        "😂",
        "",
        "cinnamon chai",
    ],
)
def test_posts_without_one_are_off_topic(text):
    assert rejected(Topic(about=ABOUT), [text]) == ["off_topic"]


@pytest.mark.parametrize(
    ("word", "seed"),
    [
        ("khaana", "khana"),
        ("चुनावों", "chunav"),
        ("chunaav", "चुनाव"),
        ("parties", "party"),
        ("#t20cricket", "cricket"),
    ],
)
def test_scripts_spellings_and_plurals_meet(word, seed):
    assert matches(word, (seed,))


@pytest.mark.parametrize(
    "text", ["YouTube par dekho", "youtube", "YOUTUBE", "#YouTube", "#MyYouTubeChannel"]
)
def test_a_name_with_capitals_inside_is_one_word(text):
    assert rejected(Topic(about=("YouTube",)), [text]) == [None]


@pytest.mark.parametrize("wanted", ["#ipl", "#IPL", "IPL", " ipl ", "'ipl'"])
def test_a_word_may_be_given_as_a_hashtag_or_in_quotes(wanted):
    texts = ["IPL final aaj hai", "#ipl2024", "#VivoIPL", "triple shot"]
    kept = rejected(Topic(about=(wanted,)), texts)
    assert (kept[0], kept[2], kept[3]) == (None, None, "off_topic")


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("covid-19", "covid 19 ke baad"),
        ("covid-19", "COVID-19 vaccine"),
        ("C++ code", "learn c++ code here"),
        ("(what a film", "oh what a film!"),
        ("a.b*c[d", "see A.B*C[D now"),
        ("don't look up", "Don’t Look Up dekhi"),
        ("don’t look up", "dont look up"),
        ("फ़िल्म जगत", "फ़िल्म जगत की खबर"),
        ("फ़िल्म जगत", "फिल्म जगत की खबर"),
        ("फिल्म जगत", "\u095eिल्म जगत की खबर"),
        ("\u095eिल्म जगत", "फ़िल्म जगत की खबर"),
    ],
)
def test_a_phrase_is_found_as_it_is_spelt_whatever_marks_it_holds(wanted, text):
    assert rejected(Topic(about=(wanted,)), [text, "kuch aur"]) == [None, "off_topic"]


def test_the_words_of_a_topic_are_parted_as_those_of_posts_are():
    about = ("Film", "#WorldCup", "t20 world-cup", "rock'n'roll")
    assert words_of(about) == (("film",), ("worldcup",), ("t20", "world", "cup"), ("rock'n'roll",))


def test_bytes_that_are_no_utf8_do_not_stop_it():
    texts = pa.array([b"film \xff", b"\xff mausam"], pa.binary())
    batch = pa.record_batch({"text": texts, "rejected": pa.nulls(2, REJECTED.type)})
    assert Topic(about=("film",))(batch).column("rejected").to_pylist() == [None, "off_topic"]


def test_no_topic_keeps_all():
    assert rejected(Topic(), ["anything", ""]) == [None, None]


def test_enough_company_keeps_a_post_without_a_word_of_the_topic():
    company = Company((("director", 1.5), ("plot", 1.0)), least=2.0)
    topic = Topic(about=("film",), mode=SIMILAR, company=company)
    texts = ["the director lost the plot", "plot plot plot", "director of sales", "film"]
    assert rejected(topic, texts) == [None, "off_topic", "off_topic", None]
    assert rejected(Topic(about=("film",)), texts)[:1] == ["off_topic"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"mode": "near"}, "mode is 'near'; allowed: words, similar"),
        ({"about": ("film", "...")}, "'...' is no word"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, said):
    with pytest.raises(SettingError, match=said):
        Topic(**settings)


def test_company_that_was_not_learnt_is_asked_for_when_posts_come():
    topic = Topic(about=("film",), mode=SIMILAR)
    with pytest.raises(SettingError, match="needs the company"):
        rejected(topic, ["a post"])


TEXTS = st.lists(st.text("ab @1!", max_size=5), max_size=20)


@given(TEXTS, TEXTS, TEXTS, st.integers(1, 6))
def test_samples_add_to_the_sample_of_all_in_any_order(one, two, three, size):
    a, b, c = (PostSample.of(pa.array(t, pa.string()), size=size) for t in (one, two, three))
    whole = PostSample.of(pa.array([*one, *two, *three], pa.string()), size=size)
    assert (a + b) + c == a + (b + c) == c + (b + a) == whole
    assert a + PostSample(size=size) == a
    assert len(whole.posts) <= size


def _corpus():
    """Posts about films, some of which do not say so, among others."""
    told = [f"the film number{n} has a great director and a thin plot" for n in range(60)]
    told += [f"movie night{n} with the director whose plot was long" for n in range(60)]
    others = [f"the train number{n} was late and the coffee was cold" for n in range(300)]
    return told + others


def test_company_is_what_stands_beside_the_topic_and_not_elsewhere():
    sample = PostSample.of(pa.array(_corpus()))
    company = learn_company(sample, ("film", "movie"))
    words = {word for word, _ in company.words}
    assert {"director", "plot"} <= words
    assert not {"film", "movie", "the", "train", "coffee", "was"} & words
    topic = Topic(about=("film", "movie"), mode=SIMILAR, company=company)
    texts = ["a great director has a thin plot", "the coffee was late", "director"]
    assert rejected(topic, texts) == [None, "off_topic", "off_topic"]


def test_the_words_of_a_phrase_are_no_company_of_themselves():
    company = learn_company(PostSample.of(pa.array(_corpus())), ("great director",))
    words = {word for word, _ in company.words}
    assert "plot" in words
    assert not {"great", "director"} & words


def test_a_sample_with_too_few_posts_about_the_topic_is_refused():
    with pytest.raises(SettingError, match="only 0 of 300 sampled posts hold one of cricket"):
        learn_company(PostSample.of(pa.array(_corpus()[120:])), ("cricket",))


@pytest.mark.parametrize("n_files", [1, 3])
def test_the_sample_of_a_source_does_not_depend_on_its_files(tmp_path, n_files):
    texts = _corpus()
    for number in range(n_files):
        pq.write_table(pa.table({"text": texts[number::n_files]}), tmp_path / f"{number}.parquet")
    source = open_source(sorted(tmp_path.glob("*.parquet")))
    sample = draw_sample(SampleShard(source, size=50), spread=map)
    assert sample == PostSample.of(pa.array(texts), size=50)


def test_words_of_any_length_are_read_and_only_short_ones_remembered():
    before = topic_spelling._matches.cache_info().currsize
    assert not matches("x" * 100_000, ("film",))
    assert matches("#" + "x" * 100 + "film", ("film",))
    assert topic_spelling._matches.cache_info().currsize == before


def test_a_mode_that_is_not_known_is_refused_even_where_no_topic_is_asked_for():
    with pytest.raises(SettingError, match="mode is 'near'; allowed: words, similar"):
        CleanSettings(topic_mode="near")
