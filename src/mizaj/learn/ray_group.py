"""How Ray Train joins the processes of a group: by torch.distributed, over the addresses that Ray knows them by."""

from __future__ import annotations

from typing import Any

from ray.train.torch import TorchConfig
from ray.util import get_node_ip_address

from mizaj.learn.interface import use_interface

_Backend: Any = TorchConfig().backend_cls


class Joined(TorchConfig):  # type: ignore[misc] # Ray's has no types
    """Ray Train's own way, with the interface named first."""

    @property
    def backend_cls(self) -> type[Any]:
        """What joins the group."""
        return _NamedFirst


class _NamedFirst(_Backend):  # type: ignore[misc] # as above
    def on_start(self, worker_group: Any, backend_config: Any) -> None:  # noqa: ANN401 - as above
        """Join the group."""
        worker_group.execute(_use_own_interface)
        super().on_start(worker_group, backend_config)


def _use_own_interface() -> None:
    use_interface(get_node_ip_address())
