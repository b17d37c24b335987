"""What travels to workers arrives as it was sent, and what went wrong there is said here."""

from __future__ import annotations

import os
import pickle
import threading
from pathlib import Path

import pytest

from mizaj import errors
from mizaj.cluster.parcel import Parcel, unpacked, work
from mizaj.cluster.probe import Probe, own_versions, probing, refusal
from mizaj.errors import ClusterError, ColumnMissing, ExtraMissing, SinkError


def halve(n: int) -> float:
    if n == 3:
        raise ColumnMissing("a", ["b"], needed_by="halve")
    return 1 / n


class Stubborn(Exception):
    """An error that does not come out of its pickle."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)


def stub(_: int) -> None:
    raise Stubborn("this", "that")


def parcel(function: object, folder: Path) -> Parcel:
    return Parcel(pickle.dumps(function), str(folder))


def test_a_result_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert work(parcel(halve, tmp_path), 2).get() == 0.5


def test_an_error_of_ours_comes_back_as_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = pickle.loads(pickle.dumps(work(parcel(halve, tmp_path), 3)))
    with pytest.raises(ColumnMissing, match="column 'a', read by halve") as raised:
        outcome.get()
    assert raised.value.available == ("b",)
    assert not hasattr(raised.value, "__notes__")


@pytest.mark.parametrize(
    ("function", "shard", "kind"), [(halve, 0, ZeroDivisionError), (stub, 0, RuntimeError)]
)
def test_a_fault_comes_back_with_the_trace_of_the_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: object, shard: int, kind: type
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = pickle.loads(pickle.dumps(work(parcel(function, tmp_path), shard)))
    with pytest.raises(kind) as raised:
        outcome.get()
    assert "in a worker:\nTraceback" in raised.value.__notes__[0]


def test_a_function_is_unpacked_once_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    packed = parcel(halve, tmp_path)
    assert unpacked(packed) is unpacked(packed)


def where(_: object) -> str:
    return str(Path.cwd())


def test_a_worker_works_in_the_folder_of_who_asked_and_is_then_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process may go on with other work, such as functions of the user's own on his Spark session."""
    (tmp_path / "asked").mkdir()
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path / "own")
    for function, outcome in ((where, str(tmp_path / "asked")), (stub, None)):
        assert work(parcel(function, tmp_path / "asked"), 0).result == outcome
        assert Path.cwd() == tmp_path / "own"


def test_a_worker_whose_own_folder_is_gone_works_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    os.chdir(tmp_path / "own")
    (tmp_path / "own").rmdir()
    assert work(parcel(where, tmp_path), 0).get() == str(tmp_path)


def test_what_cannot_be_pickled_is_refused_with_the_way_out() -> None:
    with pytest.raises(ClusterError, match="read files instead of what lies in memory"):
        Parcel.of(threading.Lock().acquire, pickle.dumps)


def test_a_folder_that_a_worker_does_not_see_is_named(tmp_path: Path) -> None:
    outcome = work(parcel(halve, tmp_path / "elsewhere"), 2)
    with pytest.raises(ClusterError, match=r"elsewhere: a worker on .* cannot see this folder"):
        outcome.get()


def test_every_error_travels() -> None:
    """Whatever their classes take when made: `ColumnMissing` takes three things."""
    made = {
        "ColumnMissing": lambda kind: kind("a", ["b"], needed_by="c"),
        "ColumnExists": lambda kind: kind("a", added_by="c"),
        "ExtraMissing": lambda kind: kind("ray", extra="ray"),
    }
    kinds = [
        k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.MizajError)
    ]
    assert len(kinds) > 10
    for kind in kinds:
        error = made.get(kind.__name__, lambda kind: kind("what happened"))(kind)
        back = pickle.loads(pickle.dumps(error))
        assert (type(back), str(back), vars(back)) == (kind, str(error), vars(error))
    assert ExtraMissing("ray", extra="ray").extra == "ray"


class TestProbing:
    def test_a_worker_that_sees_all_folders_passes_and_nothing_is_left(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with probing([tmp_path, tmp_path / "new" / "deep"]) as probe:
            assert pickle.loads(pickle.dumps(probe))()
        assert [path.name for path in tmp_path.rglob("*")] == ["new", "deep"]

    def test_a_worker_that_does_not_see_a_folder_is_named_and_what_was_made_is_gone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        elsewhere = (str(tmp_path / "new" / "not-there"),)
        with (
            pytest.raises(ClusterError, match="cannot see this folder"),
            probing([tmp_path / "new" / "deep"]) as probe,
        ):
            Probe(probe.folder, elsewhere, probe.versions)()
        assert list(tmp_path.iterdir()) == []

    def test_a_worker_that_does_not_see_an_input_names_it(self, tmp_path: Path) -> None:
        with (
            pytest.raises(ClusterError, match=r"a\.csv: a worker on .* cannot see this file"),
            probing([tmp_path], [(str(tmp_path / "a.csv"), 1)]) as probe,
        ):
            probe()

    @pytest.mark.parametrize(("n_bytes", "is_fine"), [(2, False), (3, True), (4, True)])
    def test_an_input_may_have_grown_but_not_shrunk(
        self, tmp_path: Path, n_bytes: int, *, is_fine: bool
    ) -> None:
        """One that is shorter than for who asks is another file of that name."""
        (tmp_path / "a.csv").write_bytes(b"x" * n_bytes)
        with probing([tmp_path], [(str(tmp_path / "a.csv"), 3)]) as probe:
            if is_fine:
                probe()
                return
            with pytest.raises(ClusterError, match=r"a\.csv: has 2 bytes .*, 3 for who asks"):
                probe()

    @pytest.mark.parametrize("name", [name for name, _ in own_versions()])
    def test_another_version_is_named_with_both(self, tmp_path: Path, name: str) -> None:
        versions = tuple((each, "0.0.1" if each == name else own) for each, own in own_versions())
        with pytest.raises(ClusterError, match=rf"has {name} [\d.]+\S*, who asks has 0\.0\.1"):
            Probe(str(tmp_path), (), versions)()

    def test_a_folder_that_cannot_be_made_is_said_so(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(SinkError, match="cannot be made"), probing([tmp_path / "file" / "x"]):
            pass


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("127.0.0.1:637999", "there is no port 637999; the last is 65535"),
        (f"{'a' * 70}.example:80", "is no name of a machine"),
    ],
)
def test_what_can_be_no_place_is_refused_with_the_reason(place: str, reason: str) -> None:
    assert reason in str(refusal(place))


@pytest.mark.parametrize("place", ["auto", "nonsense", "k8s://host", "host:²"])
def test_what_names_no_port_is_not_asked(place: str) -> None:
    assert refusal(place) is None
