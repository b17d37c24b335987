"""An ear hears who knows the secret, and nobody else ends it."""

from __future__ import annotations

from multiprocessing import AuthenticationError

import pytest

pytest.importorskip("torch")
from mizaj.learn.carried import Answer
from mizaj.learn.ear import Ear, Mouth


def test_what_is_said_is_heard_in_order_with_the_rank_of_who_said_it():
    answer = Answer(b"weights", {"steps": 3, "macro_f1": None, "history": []})
    with Ear("127.0.0.1", "127.0.0.1") as ear:
        with Mouth(ear.address, 4) as mouth:
            mouth.say({"step": 1, "loss": 0.25})
            mouth.answer(answer)
        assert ear.hear(timeout_s=30) == (4, {"step": 1, "loss": 0.25})
        assert ear.hear(timeout_s=30) == (4, answer)
        assert ear.hear(timeout_s=0) is None


def test_a_stranger_is_refused_and_the_next_caller_is_heard():
    with Ear("127.0.0.1", "127.0.0.1") as ear:
        host, port, _ = ear.address
        with pytest.raises(AuthenticationError):
            Mouth((host, port, b"guess"), 0)
        with Mouth(ear.address, 1) as mouth:
            mouth.say({"step": 2})
        assert ear.hear(timeout_s=30) == (1, {"step": 2})
