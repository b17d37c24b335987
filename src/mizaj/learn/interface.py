"""The network interface over which processes on several machines sum: gloo alone takes what the host's name says."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

_ASK_ADDRESS = 0x8915  # Linux's SIOCGIFADDR
_NAME_BYTES, _ADDRESS_BYTES = 256, slice(20, 24)
_GLOO = "GLOO_SOCKET_IFNAME"


def use_interface(address: str) -> None:
    """Have gloo in this process use the interface with this address, where there is one and nobody chose another."""
    name = interface_of(address)
    if name is not None:
        os.environ.setdefault(_GLOO, name)


def interface_of(address: str) -> str | None:
    """The interface that has this IPv4 address; None where none has, or the system does not tell.

    >>> interface_of("203.0.113.77") is None
    True
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            if _address_of(name, asking) == address:
                return name
    return None


def address_towards(host: str, port: int) -> str:
    """The address of this machine on the way to another; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect((host, port))
        found: str = way.getsockname()[0]
    return found


def _address_of(name: str, asking: socket.socket) -> str | None:
    if fcntl is not None:
        with suppress(OSError):  # it has none
            asked = struct.pack(f"{_NAME_BYTES}s", name.encode())
            return socket.inet_ntoa(fcntl.ioctl(asking, _ASK_ADDRESS, asked)[_ADDRESS_BYTES])
    return None
