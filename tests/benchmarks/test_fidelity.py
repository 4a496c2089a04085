"""The pages of the fidelity benchmark are drawn alike each time, and judged by what a result keeps of them."""

from itertools import groupby

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("zxingcpp")

from benchmarks.suites.fidelity import KINDS, judge, sheet

FONTS = all(any(sheet.FONT_FOLDER.rglob(f"{name}.ttf")) for name in (*sheet.SERIFS, *sheet.SANS, *sheet.BOLD))
needs_fonts = pytest.mark.skipif(not FONTS, reason="Debian's fonts are not installed")


class Deaf(judge.Reader):
    """A reader for machines without tesseract: reads nothing."""

    def words(self, image, scale=1.0):
        return judge.words_in("")


@pytest.fixture
def reader(tmp_path):
    return Deaf(tmp_path)


def perfect(scan):
    """The result that keeps all of a page, and nothing else."""
    page = Image.fromarray(np.where(scan.ink, 0, 255).astype(np.uint8))
    page.paste(scan.image.convert("L"), mask=Image.fromarray(scan.pictures))
    return page


def test_there_are_forty_kinds_and_more():
    assert len(KINDS) >= 40


@needs_fonts
@pytest.mark.parametrize("kind", ["typewriter", "stamps over text", "QR codes, 2 px", "torn on dark bed", "photo"])
def test_a_page_is_drawn_alike_each_time_and_no_two_are_alike(kind):
    first, again, other = (KINDS[kind](f"{kind} {number}") for number in (0, 0, 1))
    assert first.image.tobytes() == again.image.tobytes()
    assert (first.ink == again.ink).all()
    assert (first.words, first.codes) == (again.words, again.codes)
    assert first.image.tobytes() != other.image.tobytes()


@needs_fonts
def test_what_keeps_everything_is_judged_full_and_what_keeps_nothing_empty(reader):
    scan = KINDS["photo"]("photo 0")
    assert judge.figures(scan, perfect(scan), reader) == {"words": 0, "ink": 1, "paper": 1, "pictures": 1}
    blank = judge.figures(scan, Image.new("L", scan.image.size, 255), reader)
    assert blank["ink"] == 0
    assert blank["pictures"] < 0.5
    black = judge.figures(scan, Image.new("L", scan.image.size, 0), reader)
    assert (black["ink"], black["paper"]) == (1, 0)


@needs_fonts
def test_codes_are_read_in_what_keeps_them(reader):
    scan = KINDS["bar codes, 2 px"]("bar codes, 2 px 0")
    assert judge.figures(scan, perfect(scan), reader)["codes"] == 1
    assert judge.figures(scan, Image.new("1", scan.image.size, 1), reader)["codes"] == 0


def test_words_are_counted_as_often_as_they_stand():
    truth = judge.words_in("The mill, the MILL and a coal-pit")
    assert truth == {"the": 2, "mill": 2, "and": 1, "coal": 1, "pit": 1}
    assert judge.share(truth, judge.words_in("the mill and more")) == pytest.approx(3 / 7)


def test_names_of_pages_are_told_apart():
    from benchmarks.suites.fidelity import file_name

    names = sorted(file_name(kind, 0) for kind in KINDS)
    assert all(len(list(same)) == 1 for _, same in groupby(names))
