"""Where work is done, as the words --on, --address and --workers say."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from mizaj.run.places import LOCAL, Asked, Place, open_place


@dataclass(frozen=True)
class PlaceAsked:
    """Without any of the words, all is done in this process, one shard after the other."""

    on: str = LOCAL
    address: str | None = None
    workers: int | None = None

    def open(self) -> AbstractContextManager[Place]:
        """The place while a block lasts. Raises `SettingError` for an address without a cluster."""
        workers = 1 if self.on == LOCAL and self.workers is None else self.workers
        return open_place(self.on, Asked(workers, self.address))
