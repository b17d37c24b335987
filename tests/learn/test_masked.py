"""Reading on before fine-tuning, on a random encoder as small as can be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mizaj.errors import SettingError, SinkError, TrainingError
from mizaj.learn.masked import MaskedSettings, adapted
from mizaj.learn.pretrained import Pretrained, open_pretrained, save_pretrained

torch = pytest.importorskip("torch")
tokenizers = pytest.importorskip("tokenizers")

WORDS = ("yeh", "film", "accha", "hai", "wo", "ghar", "bura", "tha")
TEXTS = pa.array(["Yeh film accha hai", "wo ghar bura tha @some_one"] * 20)


def tiny(special: tuple[str, ...] = ("[PAD]", "[UNK]", "[MASK]")) -> Pretrained:
    from mizaj.model.bert import Encoder, Shape

    vocabulary = {word: n for n, word in enumerate((*special, *WORDS))}
    reader = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    reader.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    reader.add_special_tokens(list(special))
    torch.manual_seed(0)
    encoder = Encoder(Shape(len(vocabulary), 16, 2, 2, 24, 10))
    weights = {name: each.numpy().copy() for name, each in encoder.state_dict().items()}
    config = {
        "model_type": "bert",
        "hidden_size": 16,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "pad_token_id": 0,
    }
    return Pretrained(config, weights, json.loads(reader.to_str()))


def settings(**changes: Any) -> MaskedSettings:
    return MaskedSettings(
        **{"epochs": 8, "batch_size": 8, "learning_rate": 0.01, "max_length": 8, **changes}
    )


def test_an_encoder_learns_to_guess_hidden_words() -> None:
    losses: list[float] = []

    def note(figures: Mapping[str, Any]) -> None:
        losses.append(figures["masked_loss"])

    start = tiny()
    found = adapted(start, TEXTS, settings(share=0.4), progress=note)
    assert len(losses) == 40
    assert np.mean(losses[-8:]) < 0.7 * np.mean(losses[:4])
    assert found.weights.keys() == start.weights.keys()
    again = adapted(start, TEXTS, settings(share=0.4))
    for name, array in found.weights.items():
        np.testing.assert_array_equal(array, again.weights[name])


def test_an_encoder_that_hides_no_tokens_cannot_read_on() -> None:
    with pytest.raises(SettingError, match="neither <mask> nor"):
        adapted(tiny(special=("[PAD]", "[UNK]")), TEXTS, settings())


def test_a_script_that_is_not_known_is_refused() -> None:
    with pytest.raises(SettingError, match="script is 'runes'; allowed: written, native"):
        MaskedSettings(script="runes")


def test_a_loss_that_is_no_number_stops_and_names_the_step() -> None:
    start = tiny()
    start.weights["tokens.weight"][:] = np.nan
    with pytest.raises(TrainingError, match="at step 1; lower learning_rate"):
        adapted(start, TEXTS, settings())


@pytest.mark.parametrize("changes", [{"epochs": 0}, {"share": 1.0}, {"learning_rate": 0.0}])
def test_settings_that_cannot_be_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match="allowed"):
        settings(**changes)


def test_a_saved_encoder_is_read_again_alike_here_and_by_transformers(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    start = tiny()
    save_pretrained(start, tmp_path)
    read = open_pretrained(tmp_path)
    assert (read.shape(), dict(read.tokeniser)) == (start.shape(), dict(start.tokeniser))
    for name, array in start.weights.items():
        np.testing.assert_array_equal(read.weights[name], array)
    theirs = transformers.BertModel.from_pretrained(tmp_path, add_pooling_layer=False).eval()
    np.testing.assert_array_equal(
        theirs.embeddings.word_embeddings.weight.detach().numpy(), start.weights["tokens.weight"]
    )
    with pytest.raises(SinkError, match="not empty"):
        save_pretrained(start, tmp_path)
