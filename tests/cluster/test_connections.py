"""A connection that there is already is used, and never instead of another cluster that was asked for."""

from __future__ import annotations

import socket

import pytest

from mizaj.cluster.probe import same_place
from mizaj.errors import ClusterError


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.7:6379", "192.0.2.7:6379", True),
        ("192.0.2.7:6379", "192.0.2.7:6380", False),
        ("192.0.2.7:6379", "192.0.2.8:6379", False),
        ("127.0.0.1:6379", "192.0.2.7:6379", True),
        ("localhost:6379", "192.0.2.7:6379", True),
        ("127.0.0.1:6379", "192.0.2.8:6379", False),
        ("ray://192.0.2.7:6379", "192.0.2.7:6379", False),
        ("local", "192.0.2.7:6379", False),
    ],
)
def test_places_are_the_same_by_number_and_port(
    monkeypatch: pytest.MonkeyPatch, one: str, other: str, *, same: bool
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert same_place(one, other, here="192.0.2.7") is same
    assert same_place(other, one, here="192.0.2.7") is same


def look_up(host: str, _: object) -> list[tuple[object, ...]]:
    """Of names, `localhost` alone is known."""
    if host == "localhost":
        return [(0, 0, 0, "", ("127.0.0.1", 0))]
    if host.replace(".", "").isdigit():
        return [(0, 0, 0, "", (host, 0))]
    raise socket.gaierror


@pytest.mark.slow
def test_a_connection_to_another_ray_cluster_is_not_used(ray_cluster) -> None:
    from mizaj.cluster.ray import connected

    host, _, port = ray_cluster.address.rpartition(":")
    for address in (None, "auto", ray_cluster.address, f"localhost:{port}"):
        with connected(address):
            pass
    for address in (f"{host}:1", "ray://127.0.0.1:10001"):
        with (
            pytest.raises(ClusterError, match=f"connected to .*{port}.*'{address}' was asked for"),
            connected(address),
        ):
            pass


@pytest.mark.slow
def test_a_session_with_another_spark_master_is_not_used(spark_session) -> None:
    from mizaj.cluster.spark import session

    master = spark_session.sparkContext.master
    for address in (None, master):
        with session(address) as found:
            assert found is spark_session
    with (
        pytest.raises(ClusterError, match=r"active .* master 'local\[2,8\]', and 'spark://a:7077'"),
        session("spark://a:7077"),
    ):
        pass
