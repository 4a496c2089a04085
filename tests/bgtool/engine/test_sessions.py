"""Several sessions of one model share one queue."""

import threading

import pytest

import bgtool
from bgtool.engine.sessions import Sessions, load_sessions
from bgtool.errors import UsageError
from bgtool.options import CleanOptions
from bgtool.runtime import several
from bgtool.runtime.several import named_devices
from tests.support.pages import tree, write_pages


def test_devices_are_named_together(monkeypatch):
    assert named_devices("auto") == ["auto"]
    assert named_devices("cuda:1") == ["cuda:1"]
    assert named_devices("CUDA:0,2") == ["cuda:0", "cuda:2"]
    assert named_devices("cuda:0,cuda:1") == ["cuda:0", "cuda:1"]
    assert named_devices("cpu,cpu") == ["cpu", "cpu"]
    monkeypatch.setattr(several, "count_nvidia", lambda: 3)
    assert named_devices("cuda:all") == ["cuda:0", "cuda:1", "cuda:2"]
    monkeypatch.setattr(several, "count_nvidia", lambda: 0)
    with pytest.raises(UsageError, match="no NVIDIA GPU"):
        named_devices("cuda:all")


def test_jobs_go_to_the_session_with_the_fewest(tiny_model_file):
    sessions = load_sessions(CleanOptions(inputs=(), output="", model=str(tiny_model_file), device="cpu,cpu"))
    assert sessions.device == "cpu,cpu"
    first, second = sessions.models
    assert first is not second
    with sessions.session() as one, sessions.session() as two:
        assert {id(one), id(two)} == {id(first), id(second)}
        with sessions.session(), sessions.session() as four:
            assert four in (first, second)
    with sessions.session() as one:
        assert one is first


def test_two_sessions_run_at_the_same_time(tiny_model_file):
    sessions = load_sessions(CleanOptions(inputs=(), output="", model=str(tiny_model_file), device="cpu,cpu"))
    both = threading.Barrier(2, timeout=60)

    def use():
        with sessions.session() as model, model.turn:
            both.wait()  # with one session, the other thread would wait for its turn

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not both.broken


def test_a_run_on_two_sessions_gives_the_bytes_of_one(tiny_model_file, tmp_path):
    write_pages(tmp_path / "in", 8)
    for device in ("cpu", "cpu,cpu"):
        options = {"output": tmp_path / device, "model": tiny_model_file, "device": device}
        assert bgtool.clean_files(tmp_path / "in", **options).done == 8
    assert tree(tmp_path / "cpu,cpu") == tree(tmp_path / "cpu")


def test_devices_of_two_kinds_are_refused(tiny_model, person_model):
    with pytest.raises(UsageError, match="one kind"):
        Sessions([tiny_model, person_model])
