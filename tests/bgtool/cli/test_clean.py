"""The command line as a user meets it: real files, a real session, real exit codes, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def bgtool(*args, stdin=None, cwd=None):
    command = [sys.executable, "-m", "bgtool", *map(str, args)]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=240, cwd=cwd, check=False)


def page(width=90, height=60, seed=0):
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.fixture
def hostile(tmp_path):
    """A folder with everything that breaks batch tools: six bad entries, eleven good ones."""
    folder = tmp_path / "in"
    (folder / "x.png").mkdir(parents=True)
    good = page()
    whole = BytesIO()
    page(300, 200).save(whole, "JPEG")
    (folder / "truncated.jpg").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    (folder / "empty.png").touch()
    (folder / "text.png").write_text("not an image")
    (folder / "dangling.jpg").symlink_to(folder / "nowhere.jpg")
    (folder / "float.tif").parent.mkdir(exist_ok=True)
    Image.fromarray(np.ones((5, 5), np.float32)).save(folder / "float.tif")
    (folder / "folder-link-to-itself.png").symlink_to(folder / "folder-link-to-itself.png")
    page(1, 1).save(folder / "one.png")
    Image.fromarray(np.arange(60 * 90, dtype=np.uint16).reshape(60, 90) * 12).save(folder / "gray16.tif")
    good.convert("CMYK").save(folder / "cmyk.jpg")
    palette = good.quantize(16)
    palette.save(folder / "palette.png", transparency=3)
    exif = Image.Exif()
    exif[274] = 6
    good.save(folder / "rotated.jpg", exif=exif, dpi=(300, 200))
    good.save(folder / "a.jpg", dpi=(300, 300), icc_profile=SRGB)
    good.save(folder / "a.png", dpi=(300, 300))
    good.save(folder / "x.png" / "inside.png")
    good.save(folder / "ünïcode name — 日本.png")
    good.convert("1").save(folder / "bilevel.tif", compression="group4", dpi=(600, 600))
    (folder / "UPPER.JPG").write_bytes((folder / "a.jpg").read_bytes())
    (folder / "notes.txt").write_text("passed over")
    return folder


BAD = {"truncated.jpg", "empty.png", "text.png", "dangling.jpg", "float.tif", "folder-link-to-itself.png"}
GOOD = {"one.png": (1, 1), "gray16.tif": (90, 60), "cmyk.jpg": (90, 60), "palette.png": (90, 60),
        "rotated.jpg": (60, 90), "a.jpg": (90, 60), "a.png": (90, 60), "x.png/inside.png": (90, 60),
        "ünïcode name — 日本.png": (90, 60), "bilevel.tif": (90, 60), "UPPER.JPG": (90, 60)}  # fmt: skip


def outputs(folder):
    visible = (p for p in folder.rglob("[!.]*") if p.is_file())
    return {p.relative_to(folder).as_posix() for p in visible} - {"bgtool-manifest.jsonl"}


def recorded(folder):
    """Outputs that the manifest calls done; a line torn by a kill counts for nothing."""
    lines = (folder / "bgtool-manifest.jsonl").read_text().split("\n")
    return [json.loads(line)["output"] for line in lines if line.endswith("}")]


def test_a_hostile_folder_loses_nothing_but_the_bad_files(hostile, tmp_path, tiny_model_file):
    before = {p: p.read_bytes() for p in hostile.rglob("*") if p.is_file()}
    out = tmp_path / "out"
    result = bgtool("clean", hostile, "-o", out, "--model", tiny_model_file)
    text = result.stderr.decode()
    assert result.returncode == 1, text
    assert "Traceback" not in text
    assert result.stdout == b""
    for name in BAD:
        (line,) = [line for line in text.splitlines() if line.startswith("failed") and name in line]
        assert len(line.split(name)[1]) > 5, "the line gives a reason"
    assert sum(line.startswith("failed") for line in text.splitlines()) == len(BAD)
    assert f"{len(GOOD)} done, {len(BAD)} failed" in text
    assert outputs(out) == set(GOOD)
    for name, size in GOOD.items():
        with Image.open(out / name) as image:
            assert image.size == size, name
            assert image.mode == "L", name
    assert {p: p.read_bytes() for p in hostile.rglob("*") if p.is_file()} == before
    lines = [json.loads(line) for line in (out / "bgtool-manifest.jsonl").read_text().splitlines()]
    assert sum(line["status"] == "done" for line in lines) == len(GOOD)
    assert {Path(line["input"]).name for line in lines if line["status"] == "failed"} == BAD


def test_bilevel_gives_every_input_an_output_of_its_own(hostile, tmp_path, tiny_model_file):
    result = bgtool("clean", hostile, "-o", tmp_path / "out", "--model", tiny_model_file, "--style", "bilevel")
    assert result.returncode == 1
    found = outputs(tmp_path / "out")
    assert len(found) == len(GOOD)
    assert {"a.png", "a.png.png"} <= found
    with Image.open(tmp_path / "out" / "bilevel.tif") as image:
        assert (image.mode, image.info["compression"], image.info["dpi"]) == ("1", "group4", (600, 600))
    assert result.stderr.decode().count("PNG") == 1, "the fallback is said once"


def test_results_are_larger_on_request(tmp_path, tiny_model_file):
    page(90, 60).save(tmp_path / "a.png", dpi=(100, 100))
    options = ("-o", tmp_path / "out", "--model", tiny_model_file, "--style", "bilevel")
    assert bgtool("clean", tmp_path / "a.png", *options).returncode == 0
    assert bgtool("clean", tmp_path / "a.png", *options, "--enlarge", 3).returncode == 0, "it is made anew"
    with Image.open(tmp_path / "out" / "a.png") as image:
        assert (image.mode, image.size) == ("1", (270, 180))
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_resolution_and_profile_are_kept(hostile, tmp_path, tiny_model_file):
    out = tmp_path / "out"
    bgtool(
        "clean", hostile / "a.jpg", hostile / "rotated.jpg", "-o", out, "--model", tiny_model_file, "--style", "color"
    )
    with Image.open(out / "a.jpg") as image:
        assert image.info["dpi"] == (300, 300)
        assert image.info["icc_profile"] == SRGB
    with Image.open(out / "rotated.jpg") as image:
        assert image.info["dpi"] == (200, 300)
        assert image.getexif().get(274, 1) == 1


def test_the_same_command_again_does_only_what_changed(hostile, tmp_path, tiny_model_file):
    command = ["clean", hostile, "-o", tmp_path / "out", "--model", tiny_model_file]
    bgtool(*command)
    stamps = {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in GOOD}
    page(seed=5).save(hostile / "a.png")
    (tmp_path / "out" / "one.png").unlink()
    again = bgtool(*command)
    assert f"2 done, {len(GOOD) - 2} already done, {len(BAD)} failed" in again.stderr.decode()
    changed = {name for name in GOOD if (tmp_path / "out" / name).stat().st_mtime_ns != stamps[name]}
    assert changed == {"a.png", "one.png"}
    assert f"dry run: {len(BAD)} to do, {len(GOOD)} already done" in bgtool(*command, "--dry-run").stderr.decode()
    other = bgtool(*command, "--style", "color")
    assert f"{len(GOOD)} done, {len(BAD)} failed" in other.stderr.decode()
    assert other.stderr.count(b"1 file of a kind that is not read: .txt") == 1


def test_a_file_that_is_not_bgtools_is_not_overwritten_unless_asked(tmp_path, tiny_model_file):
    source, out = tmp_path / "in", tmp_path / "out"
    for folder in (source, out):
        folder.mkdir()
    for name in ("a.png", "b.png"):
        page().save(source / name)
    (out / "a.png").write_text("somebody's own")
    command = ("clean", source, "-o", out, "--model", tiny_model_file)
    for done in (1, 0):  # the second run must not take the first one's refusal for a claim
        result = bgtool(*command)
        assert result.returncode == 1, result.stderr
        assert b"a.png is there and not of bgtool's making" in result.stderr
        assert b"%d done" % done in result.stderr
        assert (out / "a.png").read_text() == "somebody's own"
    assert outputs(out) == {"a.png", "b.png"}
    assert recorded(out) == ["b.png"]
    rehearsal = bgtool(*command, "--dry-run")
    assert rehearsal.returncode == 1
    assert not rehearsal.stdout
    assert bgtool(*command, "--overwrite").returncode == 0
    assert Image.open(out / "a.png").size == (90, 60)
    page(80).save(source / "b.png")
    assert bgtool(*command).returncode == 0  # its own it does replace
    assert Image.open(out / "b.png").size == (80, 60)


def test_a_single_output_takes_the_place_of_bgtools_own_only(tmp_path, tiny_model_file):
    page().save(tmp_path / "in.png")
    for suffix in ("png", "jpg", "tif", "webp", "pdf"):
        out = tmp_path / f"out.{suffix}"
        out.write_bytes(b"somebody's own")
        command = ("clean", tmp_path / "in.png", "-o", out, "--model", tiny_model_file)
        refused = bgtool(*command)
        assert refused.returncode == 1
        assert f"out.{suffix} is there and does not say that bgtool made it" in refused.stderr.decode()
        assert out.read_bytes() == b"somebody's own"
        assert bgtool(*command, "--dry-run").returncode == 1
        assert bgtool(*command, "--overwrite").returncode == 0
        assert bgtool(*command).returncode == 0, "its own it does replace"


def test_outputs_stay_its_own_when_an_option_changes_there_and_back(tmp_path, tiny_model_file):
    (tmp_path / "in").mkdir()
    page().save(tmp_path / "in" / "a.png")
    command = ("clean", tmp_path / "in", "-o", tmp_path / "out", "--model", tiny_model_file)
    for options in ((), ("--format", "tiff"), ()):
        assert b"1 done" in bgtool(*command, *options).stderr
    assert outputs(tmp_path / "out") == {"a.png", "a.tif"}


def test_a_file_put_where_an_input_had_failed_is_not_overwritten(tmp_path, tiny_model_file):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_text("no picture")
    command = ("clean", tmp_path / "in", "-o", tmp_path / "out", "--model", tiny_model_file)
    assert bgtool(*command).returncode == 1
    (tmp_path / "out" / "a.png").write_text("drawn by hand")
    page().save(tmp_path / "in" / "a.png")
    assert b"not of bgtool's making" in bgtool(*command).stderr
    assert (tmp_path / "out" / "a.png").read_text() == "drawn by hand"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_run_outlasts_its_terminal(tmp_path, tiny_model_file):
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.png"):
        page().save(tmp_path / "in" / name)
    options = ["--model", tiny_model_file]
    reading, gone = os.pipe()
    os.close(reading)
    with Path("/dev/full").open("wb") as full, os.fdopen(gone, "wb", buffering=0) as closed:
        for name, stream in (("full", full), ("closed", closed)):
            command = [sys.executable, "-m", "bgtool", "clean", tmp_path / "in", "-o", tmp_path / name, *options]
            assert subprocess.run(command, stderr=stream, check=False).returncode == 0
            assert outputs(tmp_path / name) == {"a.png", "b.png"}


def test_a_kill_at_any_moment_loses_nothing(tmp_path, tiny_model_file):
    folder = tmp_path / "in"
    folder.mkdir()
    for index in range(12):
        page(500, 500, index).save(folder / f"{index}.png")
    command = ["clean", folder, "--model", tiny_model_file, "--jobs", "2"]
    assert bgtool(*command, "-o", tmp_path / "whole").returncode == 0
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for done in (1, 4, 8):
        process = subprocess.Popen(
            [sys.executable, "-m", "bgtool", *map(str, command), "-o", str(killed)], stderr=subprocess.DEVNULL
        )
        while len(list(killed.glob("*.png"))) < done:
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
        process.wait()
    before = {name: (killed / name).stat().st_mtime_ns for name in recorded(killed)}
    assert 0 < len(before) < 12
    assert bgtool(*command, "-o", killed).returncode == 0
    finished = outputs(killed)
    assert finished == outputs(whole), "all of them, and no temporary file left"
    assert all((killed / name).stat().st_mtime_ns == stamp for name, stamp in before.items()), "none done twice"
    for name in finished:
        assert (killed / name).read_bytes() == (whole / name).read_bytes()


def test_interruption_ends_with_130_and_no_partial_output(tmp_path, tiny_model_file):
    folder = tmp_path / "in"
    folder.mkdir()
    for index in range(30):
        page(900, 900, index).save(folder / f"{index}.png")
    process = subprocess.Popen(
        [sys.executable, "-m", "bgtool", "clean", folder, "-o", tmp_path / "out", "--model", tiny_model_file],
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job hands down "ignore"
    )
    while not list((tmp_path / "out").glob("*.png")):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, text = process.communicate(timeout=60)
    assert process.returncode == 130, text.decode()
    assert b"Traceback" not in text
    assert b"goes on where it stopped" in text
    found = outputs(tmp_path / "out")
    assert 0 < len(found) < 30
    assert not any(Path(name).name.startswith(".bgtool-") for name in found)
    lines = [json.loads(line) for line in (tmp_path / "out" / "bgtool-manifest.jsonl").read_text().splitlines()]
    assert {line["output"] for line in lines} == found


def test_streams_go_in_and_out(tmp_path, tiny_model_file):
    source = BytesIO()
    page().save(source, "PNG")
    piped = bgtool("clean", "-", "-o", "-", "--model", tiny_model_file, stdin=source.getvalue())
    assert piped.returncode == 0, piped.stderr.decode()
    (tmp_path / "in.png").write_bytes(source.getvalue())
    assert bgtool("clean", tmp_path / "in.png", "-o", tmp_path / "out.png", "--model", tiny_model_file).returncode == 0
    with Image.open(BytesIO(piped.stdout)) as streamed, Image.open(tmp_path / "out.png") as filed:
        assert streamed.format == "PNG"
        assert streamed.tobytes() == filed.tobytes()
    assert not (tmp_path / "bgtool-manifest.jsonl").exists()


def test_dry_run_prints_the_plan_and_writes_nothing(hostile, tmp_path, tiny_model_file):
    result = bgtool(
        "clean", hostile, "-o", tmp_path / "out", "--model", tiny_model_file, "--dry-run", "--format", "tiff"
    )
    assert result.returncode == 0, result.stderr.decode()
    assert not (tmp_path / "out").exists()
    plan = dict(line.split(" -> ") for line in result.stdout.decode().splitlines())
    assert plan[str(hostile / "a.jpg")] == str(tmp_path / "out" / "a.tif")
    assert plan[str(hostile / "a.png")] == str(tmp_path / "out" / "a.png.tif")
    assert len(plan) == len(GOOD) + len(BAD)
    assert b"1 file of a kind that is not read: .txt" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["nowhere", "-o", "out"], 2, "nowhere does not exist"),
        (["."], 2, "--output"),
        ([".", "-o", "."], 2, "both input and output"),
        (["in.png", "-o", "out", "--device", "tpu"], 2, "unknown device"),
        (["two\nlines", "-o", "out"], 2, "two\\nlines does not exist"),
        (["in.png", "-o", "out", "--max-megapixels", "nan"], 2, "max_megapixels must be above 0"),
        (["in.png", "-o", "out", "--tile", "8"], 2, "take 132"),
        (["in.png", "-o", "out", "--model", "nowhere.onnx"], 3, "nowhere.onnx"),
        (["in.png", "-o", "out", "--model", "in.png"], 3, "is no ONNX model"),
        (["in.png", "-o", "out", "--device", "cuda"], 3, "CUDA cannot be used"),
    ],
)
def test_what_makes_no_sense_ends_with_its_code_and_one_clear_line(arguments, code, reason, tmp_path, tiny_model_file):
    page(200, 200).save(tmp_path / "in.png")
    if "--model" not in arguments:
        arguments = [*arguments, "--model", tiny_model_file]
    result = bgtool("clean", *arguments, cwd=tmp_path)
    text = result.stderr.decode()
    assert result.returncode == code, text
    assert reason in text
    assert "Traceback" not in text
    assert not (tmp_path / "out").exists() or not outputs(tmp_path / "out")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_ends_with_4_and_says_so(tmp_path, tiny_model_file):
    page().save(tmp_path / "in.png")
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "bgtool", "clean", tmp_path / "in.png", "-o", "-", "--model", tiny_model_file]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert result.returncode == 4, result.stderr.decode()
    assert b"full" in result.stderr
    assert b"Traceback" not in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_plan_that_cannot_be_printed_ends_with_4(tmp_path, tiny_model_file):
    page().save(tmp_path / "in.png")
    command = [sys.executable, "-m", "bgtool", "clean", tmp_path / "in.png", "-o", tmp_path / "out"]
    command += ["--model", tiny_model_file, "--dry-run"]
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert result.returncode == 4
    assert b"Traceback" not in result.stderr


@pytest.mark.parametrize("output", ["x" * 300, "manifest", "begun"])
def test_an_output_folder_that_cannot_be_ends_with_4(tmp_path, tiny_model_file, output):
    page().save(tmp_path / "in.png")
    (tmp_path / "manifest" / "bgtool-manifest.jsonl").mkdir(parents=True)
    (tmp_path / "begun" / ".bgtool-begun").mkdir(parents=True)
    result = bgtool("clean", tmp_path / "in.png", "-o", tmp_path / output, "--model", tiny_model_file)
    assert result.returncode == 4, result.stderr.decode()
    assert result.stderr.decode().splitlines()[-1].startswith(f"bgtool: cannot write {tmp_path / output}")


def test_an_output_that_cannot_be_written_ends_with_4(tmp_path, tiny_model_file):
    page().save(tmp_path / "in.png")
    (tmp_path / "file").write_text("in the way")
    result = bgtool("clean", tmp_path / "in.png", "-o", tmp_path / "file" / "out", "--model", tiny_model_file)
    assert result.returncode == 4, result.stderr.decode()
    assert b"Traceback" not in result.stderr


def test_two_runs_on_one_folder_are_refused(tmp_path, tiny_model_file):
    from bgtool.batch.manifest import open_manifest

    page().save(tmp_path / "in.png")
    with open_manifest(tmp_path / "out"):
        result = bgtool("clean", tmp_path / "in.png", "-o", tmp_path / "out", "--model", tiny_model_file)
    assert result.returncode == 4
    assert b"another" in result.stderr


def test_an_image_above_the_limit_names_the_option(tmp_path, tiny_model_file):
    page(200, 100).save(tmp_path / "in.png")
    command = ["clean", tmp_path / "in.png", "-o", tmp_path / "out", "--model", tiny_model_file]
    result = bgtool(*command, "--max-megapixels", "0.01")
    assert result.returncode == 1
    assert b"--max-megapixels" in result.stderr


def test_quiet_says_only_what_went_wrong(hostile, tmp_path, tiny_model_file):
    result = bgtool("clean", hostile, "-o", tmp_path / "out", "--model", tiny_model_file, "--quiet")
    lines = result.stderr.decode().splitlines()
    assert result.returncode == 1
    assert sum(line.startswith("failed") for line in lines) == len(BAD)
    assert all(line.startswith(("failed", "warning")) for line in lines)


def test_score_gives_the_four_figures_and_their_mean(tmp_path):
    truth = np.zeros((40, 40), bool)
    truth[10:20, 10:30] = True
    for folder in ("truth", "result"):
        (tmp_path / folder).mkdir()
        for name in ("a", "b"):
            Image.fromarray(~truth).save(tmp_path / folder / f"{name}.png")
    half = truth.copy()
    half[15:] = False
    Image.fromarray(~half).save(tmp_path / "result" / "b.png")
    result = bgtool("score", tmp_path / "truth", tmp_path / "result")
    rows = [line.split("\t") for line in result.stdout.decode().splitlines()]
    assert result.returncode == 0
    assert rows[0] == ["name", "f_measure", "pseudo_f_measure", "psnr", "drd"]
    assert [row[:2] for row in rows[1:]] == [["a", "100.0000"], ["b", "66.6667"], ["mean", "83.3333"]]
    (tmp_path / "result" / "a.png").unlink()
    missing = bgtool("score", tmp_path / "truth", tmp_path / "result")
    assert missing.returncode == 1
    assert b"failed a" in missing.stderr


def test_doctor_proves_the_cpu_and_says_what_cuda_lacks():
    result = bgtool("doctor")
    assert result.returncode == 0, result.stderr.decode()
    lines = {line[4:].split()[0]: line for line in result.stdout.decode().splitlines()}
    assert lines["cpu"].startswith("ok")
    assert "MP/s" in lines["cpu"]
    assert lines["cuda"].startswith("no") == ("CUDA cannot be used" in lines["cuda"])


def test_standard_input_is_never_done_already(tmp_path, tiny_model_file):
    (tmp_path / "-").write_bytes(b"a file of that name")
    results = []
    for seed in (1, 2):
        source = BytesIO()
        page(seed=seed).save(source, "PNG")
        command = ("clean", "-", "-o", "out", "--model", tiny_model_file)
        assert bgtool(*command, stdin=source.getvalue(), cwd=tmp_path).returncode == 0
        results.append((tmp_path / "out" / "stdin.png").read_bytes())
    assert results[0] != results[1]


def test_an_output_retouched_by_hand_is_not_overwritten(tmp_path, tiny_model_file):
    (tmp_path / "in").mkdir()
    page().save(tmp_path / "in" / "a.png")
    command = ("clean", tmp_path / "in", "-o", tmp_path / "out", "--model", tiny_model_file)
    assert bgtool(*command).returncode == 0
    Image.new("L", (9, 9)).save(tmp_path / "out" / "a.png")
    retouched = (tmp_path / "out" / "a.png").read_bytes()
    again = bgtool(*command, "--style", "bilevel")
    assert again.returncode == 1
    assert b"a.png was changed since it was made, and is kept" in again.stderr
    assert (tmp_path / "out" / "a.png").read_bytes() == retouched
    assert bgtool(*command, "--style", "bilevel", "--overwrite").returncode == 0
