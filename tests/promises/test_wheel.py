"""The built wheel is what is tested here: its contents, and its command line in an environment without PyTorch."""

import os
import platform
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bgtool.runtime.catalogue import shipped_models
from bgtool.runtime.devices import NEAR, SHARE
from tests.support.places import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT], check=True, capture_output=True
    )
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def fresh(wheel, tmp_path_factory):
    """The bin folder of a new environment that holds the wheel with its cpu extra, and nothing else."""
    return installed(wheel, "cpu", tmp_path_factory.mktemp("fresh"))


def installed(wheel, extra, folder):
    """The bin folder of a new environment with the wheel and one of its extras."""
    venv.create(folder, with_pip=True)
    bin_folder = folder / ("Scripts" if sys.platform == "win32" else "bin")
    subprocess.run([bin_folder / "pip", "install", "--quiet", f"{wheel}[{extra}]"], check=True)
    return bin_folder


def test_the_wheel_holds_the_package_and_its_models_only(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"bgtool"}
    for model in shipped_models():
        assert f"bgtool/models/{model.file}" in names
    data = {"bgtool/py.typed", "bgtool/imaging/srgb.icc", "bgtool/imaging/grey.icc", "bgtool/runtime/proof.png"}
    assert data <= set(names)
    page = {f"bgtool/report/{name}" for name in ("review.html", "review.css", "review.js", "again.js", "viewer.js")}
    assert page | {"bgtool/app/window.css"} <= set(names)
    assert sum(name.endswith(".onnx") for name in names) == len(shipped_models())


def test_the_wheel_cleans_the_examples_without_pytorch(fresh, tmp_path):
    packages = subprocess.run([fresh / "pip", "list"], check=True, capture_output=True, text=True).stdout.split()
    assert not {"torch", "torchvision", "onnx"} & set(packages)
    scan = ROOT / "examples" / "scans" / "index-card.png"
    result = subprocess.run(
        [fresh / "bgtool", "clean", scan, "-o", tmp_path / "out"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    with Image.open(tmp_path / "out" / scan.name) as page:
        histogram = page.convert("L").histogram()
    assert sum(histogram[245:]) > 0.7 * sum(histogram), "paper is white"
    assert 0 < sum(histogram[:128]) < 0.2 * sum(histogram), "ink is left"


def test_the_source_distribution_holds_what_its_tests_need(tmp_path):
    command = [sys.executable, "-m", "build", "--sdist", "--outdir", tmp_path, ROOT]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path, filter="data")
    (root,) = (entry for entry in tmp_path.iterdir() if entry.is_dir())
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    for name in tracked.splitlines():
        assert name.startswith(".") or (root / name).is_file(), name
    few = ["test_locks.py", "docs/test_docs.py", "bgtool/runtime/test_card.py", "bgtool/runtime/test_tiling.py"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/{name}" for name in few)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout


def test_no_module_of_the_package_imports_pytorch_or_onnx():
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / "bgtool").rglob("*.py"))
        if path.name not in ("__main__.py",)
    ]
    program = "import sys\nfor name in ('torch', 'torchvision', 'onnx'): sys.modules[name] = None\n" + "".join(
        f"import {module.removesuffix('.__init__')}\n" for module in modules
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_importing_the_package_is_light():
    program = "import sys, bgtool; print([m for m in ('numpy', 'PIL', 'rich', 'onnxruntime') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_version_is_the_same_everywhere(fresh):
    from bgtool import __version__

    shown = subprocess.run([fresh / "bgtool", "--version"], check=True, capture_output=True, text=True).stdout
    assert __version__ in shown
    assert f"## {__version__}" in Path(ROOT / "CHANGELOG.md").read_text()


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="OpenVINO's wheels are for x86")
def test_openvino_runs_where_it_is_asked_for_only_and_draws_what_the_cpu_draws(wheel, tmp_path):
    fresh = installed(wheel, "openvino", tmp_path / "openvino")
    scan = ROOT / "examples" / "scans" / "index-card.png"
    for model, bound in (((), SHARE), (("--model", "document"), 0.999)):
        same_page_everywhere(fresh, scan, tmp_path, model, bound)


def same_page_everywhere(fresh, scan, tmp_path, model, bound):
    pages = {}
    for device in ("openvino", "cpu", "auto"):
        result = subprocess.run(
            [
                fresh / "bgtool",
                "clean",
                scan,
                "-o",
                tmp_path / f"{device}.png",
                "--device",
                device,
                "--overwrite",
                *model,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        assert ("on openvino" in result.stderr) == (device == "openvino"), result.stderr
        with Image.open(tmp_path / f"{device}.png") as page:
            pages[device] = np.asarray(page.convert("L"), np.int16)
    assert (pages["auto"] == pages["cpu"]).all()
    apart = np.abs(pages["openvino"] - pages["cpu"])
    assert (apart <= NEAR).mean() >= bound
    assert ((pages["openvino"] < 128) != (pages["cpu"] < 128)).mean() < 0.001
