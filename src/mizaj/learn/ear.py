"""What workers on other machines say to the process that asked, where their engine has no way of its own for it."""

from __future__ import annotations

import json
import queue
import secrets
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from types import TracebackType
from typing import Self

from mizaj.learn.carried import Answer, Said

Address = tuple[str, int, bytes]
"""Host, port, and the secret that both sides must know."""


class Ear:
    """Hears workers while a block lasts: what each says, in words that JSON knows, and the answer of one."""

    def __init__(self, listens_at: str, is_found_at: str) -> None:
        secret = secrets.token_bytes(32)
        self._listener = Listener((listens_at, 0), authkey=secret)
        self.address: Address = (is_found_at, int(self._listener.address[1]), secret)
        self._heard: queue.SimpleQueue[tuple[int, Said | Answer]] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="mizaj-ear", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._listener.close()

    def hear(self, *, timeout_s: float) -> tuple[int, Said | Answer] | None:
        """The rank of a worker with what it said next; None where nobody said anything for so long."""
        try:
            return self._heard.get(timeout=timeout_s) if timeout_s else self._heard.get_nowait()
        except queue.Empty:
            return None

    def _accept(self) -> None:
        while True:
            try:
                caller = self._listener.accept()
            except (AuthenticationError, EOFError):  # a caller that did not know the secret
                continue
            except OSError:  # closed
                return
            threading.Thread(target=self._listen, args=(caller,), daemon=True).start()

    def _listen(self, caller: Connection) -> None:
        with caller:
            try:
                rank = int(caller.recv_bytes())
                while True:
                    said = json.loads(caller.recv_bytes())
                    if "answer" in said:
                        said = Answer(caller.recv_bytes(), said["answer"])
                    self._heard.put((rank, said))
            except (EOFError, OSError):
                return


class Mouth:
    """A worker's way to the ear that is at an address, while a block lasts."""

    def __init__(self, address: Address, rank: int) -> None:
        host, port, secret = address
        self._line = Client((host, port), authkey=secret)
        self._line.send_bytes(str(rank).encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._line.close()

    def say(self, said: Said) -> None:
        """Send figures or trouble."""
        self._line.send_bytes(json.dumps(dict(said)).encode())

    def answer(self, found: Answer) -> None:
        """Send what the group leaves."""
        self.say({"answer": found.figures})
        self._line.send_bytes(found.weights)
