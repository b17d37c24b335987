"""An ear hears who knows the secret, and nobody else ends it or keeps the others waiting."""

from __future__ import annotations

import socket
import struct
import threading
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


@pytest.mark.parametrize("words", [b"", b"GET / HTTP/1.1\r\n\r\n"])
def test_a_caller_who_is_lost_before_the_secret_was_told_ends_nothing(words: bytes):
    with Ear("127.0.0.1", "127.0.0.1") as ear:
        with socket.create_connection(ear.address[:2]) as lost:
            lost.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            lost.sendall(words)
        for rank in range(2):
            with Mouth(ear.address, rank) as mouth:
                mouth.say({"step": 2})
            assert ear.hear(timeout_s=30) == (rank, {"step": 2})


def test_a_caller_who_says_nothing_keeps_nobody_waiting():
    with Ear("127.0.0.1", "127.0.0.1") as ear, socket.create_connection(ear.address[:2]):
        with Mouth(ear.address, 3) as mouth:
            mouth.say({"step": 5})
        assert ear.hear(timeout_s=30) == (3, {"step": 5})


def test_at_the_end_of_the_block_nobody_listens_any_more():
    with Ear("127.0.0.1", "127.0.0.1") as ear:
        address = ear.address
    with pytest.raises(ConnectionRefusedError):
        Mouth(address, 0)
    assert "mizaj-ear" not in {thread.name for thread in threading.enumerate()}
