import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bgtool.batch.history import History, read
from bgtool.batch.manifest import open_manifest
from bgtool.batch.plan import Plan, plan
from bgtool.batch.record import Record
from bgtool.engine.job import Status, size_and_time
from bgtool.errors import OutputError
from bgtool.imaging.formats import Pixels
from bgtool.options import CleanOptions
from bgtool.storage import pending
from bgtool.storage.digest import digest_of
from bgtool.storage.file_journal import FILE_NAME


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
    assert set(first) == set(Record.__dataclass_fields__) - {"geometry", "second"}  # which lines have only with them


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
import sys; from pathlib import Path; from bgtool.batch.manifest import open_manifest
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
        from bgtool.storage import pending
        from bgtool.storage.digest import digest_of
        from bgtool.batch.manifest import open_manifest
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


def moved(folder: Path, home: Path) -> tuple[Plan, History]:
    """The plan of a run over an input folder, in the light of what is on record."""
    history = read(folder)
    options = CleanOptions(inputs=(str(home),), output=str(folder))
    return plan(options, Pixels.GRAY, history), history


def test_a_moved_input_folder_goes_on_and_another_one_does_not(folder):
    source = folder.parent / "box"
    source.mkdir()
    for name in ("a.jpg", "a.png", "b.jpg"):
        (source / name).write_bytes(name.encode())
        output = folder / Path(name).with_suffix(".jpg" if name != "a.png" else ".png")
        output.write_bytes(b"of " + name.encode())
        add(folder, record(folder, name, root=str(source), size=5, input_sha256=digest_of(source / name),
                           mtime_ns=(source / name).stat().st_mtime_ns, output=str(output)))  # fmt: skip
    source.rename(folder.parent / "moved")
    os.utime(folder.parent / "moved" / "a.jpg", ns=(1, 1))  # as a copy that keeps no times
    (folder.parent / "moved" / "b.jpg").write_bytes(b"other")
    planned, history = moved(folder, folder.parent / "moved")
    assert [os.path.relpath(job.target, folder) for job in planned.jobs] == ["a.jpg", "a.png", "b.jpg.jpg"]
    finished = [history.is_done(job.source, job.target, "key", "sha", earlier=job.earlier) for job in planned.jobs]
    assert finished == [True, True, False]


def test_an_input_that_was_touched_is_done_and_one_of_the_same_size_and_time_is_by_request_read(folder):
    source = folder.parent / "a.png"
    before = source.stat()
    add(folder, record(folder))
    os.utime(source, ns=(1, 1))
    assert done(folder)
    source.write_bytes(b"egami")
    assert not done(folder)
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert done(folder), "size and time are the same"
    target = str(folder / "a.png")
    assert not read(folder).is_done(str(source), target, "key", "sha", checksum=True)
    source.write_bytes(b"image")
    assert read(folder).is_done(str(source), target, "key", "sha", checksum=True)


def test_an_output_that_was_changed_is_not_done_and_a_copied_one_is(folder):
    target = folder / "a.png"
    target.write_bytes(b"made")
    add(folder, record(folder))
    os.utime(target, ns=(1, 1))
    assert done(folder)
    target.write_bytes(b"edit")
    assert not done(folder)
    target.unlink()
    target.symlink_to(folder.parent / "a.png")
    assert not read(folder).is_own(str(target))


def test_lines_of_version_0_1_0_are_understood(folder):
    """As commit 58400ac wrote them: inputs absolute, no root, no settings, no size of the output."""
    (folder / "a.png").write_bytes(b"made")
    source = folder.parent / "a.png"
    line = {
        "input": str(source), "size": 5, "mtime_ns": source.stat().st_mtime_ns, "input_sha256": digest_of(source),
        "options": "2c4b8ae22a9e5a0f", "model": "document", "model_sha256": "sha", "output": "a.png",
        "output_sha256": digest_of(folder / "a.png"), "pages": 1, "seconds": 1.5, "status": "done", "warnings": [],
        "error": "", "version": "0.1.0", "device": "cpu",
    }  # fmt: skip
    (folder / FILE_NAME).write_text(json.dumps(line) + "\n")
    history = read(folder)
    assert history.is_done(str(source), str(folder / "a.png"), "2c4b8ae22a9e5a0f", "sha")
    assert history.is_own(str(folder / "a.png"))


POISON = [
    *(f'"{key}": {value}' for key in ("size", "mtime_ns") for value in ("1e999", "NaN", "9" * 5000, "1.5", "true")),
    *(f'"{key}": [1]' for key in ("size", "input", "root", "output", "options", "status", "output_sha256")),
    *(f'"output": {json.dumps(name)}' for name in ("../x.png", "/x.png", "s/../../x", "./a", "a\0b", "\ud800")),
    *(f'"output": {json.dumps(name)}' for name in ("a" * 300, FILE_NAME, ".bgtool-begun", "link/x.png", "d/", "a//b")),
    '"input": "\\ud800"', '"input": "a\\u0000"', '"warnings": ["' + "x" * (1 << 24) + '"]', '"size": 1e400',
]  # fmt: skip


@pytest.mark.parametrize("poison", POISON, ids=range(len(POISON)))
def test_no_line_gives_a_name_outside_of_the_folder_or_an_error(folder, poison):
    (folder / "link").symlink_to(folder.parent)
    add(folder, record(folder))
    good = (folder / FILE_NAME).read_text()
    key = poison.split('"')[1]
    bad = json.dumps({name: value for name, value in json.loads(good).items() if name != key})
    (folder / FILE_NAME).write_text(bad[:-1] + ", " + poison + "}\n" + good)
    history = read(folder)
    assert set(history.names.values()) <= {"a.png", "[1]", ""}
    assert history.is_done(str(folder.parent / "a.png"), str(folder / "a.png"), "key", "sha")
    assert list(history.orphans([])) == []


@pytest.mark.parametrize("name", [FILE_NAME, pending.FILE_NAME])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_manifest_that_is_no_file_is_refused_and_not_followed(folder, name, kind):
    victim = folder.parent / "victim"
    victim.write_text("not to be touched")
    path = folder / name
    {"link": lambda: path.symlink_to(victim), "pipe": lambda: os.mkfifo(path), "folder": path.mkdir}[kind]()
    with pytest.raises(OutputError, match="cannot write"):
        add(folder, record(folder))
    assert victim.read_text() == "not to be touched"


def test_what_other_runs_added_is_read_on_from_where_the_last_look_ended(folder):
    history = read(folder)
    add(folder, record(folder))
    with open_manifest(folder, history) as manifest:
        assert manifest.changed
        assert manifest.history.names == {str(folder.parent / "a.png"): "a.png"}
    with open_manifest(folder, history) as manifest:
        assert not manifest.changed


def test_outputs_whose_inputs_are_gone_are_named(folder):
    add(folder, record(folder))
    assert list(read(folder).orphans([])) == []
    (folder.parent / "a.png").unlink()
    assert list(read(folder).orphans([])) == ["a.png"]
    assert list(read(folder).orphans([str(folder / "a.png")])) == []
