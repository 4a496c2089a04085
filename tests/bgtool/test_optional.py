"""An extra that is missing is named before the run, once, with a command that works."""

import os
import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest
from PIL import Image

from bgtool.optional import EXTRAS, command
from bgtool.runtime import doctor
from bgtool.runtime.devices import KINDS
from bgtool.runtime.session import load_model


def run_without(module, folder, *arguments):
    """A command of bgtool where a module cannot be imported."""
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(f"import sys\nsys.modules[{module!r}] = None\n")
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "bgtool", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )


@pytest.fixture
def folder(tmp_path):
    """Three files that need an extra by their names, and one that does not."""
    scans = tmp_path / "in"
    scans.mkdir()
    for suffix in (".heic", ".HEIF", ".pdf"):
        for name in "ab":
            (scans / f"{name}{suffix}").write_bytes(b"not looked into")
    Image.fromarray(np.full((40, 40), 255, np.uint8)).save(scans / "page.png")
    return scans


@pytest.mark.parametrize(
    ("module", "extra", "lacking", "more"),
    [
        ("pillow_heif", "heif", 4, []),
        ("pillow_heif", "heif", 4, ["--dry-run"]),
        ("pikepdf", "pdf", 2, ["--quiet"]),
    ],
)
def test_inputs_that_need_it_are_named_in_one_line(folder, tiny_model_file, tmp_path, module, extra, lacking, more):
    for path in folder.iterdir():
        if path.suffix.lower() not in EXTRAS[extra].suffixes | {".png"}:
            path.unlink()
    result = run_without(module, tmp_path, "clean", folder, "-o", tmp_path / "out", "--model", tiny_model_file, *more)
    (line,) = [line for line in result.stderr.splitlines() if "failed " in line and "done" not in line]
    assert f"and {lacking - 1} more: " in line
    assert line.endswith(f"({command(extra)})")
    assert result.returncode == 1
    if "--dry-run" in more:
        assert [line.split("/")[-1] for line in result.stdout.splitlines()] == ["page.png"]
    else:
        assert (tmp_path / "out" / "page.png").exists()
        assert more or f"1 done, {lacking} failed" in result.stderr


@pytest.mark.parametrize(
    ("module", "extra", "more"),
    [("pikepdf", "pdf", ["--format", "pdf", "--dry-run"]), ("watchfiles", "watch", ["--watch"])],
)
def test_a_run_that_needs_it_for_all_does_not_start(folder, tiny_model_file, tmp_path, module, extra, more):
    out = tmp_path / "out"
    result = run_without(module, tmp_path, "clean", folder, "-o", out, "--model", tiny_model_file, *more)
    assert result.returncode == 2
    assert command(extra) in result.stderr
    assert not out.exists()


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_command_installs_what_the_package_itself_asks_for(extra):
    assert command(extra).startswith("pip install ")
    assert "bgtool" not in command(extra), "no release is published"
    for module in EXTRAS[extra].modules:
        assert module.replace("_", "-") in command(extra)


def test_without_metadata_the_command_names_the_modules(monkeypatch):
    def refuse(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", refuse)
    assert command("pdf") == "pip install pypdfium2 pikepdf"


def test_doctor_lists_the_extras_and_does_not_send_to_itself(tmp_path):
    result = run_without("pillow_heif", tmp_path, "doctor")
    lines = {line[4:].split("  ")[0]: line for line in result.stdout.splitlines()}
    assert lines["extra pdf"].startswith("ok ")
    assert lines["extra heif"].startswith("no ")
    assert lines["extra heif"].endswith(command("heif"))
    assert "bgtool doctor" not in result.stdout


def test_doctor_looks_for_the_program_too(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = (each for each in doctor.extras() if each.subject == "extra ocr")
    assert (found.good, found.text) == (False, "--ocr: the program tesseract is not there")


def test_a_run_on_a_plain_onnxruntime_says_nothing_of_cuda(tiny_model_file):
    import onnxruntime

    if KINDS["cuda"].provider in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    device = load_model(str(tiny_model_file)).device
    assert device.kind == "cpu"
    assert device.why
    assert "CUDA" not in device.why
    assert doctor.try_device("cuda").text.startswith("CUDA cannot be used")


def test_openvino_is_not_taken_unasked():
    assert not KINDS["openvino"].automatic
