"""Double pages that become two files: their names, what is on record of them, and that no promise is lost over it."""

import json

import numpy as np
import pytest
from PIL import Image

import bgtool
from bgtool.batch.bag import _digests
from bgtool.batch.history import read
from bgtool.batch.verification import Verification
from bgtool.errors import UsageError
from bgtool.report.items import items_of
from bgtool.storage.file_journal import FILE_NAME
from tests.support.scans import on_bed, page, spread


@pytest.fixture
def scans(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    on_bed(spread(), 0)[0].save(folder / "book.png")
    page().save(folder / "leaf.png")
    return folder


@pytest.fixture
def clean(tmp_path, scans, tiny_model_file):
    def run(**options):
        options = {"split": "auto", "crop": "page"} | options
        return bgtool.clean_files(scans, output=tmp_path / "out", model=tiny_model_file, device="cpu", **options)

    return run


def names(out):
    return sorted(file.name for file in out.iterdir() if file.name != FILE_NAME)


def lines(out):
    found = [json.loads(line) for line in (out / FILE_NAME).read_text(encoding="utf-8").splitlines()]
    return {line["input"]: line for line in found}


def test_a_double_page_becomes_two_files_in_reading_order(tmp_path, clean):
    clean()
    assert names(tmp_path / "out") == ["book-1.png", "book-2.png", "leaf.png"]
    line = lines(tmp_path / "out")["book.png"]
    assert (line["output"], line["second"]["output"], line["pages"]) == ("book-1.png", "book-2.png", 2)
    left, right = (placed["corners"][0][0] for placed in line["geometry"])
    assert left < right
    sizes = [list(Image.open(tmp_path / "out" / f"book-{number}.png").size) for number in (1, 2)]
    assert sizes == [placed["size"] for placed in line["geometry"]]
    assert "second" not in lines(tmp_path / "out")["leaf.png"]


def test_the_right_half_may_come_first(tmp_path, clean):
    clean(right_to_left=True)
    first, second = (placed["corners"][0][0] for placed in lines(tmp_path / "out")["book.png"]["geometry"])
    assert first > second


@pytest.mark.parametrize("half", ["book-1.png", "book-2.png"])
def test_a_half_that_is_gone_or_changed_is_told_and_made_again(tmp_path, clean, half):
    out = tmp_path / "out"
    clean()
    assert (clean().done, clean().skipped) == (0, 2)
    assert list(Verification(str(out)).findings()) == []
    content = (out / half).read_bytes()
    (out / half).unlink()
    assert [finding.path for finding in Verification(str(out)).findings()] == [str(out / half)]
    assert clean().done == 1
    assert (out / half).read_bytes() == content
    (out / half).write_bytes(b"another's")
    summary = clean()
    assert summary.failed == 1
    assert (out / half).read_bytes() == b"another's"


def test_a_foreign_file_in_the_place_of_a_half_stays(tmp_path, clean):
    out = tmp_path / "out"
    out.mkdir()
    (out / "book-2.png").write_bytes(b"mine")
    summary = clean()
    assert (summary.done, summary.failed) == (1, 1)
    assert (out / "book-2.png").read_bytes() == b"mine"
    assert names(out) == ["book-2.png", "leaf.png"]


@pytest.mark.parametrize("before", [False, True])
def test_an_input_called_like_a_half_keeps_its_own_output(tmp_path, scans, clean, before):
    other = Image.new("RGB", (300, 400), (240, 238, 230))
    other.save(scans / "book-1.png")
    if before:
        clean(split="none")
    clean()
    out, found = tmp_path / "out", lines(tmp_path / "out")
    files = [found["book.png"]["output"], found["book.png"]["second"]["output"], found["book-1.png"]["output"]]
    assert len(set(files)) == 3
    with Image.open(out / found["book-1.png"]["output"]) as result:
        assert result.size == other.size
    assert (clean().done, clean().skipped) == (0, 3)


def test_a_page_that_is_parted_no_more_leaves_its_halves_as_orphans(tmp_path, clean):
    out = tmp_path / "out"
    clean()
    assert clean(split="none", overwrite=False).done >= 1
    orphans = {finding.path for finding in Verification(str(out)).findings()}
    assert orphans == {str(out / "book-1.png"), str(out / "book-2.png")}
    clean()
    assert {finding.path for finding in Verification(str(out)).findings()} == {str(out / "book.png")}


def test_both_halves_go_into_a_bag_and_the_first_is_shown_for_review(tmp_path, clean):
    out = tmp_path / "out"
    clean()
    assert set(_digests(read(str(out)))) == {"book-1.png", "book-2.png", "leaf.png"}
    assert {item.output for item in items_of(out)} == {"book-1.png", "leaf.png"}


def test_halves_of_an_input_that_is_gone_are_said_to_stay(tmp_path, scans, clean):
    clean()
    (scans / "book.png").unlink()
    history = read(str(tmp_path / "out"))
    assert list(history.orphans([])) == ["book-1.png", "book-2.png"]


def test_a_kill_between_the_halves_is_made_good(tmp_path, clean):
    out = tmp_path / "out"
    clean()
    second = (out / "book-2.png").read_bytes()
    record = (out / FILE_NAME).read_text(encoding="utf-8").splitlines(keepends=True)
    line = next(one for one in record if "book.png" in one)
    (out / "book-1.png").unlink()
    read(str(out)).journal.announce(str(out / "book-2.png"), json.loads(line)["second"]["output_sha256"])
    (out / FILE_NAME).write_text("".join(one for one in record if one is not line), encoding="utf-8")
    assert clean().failed == 0
    assert (out / "book-2.png").read_bytes() == second


def test_one_file_cannot_take_two_pages(tmp_path, scans):
    with pytest.raises(UsageError):
        bgtool.clean_files(scans / "book.png", output=tmp_path / "out.png", split="auto")


def test_a_line_whose_halves_do_not_belong_together_is_passed_over(tmp_path, clean):
    out = tmp_path / "out"
    clean()
    text = (out / FILE_NAME).read_text(encoding="utf-8").replace('"book-2.png"', '"leaf.png"')
    (out / FILE_NAME).write_text(text, encoding="utf-8")
    assert set(read(str(out)).names.values()) == {"leaf.png"}
    assert np.array(Image.open(out / "leaf.png")).size
