"""Jobs go to workers and answers come back whole; what a worker lacks is named."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from mizaj.errors import ExtraMissing, SettingError, TrainingError
from mizaj.learn import carried, interface

torch = pytest.importorskip("torch")


def test_a_job_and_its_answer_travel(jobs: ModuleType):
    from mizaj.learn.job import Trained

    sent = jobs.job()
    there = carried.unpacked(carried.packed(sent))
    with torch.no_grad():
        for each in there.module.parameters():
            each += 1
    answer = carried.answer_of(Trained(there.module, 0.5, 3, ({"step": 3, "macro_f1": 0.5},)))
    back = carried.trained_of(sent, pickle.loads(pickle.dumps(answer)))
    assert (back.macro_f1, back.steps, back.history) == (0.5, 3, ({"step": 3, "macro_f1": 0.5},))
    assert back.module is sent.module
    for mine, theirs in zip(back.module.parameters(), there.module.parameters(), strict=True):
        np.testing.assert_array_equal(mine.detach(), theirs.detach())


def test_another_torch_and_a_module_that_is_not_there_are_named(
    jobs: ModuleType, monkeypatch: pytest.MonkeyPatch
):
    from mortal_network import Failing

    content = carried.packed(replace(jobs.job(), module=Failing(1, 3)))
    with monkeypatch.context() as patch:
        patch.setattr(torch, "__version__", "1.0")
        with pytest.raises(SettingError, match=r"a worker has torch 1\.0, who asks has"):
            carried.unpacked(content)
    missing = content.replace(b"mortal_network", b"absent_network")
    with pytest.raises(SettingError, match=r"'absent_network'.*install the module of its class"):
        carried.unpacked(missing)


def test_an_error_comes_back_as_its_own_kind_with_the_worker_s_trace():
    said = carried.trouble
    ours = carried.error_of(1, said(TrainingError("the loss is nan")))
    assert (type(ours), str(ours)) == (TrainingError, "the loss is nan")
    assert "in worker 1" in ours.__notes__[0]
    missing = ExtraMissing("ray", extra="ray")
    absent = carried.error_of(1, said(missing))
    assert (type(absent), str(absent)) == (ExtraMissing, str(missing))
    theirs = carried.error_of(0, said(KeyError("lost")))
    assert (type(theirs), str(theirs)) == (TrainingError, "worker 0 failed: KeyError: 'lost'")
    assert said(RuntimeError("[gloo/pair.cc] Connection reset by peer"))["is_exchange"]


def test_a_checkpoint_s_path_means_the_same_in_any_folder(
    jobs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    kept = carried.with_whole_path(jobs.job(checkpoint="kept"))
    assert kept.settings.checkpoint == str(tmp_path / "kept")
    assert kept.identity() == jobs.job().identity()


def test_gloo_is_told_the_interface_of_an_address_unless_someone_chose(
    monkeypatch: pytest.MonkeyPatch,
):
    own = interface.interface_of("127.0.0.1")
    if own is None:
        pytest.skip("this system does not tell addresses of interfaces")
    system = SimpleNamespace(environ={})
    monkeypatch.setattr(interface, "os", system)
    interface.use_interface(interface.address_towards("127.0.0.1", 9))
    assert system.environ == {"GLOO_SOCKET_IFNAME": own}
    system.environ["GLOO_SOCKET_IFNAME"] = "eth7"
    interface.use_interface("127.0.0.1")
    assert system.environ == {"GLOO_SOCKET_IFNAME": "eth7"}
