from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from mizaj.errors import SettingError
from mizaj.model.forward import logits_of
from mizaj.model.padding import length_batches, padded

torch = pytest.importorskip("torch")
networks = pytest.importorskip("mizaj.model.networks")
attention = pytest.importorskip("mizaj.model.attention")

KINDS = ("bag", "cnn", "rnn", "lstm", "gru", "transformer")
SIZES = networks.Sizes(
    n_tokens=50, n_labels=3, embedding=16, hidden=12, layers=2, heads=2, buckets=64, max_length=40
)
CASES = [(kind, SIZES) for kind in KINDS]
CASES += [("transformer", replace(SIZES, window=5)), ("cnn", replace(SIZES, head="ordinal"))]


def rows(n_rows: int = 20, longest: int = 40) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    lengths = random.integers(0, longest, n_rows)
    lengths[:3] = (0, 1, longest)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return random.integers(0, 50, offsets[-1]).astype(np.int32), offsets


@pytest.mark.parametrize(("kind", "sizes"), CASES)
def test_padding_and_the_split_into_batches_change_no_answer(kind: str, sizes: networks.Sizes):
    torch.manual_seed(0)
    module = networks.build(kind, sizes)
    ids, offsets = rows()
    alone = logits_of(module, ids, offsets, tokens_per_batch=1)
    together = logits_of(module, ids, offsets, tokens_per_batch=10_000)
    assert alone.shape == (20, 3)
    np.testing.assert_allclose(alone, together, atol=1e-5)
    assert np.isfinite(alone).all()


@pytest.mark.parametrize(("kind", "sizes"), CASES)
def test_what_stands_under_the_mask_changes_no_answer(kind: str, sizes: networks.Sizes):
    torch.manual_seed(0)
    module = networks.build(kind, sizes).eval()
    ids, mask = (torch.from_numpy(each) for each in padded(*rows(), np.arange(20)))
    other = torch.where(mask, ids, torch.full_like(ids, 7))
    torch.testing.assert_close(module(ids, mask), module(other, mask), atol=1e-6, rtol=0)


@pytest.mark.parametrize(("kind", "sizes"), CASES)
def test_every_parameter_is_learnt(kind: str, sizes: networks.Sizes):
    torch.manual_seed(0)
    module = networks.build(kind, sizes)
    ids, mask = (torch.from_numpy(each) for each in padded(*rows(), np.arange(20)))
    module(ids, mask).log_softmax(dim=-1)[:, 0].sum().backward()
    idle = [name for name, each in module.named_parameters() if each.grad is None]
    assert not idle


@pytest.mark.parametrize("length", [1, 5, 6, 17, 40])
def test_a_window_sees_what_full_attention_sees_within_it(length: int):
    torch.manual_seed(0)
    near = attention.Attention(replace(SIZES, window=5)).eval()
    vectors = torch.randn(2, length, 16)
    mask = torch.arange(length) < torch.tensor([[length], [max(1, length - 3)]])
    query, key, value = near.project(vectors).reshape(2, length, 3, 2, 8).permute(2, 0, 3, 1, 4)
    scores = query @ key.transpose(-1, -2) / math.sqrt(8)
    places = torch.arange(length)
    is_near = (places[:, None] - places[None, :]).abs() <= 5
    seen = is_near[None, None] & mask[:, None, None, :]
    shares = scores.masked_fill(~seen, -1e4).softmax(dim=-1)
    slow = near.out((shares @ value).transpose(1, 2).reshape(2, length, 16))
    there = mask.unsqueeze(-1)
    torch.testing.assert_close(near(vectors, mask) * there, slow * there, atol=1e-5, rtol=0)


def test_an_ordinal_head_gives_rising_thresholds_and_probabilities_that_add_to_one():
    head = networks.OrdinalHead(4, 5)
    proba = head(torch.randn(100, 4) * 3).exp()
    torch.testing.assert_close(proba.sum(dim=1), torch.ones(100), atol=1e-4, rtol=0)
    figures = torch.linspace(-9, 9, 50)[:, None] * head.figure.weight.detach().sign()
    answers = head(figures).argmax(dim=1)
    assert (answers.diff() >= 0).all()
    assert set(answers.tolist()) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize(
    ("kind", "sizes", "message"),
    [
        ("transformer", replace(SIZES, heads=3), "multiple of heads"),
        ("cnn", replace(SIZES, kernels=()), "kernels"),
        ("bag", replace(SIZES, ngrams=9), "ngrams"),
        ("cnn", replace(SIZES, head="circle"), "softmax, ordinal"),
    ],
)
def test_sizes_that_make_no_network_are_refused(kind: str, sizes: networks.Sizes, message: str):
    with pytest.raises(SettingError, match=message):
        networks.build(kind, sizes)


def test_batches_hold_each_row_once_and_no_more_tokens_than_allowed():
    _, offsets = rows(500)
    lengths = np.diff(offsets)
    batches = list(length_batches(offsets, tokens_per_batch=100))
    assert sorted(np.concatenate(batches).tolist()) == list(range(500))
    assert max(len(each) * lengths[each].max() for each in batches) <= 100
