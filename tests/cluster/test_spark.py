"""A Spark session is refused in one line where it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pyspark")
from mizaj.cluster import spark
from mizaj.errors import ClusterError


@pytest.fixture
def no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark.SparkSession, "getActiveSession", lambda: None)


@pytest.mark.usefixtures("no_session")
@pytest.mark.parametrize("home", [None, "/nowhere"])
def test_java_that_is_missing_is_named_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: str | None
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    if home:
        monkeypatch.setenv("JAVA_HOME", home)
    with (
        pytest.raises(ClusterError, match=r"needs Java 17 .*apt-get install openjdk-17") as raised,
        spark.session(None),
    ):
        pass
    assert (home or "PATH") in str(raised.value)
