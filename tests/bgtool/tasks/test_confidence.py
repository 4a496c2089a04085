"""How sure results are said to be, from what networks could say, and where a run puts it."""

import json

import numpy as np
import pytest
from PIL import Image

import bgtool
from bgtool.imaging.reading.open import open_pages
from bgtool.options import CleanOptions
from bgtool.tasks.assessment import of_page, of_photo
from bgtool.tasks.confidence import Confidence, Reason, least
from bgtool.tasks.guard import Findings
from bgtool.tasks.order import order_for
from bgtool.tasks.registry import work_for

FINE = Findings(lost=0.0, box=None, added=0.0, level=220.0, edge=0.0, blank=0.8, contrast=120.0)


def levels(ink=0, paper=0, undecided=0):
    """A histogram with so many pixels of black, white and a grey that is just ink."""
    found = np.zeros(256, np.int64)
    found[[0, 255, 120]] = ink, paper, undecided
    return found


def alpha(person=1.0, around=0.0, box=(10, 10, 40, 40)):
    plane = np.full((60, 60), around, np.float32)
    plane[box[1] : box[3], box[0] : box[2]] = person
    return plane


def test_a_decided_page_is_sure_and_needs_no_look():
    assert of_page(levels(ink=100, paper=900), FINE) == Confidence(1.0)


def test_the_more_ink_is_undecided_the_less_sure_a_page_is():
    values = [of_page(levels(ink=100 - n, paper=900, undecided=n), FINE).value for n in (0, 10, 50, 100)]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == 4
    assert of_page(levels(ink=20, paper=900, undecided=80), FINE).reasons == (Reason.UNDECIDED,)


def test_pale_grey_on_paper_is_doubt_too():
    pale = levels(ink=100, paper=700)
    pale[200] = 200
    assert of_page(pale, FINE).value < 0.9


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        (Reason.LOST, {"lost": 0.3}),
        (Reason.ADDED, {"added": 0.3}),
        (Reason.EDGE, {"edge": 0.3}),
        (Reason.DARK, {"level": 60.0}),
        (Reason.FAINT, {"contrast": 30.0}),
    ],
)
def test_each_finding_has_its_reason(reason, changes):
    findings = Findings(**{**vars(FINE), **changes})
    assert of_page(levels(ink=100, paper=900), findings).reasons == (reason,)


def test_what_was_lost_counts_against_a_page():
    findings = Findings(**{**vars(FINE), "lost": 0.4})
    assert of_page(levels(ink=100, paper=900), findings).value == pytest.approx(0.6)


def test_a_page_without_ink_is_least_sure_and_nearly_blank():
    assert of_page(levels(paper=1000), FINE) == Confidence(0.0, (Reason.BLANK,))


def test_a_decided_person_is_sure():
    assert of_photo(alpha(), found=True) == Confidence(1.0)


def test_nobody_found_is_least_sure():
    assert of_photo(alpha(), found=False) == Confidence(0.0, (Reason.NOBODY,))
    assert of_photo(alpha(person=0.3), found=True).value == 0.0


def test_doubt_along_the_outline_and_doubt_in_areas_are_told_apart():
    edge = alpha(person=0.55)
    edge[15:35, 15:35] = 1
    assert of_photo(edge, found=True).reasons == (Reason.UNSURE_EDGE,)
    assert of_photo(alpha(around=0.3), found=True).reasons == (Reason.UNSURE_AREA,)


def test_people_at_the_border_and_small_ones_are_named():
    assert Reason.CUT in of_photo(alpha(box=(0, 0, 40, 60)), found=True).reasons
    assert Reason.SMALL in of_photo(alpha(box=(30, 30, 33, 33)), found=True).reasons


def test_a_file_is_as_sure_as_its_least_sure_page():
    pages = [Confidence(0.9, (Reason.FAINT,)), Confidence(0.4, (Reason.LOST,)), None, Confidence(1.0)]
    assert least(pages) == Confidence(0.4, (Reason.LOST, Reason.FAINT))
    assert least([None]) is None


def test_a_run_keeps_it_in_the_manifest(tmp_path, tiny_model_file):
    pages = np.random.default_rng(1).integers(0, 255, (2, 60, 90), dtype=np.uint8)
    Image.fromarray(pages[0]).save(tmp_path / "a.tif", save_all=True, append_images=[Image.fromarray(pages[1])])
    bgtool.clean_files(tmp_path / "a.tif", output=tmp_path / "out", model=tiny_model_file, device="cpu")
    record = json.loads((tmp_path / "out" / "bgtool-manifest.jsonl").read_text())
    assert 0 <= record["confidence"] <= 1
    assert set(record["reasons"]) <= set(Reason)


def test_a_streamed_page_has_it_once_its_rows_are_written(tmp_path, tiny_model, monkeypatch):
    monkeypatch.setattr("bgtool.tasks.cleaning.STREAMED_ABOVE", 10)
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (60, 90), dtype=np.uint8)).save(tmp_path / "a.png")
    with open_pages(tmp_path / "a.png", max_megapixels=1) as reader:
        for page in reader:
            work = work_for(order_for(CleanOptions(inputs=(), output="")))
            [result] = work(page, tiny_model, lambda pixels: None)
            assert result.confidence() is None
            assert sum(map(len, result.bands.rows)) == 60
            assert isinstance(result.confidence(), Confidence)


def test_photos_have_it_too(tmp_path, person_model_file):
    Image.new("RGB", (80, 60), "blue").save(tmp_path / "a.png")
    bgtool.cutout_files(tmp_path / "a.png", output=tmp_path / "out", model=person_model_file, device="cpu")
    record = json.loads((tmp_path / "out" / "bgtool-manifest.jsonl").read_text())
    assert (record["confidence"], record["reasons"]) == (0.0, ["no person found"])
