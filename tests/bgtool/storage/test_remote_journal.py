"""The record of a folder of an object store, where others are at work beside it."""

import errno
import json
import tempfile

import pytest

from bgtool.batch.entry import parsed
from bgtool.errors import OutputError, UsageError
from bgtool.storage.local import output_errors
from bgtool.storage.places import FREE, Place
from bgtool.storage.remote_journal import RemoteJournal
from bgtool.storage.stores import store_of
from bgtool.storage.urls import checked

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def memory():
    fs = fsspec.filesystem("memory")
    fs.store.clear()
    yield fs
    fs.store.clear()


def journal(fs, folder):
    return RemoteJournal(fs, "memory", f"memory://{folder}")


def test_a_name_with_a_wildcard_touches_no_other_folder(memory):
    other = "/o1/bgtool-manifest.jsonl/lease.json"
    memory.pipe_file(other, b"{}")
    with journal(memory, "o*").locked():
        pass
    assert memory.exists(other)
    with journal(memory, "scans [2020]").locked():
        pass
    assert not memory.exists("/scans [2020]/bgtool-manifest.jsonl/lease.json")


def test_a_run_that_was_taken_over_leaves_the_lease_of_the_other(memory):
    first = journal(memory, "out")
    with first.locked():
        memory.pipe_file("/out/bgtool-manifest.jsonl/lease.json", json.dumps({"run": "another"}).encode())
        with pytest.raises(OutputError, match="taken over"):
            first._renew()
    assert json.loads(memory.cat_file("/out/bgtool-manifest.jsonl/lease.json"))["run"] == "another"


def test_an_announcement_that_vanishes_is_passed_over(memory, monkeypatch):
    begun = journal(memory, "out")
    begun.announce("memory://out/a.png", "0" * 64)
    begun.announce("memory://out/b.png", "1" * 64)
    whole = begun._announcements()
    memory.rm_file(whole[0])
    monkeypatch.setattr(begun, "_announcements", lambda: whole)
    assert len(list(begun.announced())) == 1


def test_a_name_that_is_no_text_can_be_announced(memory):
    begun = journal(memory, "out")
    begun.announce("memory://out/b\udcff.png", "0" * 64)
    assert list(begun.announced()) == [("b\udcff.png", "0" * 64)]


@pytest.mark.parametrize(
    "url",
    ["https://token@example.org/a.png", "https://user:pa/ss@example.org/a.png", "s3://user:pass@b/x", "s3://b[1]/x"],
)
def test_urls_that_hold_secrets_or_are_none_are_refused(url):
    with pytest.raises(UsageError, match=r"password|no URL"):
        checked(url)


def test_a_percent_sign_in_a_file_url_is_taken_once():
    assert checked("file:///tmp/a%2541.png") == "/tmp/a%41.png"


def test_outputs_go_only_where_what_others_made_is_kept(tmp_path):
    (tmp_path / "x.png").write_bytes(b"mine")
    url = f"local://{tmp_path}/x.png"
    with pytest.raises(OutputError, match="not known"), store_of(url).replacing(Place(url, "0" * 64, FREE)) as file:
        file.write(b"other")
    assert (tmp_path / "x.png").read_bytes() == b"mine"


def test_schemes_that_lead_to_the_same_objects_are_one():
    assert [checked(f"{scheme}://b/x") for scheme in ("s3a", "gcs", "abfs", "S3A")] == [
        "s3://b/x", "gs://b/x", "az://b/x", "s3://b/x",
    ]  # fmt: skip
    line = {"input": "a.png", "root": "s3a://b/x", "output": "a.png", "size": 1, "mtime_ns": 1, "input_sha256": "",
            "output_sha256": "", "options": "", "model_sha256": "", "status": "done"}  # fmt: skip
    assert parsed(json.dumps(line).encode())[0] == "s3://b/x/a.png"


def test_a_temporary_folder_that_cannot_be_written_is_named_and_not_the_store(memory, monkeypatch, tmp_path):
    store = store_of("memory://")
    memory.pipe_file("/in/a.png", b"x")

    def write():
        with store.replacing(Place("memory://o/a")), output_errors("memory://o/a"):  # as the writers of formats do
            raise OSError(errno.ENOSPC, "no space")

    with pytest.raises(OutputError, match="the disk is full") as caught:
        write()
    assert "memory://" not in str(caught.value)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(OutputError, match=r"cannot write .*gone"), store.reading("memory://in/a.png"):
        pass
