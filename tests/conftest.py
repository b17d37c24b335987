"""What all tests share: where public data lies, the rules in plain Python, a pretrained encoder."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest
from hypothesis import settings

from mizaj.lexicon import twin

ROOT = Path(__file__).parents[1]

# no time limit for an example: a loaded machine is slow, not wrong
settings.register_profile("mizaj", deadline=None)
settings.load_profile("mizaj")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of public data sets; a test that asks for it is skipped where there is none."""
    named = os.environ.get("MIZAJ_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no public data sets at {folder}; MIZAJ_DATA names their folder")
    return folder


@pytest.fixture(scope="session")
def pretrained_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random pretrained encoder as small as can be; it spells all words in small Latin letters."""
    tokenizers = pytest.importorskip("tokenizers")
    torch = pytest.importorskip("torch")
    from mizaj.learn.pretrained import Pretrained, save_pretrained
    from mizaj.model.bert import Encoder, Shape

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [start + letter for start in ("", "##") for letter in ascii_lowercase]
    words = ["bura", "theek", "accha", "film", "yeh", "ghar", "roz"]
    words += ["bakwas", "dekha", "kamaal", "ghatiya", "station", "shaam", "बुरा", "ठीक", "अच्छा"]
    vocabulary = {piece: n for n, piece in enumerate([*special, *pieces, *words])}
    reader = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    reader.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    reader.add_special_tokens(special)
    frame = [("[CLS]", 2), ("[SEP]", 3)]
    reader.post_processor = tokenizers.processors.TemplateProcessing("[CLS] $A [SEP]", None, frame)
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        encoder = Encoder(Shape(len(vocabulary), 16, 3, 2, 24, 60))
    config = {
        "model_type": "bert",
        "hidden_size": 16,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "pad_token_id": 0,
    }
    weights = {name: each.numpy() for name, each in encoder.state_dict().items()}
    folder = tmp_path_factory.mktemp("pretrained") / "encoder"
    save_pretrained(Pretrained(config, weights, json.loads(reader.to_str())), folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests keep packed dictionaries in a folder of their own, not in the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def python_rules() -> Iterator[None]:
    """The twin runs `rules.py` as Python, whether or not its compiled form shadows it."""
    path = Path(twin.__file__).with_name("rules.py")
    loader = importlib.machinery.SourceFileLoader("mizaj.lexicon.rules_in_python", str(path))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(twin, "rules", module)
        yield


TOYS = Path(__file__).parent / "toy"


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[object]:
    """A Ray cluster of a head and two nodes with a processor each; nodes can be added to it, and killed.

    Workers find the modules of the folder `toy` by their names.
    """
    ray = pytest.importorskip("ray")
    with _on_path(TOYS):
        cluster = _started_cluster()
        try:
            ray.init(cluster.address, logging_level="ERROR", log_to_driver=False)
            yield cluster
        finally:
            ray.shutdown()
            cluster.shutdown()


def _started_cluster(attempts: int = 3) -> Any:
    """A cluster whose nodes are up; begun again where one is not within 30 s, which are all that Ray gives it."""
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    try:
        cluster.add_node(num_cpus=0, _system_config={"worker_niceness": 0})
        for _ in range(2):
            cluster.add_node(num_cpus=1)
    except Exception:  # Ray has no name for it
        cluster.shutdown()
        if attempts == 1:
            raise
        return _started_cluster(attempts - 1)
    return cluster


@pytest.fixture(scope="session")
def spark_session() -> Iterator[object]:
    """A Spark session on two processors of this machine; its workers find the modules of the folder `toy`."""
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    from mizaj.cluster import spark

    with (
        _on_path(TOYS),
        spark.session(None, workers=2) as session,
        pytest.MonkeyPatch.context() as patch,
    ):
        # how long Python waits for Java to answer; Spark makes it 15 s when a session begins
        patch.setenv("SPARK_AUTH_SOCKET_TIMEOUT", "120")
        yield session


@contextmanager
def _on_path(folder: Path) -> Iterator[None]:
    """The folder among those where this process and those that it starts look for modules."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        before = os.environ.get("PYTHONPATH")
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(folder), before])))
        yield
