"""The benchmarks measure what they say, and their report says what they measured."""

import json
import sys

import numpy as np
import pytest
from PIL import Image

from benchmarks.harness import material, report
from benchmarks.harness.measure import run
from benchmarks.harness.tables import Section, Table, keep, kept, shown
from bgtool.runtime.session import load_model
from bgtool.runtime.task import ModelTask
from tests.support.places import ROOT


@pytest.fixture
def results(tmp_path):
    tables = [Table("Pages", [{"": "bgtool", "MP/s": 3.14159, "note": None}], "A note.")]
    file = tmp_path / "results.json"
    for name in ("documents", "startup"):
        found = Section(f"python -m benchmarks {name}", "2026-01-31", "a processor", {"Python": "3.11"}, tables)
        keep(file, name, found)
    return file


def test_the_performance_page_is_what_the_results_say():
    sections = kept(report.RESULTS)
    assert (ROOT / "docs" / "reference" / "performance.md").read_text(encoding="utf-8") == report.page(sections)


def test_a_page_gives_each_table_with_its_command_place_and_date(results):
    page = report.page(kept(results))
    for text in (
        "    python -m benchmarks documents\n",
        "2026-01-31, a processor; Python 3.11.",
        "| bgtool | 3.14 | – |",
    ):
        assert text in page
    assert page.count("**Pages**") == 2


def test_results_of_other_benchmarks_stay(results):
    assert set(json.loads(results.read_text())) == {"documents", "startup"}


@pytest.mark.parametrize(
    ("value", "text"), [(0.123456, "0.123"), (1234.5, "1,234"), (None, "–"), ("a", "a"), (99.99, "100")]
)
def test_figures_are_shown_with_three_digits(value, text):
    assert shown(value) == text


def test_the_memory_of_a_command_is_its_own():
    ballast = np.ones(300 * 2**20, np.uint8)  # in this process, which must not count
    small = run([sys.executable, "-c", "pass"])
    large = run([sys.executable, "-c", "b = bytearray(b'x') * (200 * 2**20)"])
    assert ballast.any()
    assert small.peak_mib < 100
    assert 200 < large.peak_mib < 300


def test_a_command_that_fails_is_no_measurement():
    with pytest.raises(RuntimeError, match="exited with 3: oh no"):
        run([sys.executable, "-c", "print('oh no'); raise SystemExit(3)"])


def test_a_folder_of_pages_is_the_same_each_time_and_no_two_pages_are_alike(tmp_path):
    first = material.pages(tmp_path / "a", 4, (62, 88))
    again = material.pages(material.pages(tmp_path / "b", 5, (62, 88)), 4, (62, 88))
    files = sorted(first.iterdir())
    assert [file.suffix for file in files] == [".jpg", ".png", ".tif", ".jpg"]
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in sorted(again.iterdir())]
    assert len({np.asarray(Image.open(file).convert("RGB")).tobytes() for file in files}) == 4


@pytest.mark.parametrize("megapixels", [0.5, 10])
def test_a_page_has_the_size_asked_for(tmp_path, megapixels):
    with Image.open(material.page(tmp_path / "page.jpg", megapixels)) as page:
        assert page.width * page.height == pytest.approx(megapixels * 1e6, rel=0.002)
        assert page.height / page.width == pytest.approx(2**0.5, rel=0.01)


def test_the_naive_export_has_cubic_resizes_and_gives_the_same_page(tmp_path, picture):
    pytest.importorskip("onnx")
    from benchmarks.peers import variants

    naive = variants.naive(variants.shipped(ModelTask.DOCUMENT))
    kinds = [node.op_type for node in naive.graph.node]
    assert "Resize" in kinds
    assert "Pad" not in kinds
    model = load_model(str(variants.written(naive, tmp_path / "naive.onnx")), device="cpu")
    difference = model.run(picture).astype(int) - load_model("document", device="cpu").run(picture)
    assert np.abs(difference).max() <= 1


def test_the_model_for_rembg_gives_the_shipped_models_alpha(picture):
    pytest.importorskip("onnx")
    import onnxruntime

    from benchmarks.peers import variants

    model = variants.for_rembg(variants.shipped(ModelTask.PERSON)).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    square = np.resize(picture, (1, variants.REMBG_SIZE, variants.REMBG_SIZE, 3))
    normalised = (square / 255 - variants.IMAGENET_MEAN) / variants.IMAGENET_STD
    (mask,) = session.run(None, {session.get_inputs()[0].name: normalised.transpose(0, 3, 1, 2).astype(np.float32)})
    expected = load_model(task="person", device="cpu").run(square)
    assert mask.shape == (1, 1, variants.REMBG_SIZE, variants.REMBG_SIZE)
    assert np.abs(np.rint(mask[:, 0] * 255).astype(int) - expected).max() <= 1


@pytest.fixture
def picture():
    return np.random.default_rng(7).integers(0, 256, (1, 128, 160, 3), dtype=np.uint8)
