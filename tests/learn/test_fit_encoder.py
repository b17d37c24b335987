"""Fine-tuning, on a random encoder as small as can be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mizaj.errors import ModelError, SettingError
from mizaj.learn.export import export
from mizaj.learn.kinds import silent, trainer
from mizaj.learn.labelled import Labelled
from mizaj.model.folder import open_folder, save
from mizaj.model.kinds import load_classifier

torch = pytest.importorskip("torch")
pytest.importorskip("tokenizers")

LABELS = ("negative", "neutral", "positive")
WORDS = ("bura", "theek", "accha", "film", "yeh", "ghar", "roz")
FIT = trainer("encoder")


def settings(pretrained: Path, **changes: Any) -> Any:
    made = FIT.settings(
        pretrained=str(pretrained), n_layers=2, max_length=8, epochs=2, batch_size=8,
        learning_rate=0.01, threads=1,
    )  # fmt: skip
    return replace(made, **changes)


def posts(n_rows: int = 48, seed: int = 0) -> Labelled:
    """Each post says its label by one word."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, 3, n_rows)
    texts = [f"Yeh {WORDS[code]} film {WORDS[random.integers(3, 7)]}" for code in codes]
    return Labelled.of(pa.array(texts), codes, LABELS)


TEXTS = pa.array(["@some_one Film accha!!! https://t.co/1", None, "", "bura " * 50, "کچھ 😀"])


@pytest.mark.parametrize("tuned", ["all", "top", "adapters"])
def test_an_encoder_learns_and_saves_and_loads_alike(
    pretrained_encoder: Path, tmp_path: Path, tuned: str
) -> None:
    chosen = settings(pretrained_encoder, tuned=tuned, top_layers=1, rank=4, epochs=6, patience=6)
    model = FIT(posts(), posts(24, seed=1), chosen, seed=0)
    held_out = posts(60, seed=2)
    found = model.probabilities(held_out.texts)
    assert (found.argmax(axis=1) == held_out.codes).mean() > 0.8
    save(model, tmp_path / "model")
    loaded = load_classifier(tmp_path / "model")
    np.testing.assert_array_equal(loaded.probabilities(TEXTS), model.probabilities(TEXTS))
    assert (loaded.kind, loaded.labels) == ("encoder", LABELS)


def test_equal_seeds_give_equal_weights_and_other_seeds_others(pretrained_encoder: Path) -> None:
    one, same, other = (
        FIT(posts(), None, settings(pretrained_encoder, epochs=1), seed=seed).contents().files
        for seed in (0, 0, 1)
    )
    assert one == same
    assert one["weights.safetensors"] != other["weights.safetensors"]


def test_splitting_a_batch_changes_nothing_and_no_posts_give_no_rows(
    pretrained_encoder: Path,
) -> None:
    model = FIT(posts(), None, settings(pretrained_encoder, epochs=1), seed=0)
    whole = model.probabilities(TEXTS)
    parts = [model.probabilities(TEXTS[at : at + 1]) for at in range(len(TEXTS))]
    np.testing.assert_allclose(whole, np.concatenate(parts), atol=1e-5)
    np.testing.assert_allclose(whole.sum(axis=1), 1.0, atol=1e-5)
    assert model.probabilities(TEXTS[:0]).shape == (0, 3)


@pytest.mark.parametrize(
    ("tuned", "moved"),
    [
        ("all", {"tokens", "layers.0", "layers.1"}),
        ("top", {"layers.1"}),
        ("adapters", {"layers.0", "layers.1"}),
    ],
)
def test_only_what_is_tuned_moves(pretrained_encoder: Path, tuned: str, moved: set[str]) -> None:
    from mizaj.learn.fit_encoder import network_of, prepared

    chosen = settings(pretrained_encoder, tuned=tuned, top_layers=1, rank=4, epochs=1)
    before = network_of(prepared(posts(), chosen), 3, chosen).encoder.state_dict()
    after = FIT(posts(), None, chosen, seed=0).module.encoder.state_dict()
    assert before.keys() == after.keys()
    parts = {name: ".".join(name.split(".")[: 1 + name.startswith("layers")]) for name in before}
    changed = {parts[name] for name in before if not torch.equal(before[name], after[name])}
    assert changed - {"positions", "norm"} == moved


def test_lower_layers_learn_more_slowly(pretrained_encoder: Path) -> None:
    from mizaj.learn.fit_encoder import network_of, prepared, rates_of

    chosen = settings(pretrained_encoder, layer_decay=0.5, head_rate=5.0)
    rates = dict(rates_of(network_of(prepared(posts(), chosen), 3, chosen), chosen))
    assert rates["encoder.tokens.weight"] == 0.25
    assert rates["encoder.layers.0.inner.weight"] == 0.5
    assert rates["encoder.layers.1.inner.weight"] == 1.0
    assert rates["head.weight"] == 5.0


def test_an_adapter_that_learnt_nothing_changes_nothing_and_merges_away(
    pretrained_encoder: Path,
) -> None:
    from mizaj.learn.fit_encoder import network_of, prepared
    from mizaj.learn.lora import add_adapters, merge_adapters

    chosen = settings(pretrained_encoder)
    module = network_of(prepared(posts(), chosen), 3, chosen).eval()
    ids, mask = torch.tensor([[2, 4, 3]]), torch.ones(1, 3, dtype=torch.bool)
    names = set(module.state_dict())
    before = module(ids, mask).detach()
    add_adapters(module.encoder, 4)
    assert torch.equal(module(ids, mask), before)
    torch.nn.init.normal_(module.encoder.layers[1].inner.up)
    adapted = module(ids, mask).detach()
    merge_adapters(module.encoder)
    torch.testing.assert_close(module(ids, mask), adapted)
    assert set(module.state_dict()) == names


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tuned": "some"}, "allowed: all, top, adapters"),
        ({"layer_decay": 0.0}, "layer_decay is 0.0"),
        ({"token_dropout": 1.0}, "token_dropout is 1.0"),
        ({"max_length": 0}, "max_length is 0"),
        ({"rank": 0}, "rank is 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    pretrained_encoder: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        settings(pretrained_encoder, **changes)


def test_an_encoder_without_a_pretrained_one_says_where_to_get_it() -> None:
    with pytest.raises(SettingError, match="pretrained=FOLDER"):
        FIT(posts(), None, FIT.settings(), seed=0, progress=silent)


def test_a_folder_whose_weights_do_not_fit_is_refused(
    pretrained_encoder: Path, tmp_path: Path
) -> None:
    save(FIT(posts(), None, settings(pretrained_encoder, epochs=1), seed=0), tmp_path / "model")
    folder = open_folder(tmp_path / "model")
    shape = {**folder.settings["shape"], "n_layers": 3}
    with pytest.raises(ModelError, match="do not fit its settings"):
        load_classifier(replace(folder, settings={"shape": shape}))


def test_in_native_script_two_spellings_are_one_post(
    pretrained_encoder: Path, tmp_path: Path
) -> None:
    given = posts()
    texts = pa.array([text.replace("Yeh", "yh") for text in given.texts.to_pylist()])
    model = FIT(replace(given, texts=texts), None, settings(pretrained_encoder, script="native"))
    one, other = pa.array(["yeh film accha"]), pa.array(["yh film acha"])
    np.testing.assert_array_equal(model.probabilities(one), model.probabilities(other))
    unlike = pa.array(["yeh film buri"])
    assert np.abs(model.probabilities(one) - model.probabilities(unlike)).max() > 1e-3
    save(model, tmp_path / "model")
    loaded = load_classifier(tmp_path / "model")
    assert open_folder(tmp_path / "model").settings["script"] == "native"
    np.testing.assert_array_equal(loaded.probabilities(TEXTS), model.probabilities(TEXTS))
    folder = open_folder(tmp_path / "model")
    older = replace(folder, settings={**folder.settings, "script_hash": "of other dictionaries"})
    with pytest.warns(RuntimeWarning, match="trained with other dictionaries"):
        load_classifier(older)
    exported = export(model, texts).model
    np.testing.assert_allclose(exported.probabilities(one), model.probabilities(one), atol=1e-4)
    np.testing.assert_array_equal(exported.probabilities(one), exported.probabilities(other))


def test_a_script_that_is_not_known_is_refused(pretrained_encoder: Path) -> None:
    with pytest.raises(SettingError, match=r"script is runes; allowed: written, native"):
        settings(pretrained_encoder, script="runes")
