"""bgtool verify: what differs from the manifest is listed, and nothing else."""

import json
import os
import subprocess
import sys

import pytest

from bgtool.batch import verification
from bgtool.batch.verification import Kind, Role, Verification
from bgtool.errors import InputError
from tests.support.manifests import FILE_NAME, done_run, line, picture, write

NAMES = ["a.png", "b.png", "sub/c.png", "line\nbreak\tand \udcff.png"]


@pytest.fixture
def run(tmp_path):
    """A folder of outputs with its manifest, and the folder of inputs."""
    return done_run(tmp_path, NAMES)


def found(folder, **options):
    """What is wrong, without the whys, and paths from the folder's parent."""
    findings = Verification(str(folder), **options).findings()
    return sorted((kind, role, os.path.relpath(path, folder.parent)) for kind, role, path, _ in findings)


def verify(*arguments):
    command = [sys.executable, "-m", "bgtool", "verify", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, timeout=100, check=False)


def append(folder, *lines):
    with (folder / FILE_NAME).open("a") as file:
        file.writelines(json.dumps(each) + "\n" for each in lines)


def test_what_is_as_it_was_is_not_listed(run):
    assert found(run / "out") == []
    (run / "out" / "review.bgtool-review").mkdir()
    for name in ("review.html", "review.bgtool-review/sheet.webp", ".hidden", "Thumbs.db"):
        (run / "out" / name).write_text("")
    assert found(run / "out") == []


def test_every_kind_is_one_line(run):
    out = run / "out"
    (out / "a.png").unlink()
    content = bytearray((out / "b.png").read_bytes())
    content[-20] ^= 1
    (out / "b.png").write_bytes(content)
    (run / "in" / "a.png").write_bytes(b"")
    (run / "in" / NAMES[3]).unlink()
    (out / "sub" / "mine.txt").write_text("")
    (out / "link").symlink_to(run / "in", target_is_directory=True)
    append(out, line(run / "in", "b.png", out, "b.png") | {"input": "x", "output": "../b.png"})
    assert found(out) == sorted([
        (Kind.MISSING, Role.OUTPUT, "out/a.png"),
        (Kind.CHANGED, Role.OUTPUT, "out/b.png"),
        (Kind.CHANGED, Role.INPUT, "in/a.png"),
        (Kind.MISSING, Role.INPUT, f"in/{NAMES[3]}"),
        (Kind.ORPHANED, Role.OUTPUT, "out/sub/mine.txt"),
        (Kind.ORPHANED, Role.OUTPUT, "out/link"),
        (Kind.ASTRAY, Role.OUTPUT, os.path.relpath("../b.png", out.parent)),
    ])  # fmt: skip
    assert {role for _, role, _ in found(out, inputs=False)} == {Role.OUTPUT}


def test_links_pipes_and_folders_in_the_place_of_outputs_are_no_outputs(run):
    out = run / "out"
    (out / "a.png").rename(out / ".kept")
    (out / "a.png").symlink_to(out / ".kept")
    (out / "b.png").unlink()
    os.mkfifo(out / "b.png")
    (out / "sub" / "c.png").unlink()
    (out / "sub" / "c.png").mkdir()
    assert found(out) == [(Kind.CHANGED, Role.OUTPUT, f"out/{name}") for name in NAMES[:3]]


def test_a_folder_that_became_a_link_does_not_hide_what_it_held(run):
    (run / "out" / "sub").rename(run / "elsewhere")
    (run / "out" / "sub").symlink_to(run / "elsewhere")
    assert (Kind.ASTRAY, Role.OUTPUT) in {each[:2] for each in found(run / "out")}


def test_inputs_of_a_folder_that_is_not_there_are_counted_and_not_missing(run):
    (run / "in").rename(run / "away")
    whole = Verification(str(run / "out"))
    assert list(whole.findings()) == []
    assert whole.unreachable == {str(run / "in"): len(NAMES)}


def test_earlier_outputs_are_told_from_those_of_now(run):
    out = run / "out"
    picture(out / "a.webp", 220)
    failed = {"status": "failed", "error": "no", "output_sha256": ""}
    append(out, line(run / "in", "a.png", out, "a.webp"), line(run / "in", "b.png", out, "b.png", **failed))
    whys = {finding.path: finding.why for finding in Verification(str(out)).findings()}
    assert whys == {
        str(out / "a.png"): "its input has another output since",
        str(out / "b.png"): "its input failed since",
    }


def test_outputs_of_a_run_that_was_cut_off_are_not_orphans(run):
    picture(run / "out" / "new.png", 240)
    digest = line(run / "in", "a.png", run / "out", "new.png")["output_sha256"]
    (run / "out" / ".bgtool-begun").write_bytes(f"\0{digest} new.png\0".encode())
    assert found(run / "out") == []


def meanwhile(run, monkeypatch, change):
    """What is found where something changes after the first input has been dealt with."""
    monkeypatch.setattr(verification, "_AT_A_TIME", 1)
    return found(run / "out", advanced=lambda done, total: change() if done == 1 else None)


def test_a_manifest_that_grows_meanwhile_is_followed(run, monkeypatch):
    def change():
        picture(run / "in" / "new.png", 9)
        for shade, name in enumerate(("b.png", "new.png")):
            picture(run / "out" / name, shade)
            append(run / "out", line(run / "in", name, run / "out", name))

    assert meanwhile(run, monkeypatch, change) == []


def test_a_manifest_that_is_replaced_meanwhile_is_named(run, monkeypatch):
    def change():
        (run / "out" / "b.png").unlink()
        (run / "other").write_text("")
        (run / "other").rename(run / "out" / FILE_NAME)

    with pytest.raises(InputError, match="was replaced"):
        meanwhile(run, monkeypatch, change)


@pytest.mark.skipif(os.geteuid() == 0 and not os.path.exists("/usr/bin/setpriv"), reason="root reads everything")  # noqa: PTH110
def test_files_that_may_not_be_read_are_one_line_each(run):
    for path in (run / "out" / "a.png", run / "in" / "b.png"):
        path.chmod(0)
    assert [each[:2] for each in as_nobody(run)] == [["unreadable", "input"], ["unreadable", "output"]]


def as_nobody(run):
    for folder in (run, *run.parents[:2]):
        folder.chmod(0o755)
    drop = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    command = [*drop, sys.executable, "-m", "bgtool", "verify", "--quiet", run / "out"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 1, done.stderr
    return sorted(each.split("\t") for each in done.stdout.splitlines())


def test_folders_below_with_manifests_of_their_own_are_compared_with_those(run):
    out = run / "out"
    picture(out / "own" / "d.png", 1)
    write(out / "own", [line(run / "in", "a.png", out / "own", "d.png")])
    assert found(out) == []
    (out / "own" / "d.png").unlink()
    assert found(out) == [(Kind.MISSING, Role.OUTPUT, "out/own/d.png")]
    assert found(run, inputs=False) == [(Kind.MISSING, Role.OUTPUT, f"{run.name}/out/own/d.png")]


@pytest.mark.parametrize(("content", "said"), [(None, "holds no"), ("{]\n[]\n\0", "damaged")])
def test_no_manifest_or_nothing_in_it_is_one_line(tmp_path, content, said):
    if content is not None:
        (tmp_path / FILE_NAME).write_text(content)
    done = verify(tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    (only,) = done.stderr.decode().splitlines()
    assert said in only


def test_of_a_manifest_in_part_damaged_the_rest_counts(run):
    lines = (run / "out" / FILE_NAME).read_text().splitlines(keepends=True)
    (run / "out" / FILE_NAME).write_text("".join(["\x00\xff{\n", lines[0][:90] + "\n", *lines[1:]]))
    assert found(run / "out") == [(Kind.ORPHANED, Role.OUTPUT, "out/a.png")]


def test_the_command_prints_data_alone(run):
    assert verify(run / "out").stdout == b""
    assert b"compared 4 outputs, 4 inputs: all as on record" in verify(run / "out").stderr
    (run / "out" / NAMES[3]).unlink()
    done = verify(run / "out", "--quiet")
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (1, b"", 1)
    kind, role, path, why = done.stdout.decode()[:-1].split("\t")
    assert (kind, role, why) == ("missing", "output", "")
    assert "line\\nbreak\\tand" in path
    (only,) = verify(run / "out", "--json").stdout.splitlines()
    assert json.loads(only)["path"] == str(run / "out" / NAMES[3])
