"""What workers on other machines say to the process that asked, where their engine has no way of its own for it."""

from __future__ import annotations

import json
import queue
import secrets
import socket
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, answer_challenge, deliver_challenge
from types import TracebackType
from typing import Self

from mizaj.learn.carried import Answer, Said

Address = tuple[str, int, bytes]
"""Host, port, and the secret that both sides must know."""

_LOOK_S = 0.2
"""How often, while nobody calls, it is looked whether the block has ended: closing alone does not wake who waits."""
_MOST_WAITING = 1024
"""So many workers may call at the same moment."""


class Ear:
    """Hears workers while a block lasts: what each says, in words that JSON knows, and the answer of one.

    Each caller is asked for the secret in a thread apart, so that one who is lost in between, or a stranger who says
    nothing, keeps nobody waiting.
    """

    def __init__(self, listens_at: str, is_found_at: str) -> None:
        self._secret = secrets.token_bytes(32)
        self._door = socket.create_server((listens_at, 0), backlog=_MOST_WAITING)
        self._door.settimeout(_LOOK_S)
        self.address: Address = (is_found_at, int(self._door.getsockname()[1]), self._secret)
        self._heard: queue.SimpleQueue[tuple[int, Said | Answer]] = queue.SimpleQueue()
        self._is_over = threading.Event()
        self._porter = threading.Thread(target=self._accept, name="mizaj-ear", daemon=True)

    def __enter__(self) -> Self:
        self._porter.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._porter.join()

    def hear(self, *, timeout_s: float) -> tuple[int, Said | Answer] | None:
        """The rank of a worker with what it said next; None where nobody said anything for so long."""
        try:
            return self._heard.get(timeout=timeout_s) if timeout_s else self._heard.get_nowait()
        except queue.Empty:
            return None

    def _accept(self) -> None:
        with self._door:
            while not self._is_over.is_set():
                try:
                    caller, _ = self._door.accept()
                except TimeoutError:
                    continue
                except OSError:  # a caller who went away at once, or too many open files
                    self._is_over.wait(_LOOK_S)
                    continue
                caller.settimeout(None)
                line = Connection(caller.detach())
                threading.Thread(target=self._listen, args=(line,), daemon=True).start()

    def _listen(self, caller: Connection) -> None:
        """Hear one caller out, once it is clear that they know the secret."""
        with caller:
            try:
                deliver_challenge(caller, self._secret)
                answer_challenge(caller, self._secret)
                rank = int(caller.recv_bytes())
                while True:
                    said = json.loads(caller.recv_bytes())
                    if "answer" in said:
                        said = Answer(caller.recv_bytes(), said["answer"])
                    self._heard.put((rank, said))
            except (AuthenticationError, EOFError, OSError):
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
