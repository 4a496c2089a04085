"""bgtool bag: a bag that validates, or none."""

import errno
import shutil
import subprocess
import sys

import pytest

from bgtool.batch.bag import make_bag
from bgtool.errors import InputError, OutputError, UsageError
from tests.support.manifests import FILE_NAME, done_run, line, picture, write

bagit = pytest.importorskip("bagit")

NAMES = ["a.png", "sub/b ü 100%.png", "line\nbreak.png", "data/bagit.txt"]


@pytest.fixture
def run(tmp_path):
    done_run(tmp_path, NAMES)
    (tmp_path / "out" / "mine.txt").write_text("not on record")
    return tmp_path


def test_the_bag_validates_and_holds_the_outputs_and_their_manifest(run):
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    command = [
        sys.executable,
        "-m",
        "bgtool",
        "bag",
        run / "out",
        run / "bags" / "one",
        "--info",
        "Contact-Name=An Archive",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    bag = bagit.Bag(str(run / "bags" / "one"))
    bag.validate()
    assert sorted(bag.payload_files()) == sorted(f"data/{name}" for name in NAMES)
    assert bag.info["Contact-Name"] == "An Archive"
    assert FILE_NAME in bag.tagfile_entries() if hasattr(bag, "tagfile_entries") else FILE_NAME in bag.entries
    assert (run / "bags" / "one" / FILE_NAME).read_bytes() == (run / "out" / FILE_NAME).read_bytes()
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert [path.name for path in (run / "bags").iterdir()] == ["one"]


@pytest.mark.parametrize("harm", ["changed", "missing", "unspeakable"])
def test_what_is_not_as_on_record_makes_no_bag(run, harm):
    if harm == "changed":
        picture(run / "out" / "a.png", 9)
    elif harm == "missing":
        (run / "out" / "a.png").unlink()
    else:
        picture(run / "out" / "x%0A.png")
        write(run / "out", [line(run / "in", "a.png", run / "out", "x%0A.png")])
    with pytest.raises(InputError):
        make_bag(str(run / "out"), str(run / "bag"), {})
    assert sorted(path.name for path in run.iterdir()) == ["in", "out"]


def test_what_is_there_stays(run):
    (run / "bag").mkdir()
    for place in (run / "bag", run / "out" / "bag", "s3://bucket/bag"):
        with pytest.raises(UsageError):
            make_bag(str(run / "out"), str(place), {})
    assert list((run / "bag").iterdir()) == []
    with pytest.raises(InputError, match="name the output folder"):
        make_bag(str(run / "in"), str(run / "other"), {})


def test_a_full_disk_leaves_nothing(run, monkeypatch):
    def full(source, target, length):
        target.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(OutputError, match="the disk is full"):
        make_bag(str(run / "out"), str(run / "bag"), {})
    assert sorted(path.name for path in run.iterdir()) == ["in", "out"]
