"""Pieces of steps are each done once, and never further ahead than the bound, whatever the workers do."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mizaj.learn.schedule import Schedule, Ticket


@given(
    data=st.data(),
    n_pieces=st.integers(1, 4),
    staleness=st.integers(0, 5),
    every=st.integers(1, 7),
)
def test_every_piece_is_done_once_and_none_is_ahead_of_the_bound(
    data: st.DataObject, n_pieces: int, staleness: int, every: int
):
    """Workers finish in any order, and some are lost with what they held."""
    n_steps, n_workers = 12, 3
    schedule = Schedule(
        0, n_pieces=n_pieces, staleness=staleness, is_halt=lambda step: step % every == 0
    )
    held: list[Ticket] = []
    done: Counter[Ticket] = Counter()
    while schedule.step < n_steps:
        while len(held) < n_workers and (ticket := schedule.take()):
            assert 0 <= ticket.step - schedule.step <= staleness
            assert (schedule.step // every) == (ticket.step // every), "nothing crosses a halt"
            held.append(ticket)
        ticket = held.pop(data.draw(st.integers(0, len(held) - 1), label="which ends"))
        if data.draw(st.booleans(), label="is lost") and done.total() % 3:
            schedule.put(ticket)
            done[Ticket(-1, 0)] += 1  # not for ever
            continue
        schedule.done(ticket)
        done[ticket] += 1
        while schedule.is_complete:
            schedule.update()
            if schedule.step % every == 0:
                schedule.go_on()
    learnt = {ticket: n for ticket, n in done.items() if 0 <= ticket.step < n_steps}
    assert set(learnt.values()) == {1}
    assert len(learnt) == n_steps * n_pieces


def test_a_halt_holds_until_it_is_left_and_lets_judges_through():
    schedule = Schedule(2, n_pieces=1, staleness=9, is_halt=lambda step: step % 2 == 0)
    assert [schedule.take(), schedule.take(), schedule.take()] == [Ticket(2, 0), Ticket(3, 0), None]
    for step in (3, 2):  # the later one first
        schedule.done(Ticket(step, 0))
    while schedule.is_complete:
        schedule.update()
    assert schedule.step == 4
    schedule.put(Ticket(3, 0, is_judging=True))
    assert schedule.take() == Ticket(3, 0, is_judging=True)
    assert schedule.take() is None
    schedule.go_on()
    assert schedule.take() == Ticket(4, 0)


def test_a_slow_worker_takes_few_pieces_and_is_waited_for_at_the_bound_alone():
    schedule = Schedule(0, n_pieces=2, staleness=3, is_halt=lambda step: step == 0)
    slow = schedule.take()
    fast = []
    while ticket := schedule.take():
        fast.append(ticket)
        schedule.done(ticket)
    assert slow == Ticket(0, 0)
    assert len(fast) == 7
    assert not schedule.is_complete
    schedule.done(slow)
    n_updates = 0
    while schedule.is_complete:
        schedule.update()
        n_updates += 1
    assert n_updates == 4
