import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bgtool import pending
from bgtool.digest import digest_of
from bgtool.discovery import size_and_time
from bgtool.errors import OutputError
from bgtool.history import FILE_NAME, History, read
from bgtool.manifest import Record, open_manifest
from bgtool.outcome import Status


@pytest.fixture
def folder(tmp_path):
    """An input and, in a folder of its own, its output."""
    (tmp_path / "a.png").write_bytes(b"image")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").touch()
    return tmp_path / "out"


def record(folder: Path, name: str = "a.png", **changes) -> Record:
    source = folder.parent / name
    status = source.stat() if source.exists() else None
    made = Record(
        input=name,
        root=str(folder.parent),
        size=status.st_size if status else -1,
        mtime_ns=status.st_mtime_ns if status else -1,
        input_sha256=digest_of(source),
        options="key",
        settings={"style": "gray"},
        model="net",
        model_sha256="sha",
        output=str(folder / name),
        output_sha256=digest_of(folder / name),
        output_size=size_and_time(str(folder / name))[0],
        output_mtime_ns=size_and_time(str(folder / name))[1],
        pages=1,
        seconds=0.5,
        status=Status.DONE,
        warnings=("odd",),
        error="",
        version="1",
        device="cpu",
    )
    return replace(made, **changes)


def add(folder: Path, *records: Record) -> None:
    with open_manifest(folder) as manifest:
        for item in records:
            manifest.add(item)


def done(folder: Path, name: str = "a.png", output: str = "a.png", options: str = "key", model: str = "sha") -> bool:
    return read(folder).is_done(str(folder.parent / name), str(folder / output), options, model)


def test_what_is_done_stays_done_until_something_changes(folder):
    assert not done(folder)
    add(folder, record(folder))
    assert done(folder)
    assert not done(folder, options="other")
    assert not done(folder, model="other")
    (folder / "b.png").touch()
    assert not done(folder, output="b.png")
    (folder / "a.png").unlink()
    assert not done(folder)


def test_a_changed_or_vanished_input_is_not_done(folder):
    add(folder, record(folder))
    (folder.parent / "a.png").write_bytes(b"other")
    assert not done(folder)
    add(folder, record(folder))
    assert done(folder)
    (folder.parent / "a.png").write_bytes(b"longer image")
    assert not done(folder)
    (folder.parent / "a.png").unlink()
    assert not done(folder)


def test_later_lines_override_earlier_ones_also_while_open(folder):
    with open_manifest(folder) as manifest:
        manifest.add(record(folder))
        assert manifest.history.is_done(str(folder.parent / "a.png"), str(folder / "a.png"), "key", "sha")
        manifest.add(record(folder, status=Status.FAILED, error="broke"))
        assert not manifest.history.is_done(str(folder.parent / "a.png"), str(folder / "a.png"), "key", "sha")
    assert not done(folder)
    add(folder, record(folder))
    assert done(folder)


def test_the_file_is_for_people_and_tools_too(folder):
    add(folder, record(folder), record(folder, status=Status.FAILED, error="broke"))
    first, second = map(json.loads, (folder / FILE_NAME).read_text().splitlines())
    assert (first["input"], first["root"]) == ("a.png", str(folder.parent))
    assert first["settings"] == {"style": "gray"}
    assert first["output"] == "a.png"
    assert first["status"] == "done"
    assert first["warnings"] == ["odd"]
    assert second["error"] == "broke"
    assert set(first) == set(Record.__dataclass_fields__)


def test_the_folder_may_be_moved_and_the_run_started_from_elsewhere(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    add(Path("out"), record(folder, output="out/a.png"))
    folder.rename(folder.parent / "elsewhere")
    monkeypatch.chdir("/")
    assert done(folder.parent / "elsewhere")
    monkeypatch.chdir(folder.parent)
    assert read(Path("elsewhere")).is_done("a.png", "./elsewhere/a.png", "key", "sha")


def test_names_are_by_absolute_input(folder):
    add(folder, record(folder), record(folder, "sub/b.png", output=str(folder / "sub" / "b.png.tif")))
    assert read(folder).names == {
        str(folder.parent / "a.png"): "a.png",
        str(folder.parent / "sub" / "b.png"): str(Path("sub") / "b.png.tif"),
    }


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 500))
def test_a_torn_or_spoilt_file_costs_only_its_bad_lines(tmp_path_factory, junk, cut):
    home = tmp_path_factory.mktemp("m")
    folder = home / "out"
    for name in "abc":
        (home / name).write_bytes(b"x")
    add(folder, record(folder, "a"), record(folder, "b"))
    path = folder / FILE_NAME
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(junk.replace(b"\n", b" ") + b"\n" + lines[0] + lines[1][: min(cut, len(lines[1]) - 2)])
    assert set(read(folder).names) == {str(home / "a")}
    add(folder, record(folder, "c"))
    assert set(read(folder).names) == {str(home / "a"), str(home / "c")}


def test_lines_of_another_shape_are_passed_over(folder):
    good = (folder / FILE_NAME, json.dumps({"input": "x"}))
    good[0].write_text(
        "\n".join(["[]", "1", "null", '"text"', "{}", good[1], "[" * 100_000, '{"input": 1, "size": []}'])
    )
    assert not read(folder).names
    add(folder, record(folder))
    assert done(folder)


def test_names_that_are_no_text_survive(folder):
    odd = os.fsdecode(b"\xff\xe9.png")
    (folder.parent / odd).write_bytes(b"x")
    (folder / odd).touch()
    add(folder, record(folder, odd))
    assert done(folder, odd, odd)


def test_reading_writes_nothing(tmp_path):
    assert not read(tmp_path / "none").names
    assert not list(tmp_path.iterdir())


HOLD = """
import sys; from pathlib import Path; from bgtool.manifest import open_manifest
with open_manifest(Path(sys.argv[1])) as m:
    print("locked", flush=True); sys.stdin.read()
"""


def test_a_second_run_is_refused_until_the_first_ends_even_by_a_kill(folder):
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "locked\n"
        with pytest.raises(OutputError, match="another run"), open_manifest(folder):
            pass
        assert not read(folder).names  # reading needs no lock
        first.kill()
        first.wait()
    add(folder, record(folder))
    assert done(folder)


def foreign(history: History, *paths: Path) -> set[str]:
    return {path.name for path in paths if path.exists() and not history.is_own(str(path))}


def test_what_a_killed_run_made_is_its_own_and_other_files_are_not(folder):
    made, other, changed, gone = (folder / name for name in ("made.png", "other.bmp", "changed.jp2", "gone.png"))
    for path in (made, other, changed):
        path.write_bytes(path.name.encode())
    code = f"""if True:
        import os, signal
        from pathlib import Path
        from bgtool import pending
        from bgtool.digest import digest_of
        from bgtool.manifest import open_manifest
        folder = Path({str(folder)!r})
        with open_manifest(folder):
            for name in ("made.png", "changed.jp2"):
                pending.announce(folder, folder / name, digest_of(folder / name))
            pending.announce(folder, folder / "gone.png", "0" * 64)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", code], check=False)
    changed.write_bytes(b"put there since by hand")
    assert foreign(read(folder), made, other, changed, gone) == {"other.bmp", "changed.jp2"}
    with open_manifest(folder) as manifest:
        manifest.end()
        assert foreign(manifest.history, made, other, changed, gone) == {"other.bmp", "changed.jp2"}
    assert foreign(read(folder), made) == set()  # what the killed run made is not forgotten by an interrupted one
    with open_manifest(folder) as manifest:
        manifest.add(record(folder, "made.png"))
        manifest.end()
    assert not (folder / pending.FILE_NAME).exists()
    assert foreign(read(folder), made) == set()


def test_an_output_that_was_changed_since_is_nobodys_but_its_changers(folder):
    target = folder / "a.png"
    target.write_bytes(b"first")
    add(folder, record(folder))
    target.write_bytes(b"second")
    add(folder, record(folder, options="other"))
    assert read(folder).is_own(str(target))
    target.write_bytes(b"first")  # also made once, and put back
    assert read(folder).is_own(str(target))
    target.write_bytes(b"retouched by hand")
    assert not read(folder).is_own(str(target))


def test_an_impossible_folder_has_its_reason(folder):
    with pytest.raises(OutputError, match="in the place of a folder"), open_manifest(folder.parent / "a.png"):
        pass
