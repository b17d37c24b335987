"""Shards of a parameter server are together the optimizer of the loop."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.learn.sharding import shares

torch = pytest.importorskip("torch")


@given(
    shapes=st.dictionaries(
        st.text("abc", min_size=1, max_size=3),
        st.sampled_from([(3,), (7, 2), (4096, 3), (9001, 2), (2, 3, 4), ()]),
        min_size=1,
        max_size=6,
    ),
    n_servers=st.integers(1, 5),
)
def test_every_number_is_held_once_and_no_server_holds_nothing(
    shapes: dict[str, tuple[int, ...]], n_servers: int
):
    wholes = {name: torch.zeros(shape) for name, shape in shapes.items()}
    held = shares(shapes, n_servers)
    assert all(held)
    assert len(held) == n_servers or all(len(each) == 1 for each in held)
    for each in held:
        for share in each:
            share.of(wholes[share.name]).add_(1)
    assert all(bool((each == 1).all()) for each in wholes.values())
    keys = [share.key for each in held for share in each]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("n_servers", [1, 3])
def test_steps_by_pieces_through_shards_are_those_of_the_loop(jobs: ModuleType, n_servers: int):
    from mizaj.learn.group import Alone
    from mizaj.learn.schedule import Ticket
    from mizaj.learn.server import Learner, Rows, Shard
    from mizaj.learn.steps import Run
    from mizaj.learn.train_settings import rate_factor

    calm = jobs.job(workers=1, dropout=0.0)
    run = Run(calm, Alone())
    served = jobs.job(dropout=0.0)
    learnt = dict(served.module.named_parameters())
    held = shares({name: tuple(each.shape) for name, each in learnt.items()}, n_servers)
    shards = [
        Shard(
            each,
            [share.of(learnt[share.name]).detach().numpy() for share in each],
            served.settings,
            served.rates,
        )
        for each in held
    ]
    learner = Learner(served, held, 2)
    kept = [shard.state() for shard in shards]
    for step in range(6):
        if step == 3:  # all that a shard is can be put into another
            kept = [shard.state() for shard in shards]
            for shard, state in zip(shards, kept, strict=True):
                shard.restore(state, step)
        loss = 0.0
        for server, shard in enumerate(shards):
            assert shard.pull(step) == (step, None)
            learner.take(server, shard.pull()[1])
        for piece in (1, 0, 1):  # in any order, and one of them again
            part, sent = learner.gradients(Ticket(step, piece))
            loss += part if piece == 0 else part / 2
            for shard, gradients in zip(shards, sent, strict=True):
                shard.push(step, piece, gradients)
        assert any(isinstance(each, Rows) for gradients in sent for each in gradients)
        length = float(np.linalg.norm([shard.add(step) for shard in shards]))
        for shard in shards:
            shard.update(length, rate_factor(step, served.of_steps, served.settings))
        assert run.advance() == pytest.approx(loss, abs=1e-5)
    for server, shard in enumerate(shards):
        learner.take(server, shard.best())
    for name, each in run.module.named_parameters():
        np.testing.assert_allclose(learnt[name].detach(), each.detach(), atol=1e-5)


def test_a_piece_that_comes_after_its_step_was_made_is_not_kept(jobs: ModuleType):
    from mizaj.learn.server import Shard
    from mizaj.learn.sharding import Share

    ones = [np.ones(3, np.float32)]
    shard = Shard([Share("head")], [np.zeros(3, np.float32)], jobs.job().settings, ())
    shard.push(0, 0, ones)
    shard.update(shard.add(0), 1.0)
    shard.push(0, 0, ones)
    with pytest.raises(KeyError):
        shard.add(0)
    shard.push(1, 0, ones)
    assert shard.add(1) == pytest.approx(3**0.5)
