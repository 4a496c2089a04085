"""The figures against the contest's own program, against hand counts, and against what must always hold."""

import csv
import math

import numpy as np
import pytest
from PIL import Image

from bgtool.errors import InputError
from bgtool.scoring.metrics import (
    DocumentFigures,
    PersonFigures,
    boundary_f_measure,
    document_figures,
    drd,
    f_measure,
    jaccard,
    mean,
    person_figures,
    pseudo_f_measure,
    psnr,
)
from bgtool.scoring.pseudo import PseudoWeights, pseudo_weights
from tests.support.places import DATA

ORACLE = DATA / "metric_oracle"
needs_oracle = pytest.mark.skipif(
    not ORACLE.is_dir(), reason=f"no figures of the contest's program in {ORACLE} (set BGTOOL_DATA)"
)
PAGES = [
    "09_H03",
    "09_P05",
    "11_PR8_GT",
    "12_H02_GT",
    "12_H08_GT",
    "12_H11_GT",
    "13_HW03_estGT",
    "13_PR02_estGT",
    "14_H06_estGT",
    "16_10_gt",
    "17_6_gt",
    "17_7_gt",
]


def read_ink(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("L")) < 128


def official(name):
    with (ORACLE / "official.csv").open(newline="") as file:
        (row,) = (row for row in csv.DictReader(file) if row["name"] == name)
    return {figure: float(value) for figure, value in row.items() if figure != "name"}


def official_weights(name, kind):
    with np.load(ORACLE / "weights" / f"{name}_{kind}.npz") as archive:
        return archive[archive.files[0]].astype(np.float32)


def pair(name):
    return read_ink(ORACLE / "truth" / f"{name}.png"), read_ink(ORACLE / "result" / f"{name}.png")


def blank(height=8, width=8):
    return np.zeros((height, width), dtype=np.bool_)


def with_ink(*pixels, height=8, width=8):
    page = blank(height, width)
    for row, column in pixels:
        page[row, column] = True
    return page


def random_pair(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 40, size=2)
    density = rng.uniform(0.05, 0.95)
    truth = rng.random((height, width)) < density
    return truth, truth ^ (rng.random(truth.shape) < 0.2)


@needs_oracle
class TestAgainstTheContestsProgram:
    @pytest.mark.parametrize("name", PAGES)
    def test_figures(self, name):
        figures, expected = document_figures(*pair(name)), official(name)
        assert figures.f_measure == pytest.approx(expected["f_measure"], abs=0.001)
        assert figures.psnr == pytest.approx(expected["psnr"], abs=0.001)
        assert figures.drd == pytest.approx(expected["drd"], abs=0.001)
        assert figures.pseudo_f_measure == pytest.approx(expected["pseudo_f_measure"], abs=0.15)

    @pytest.mark.parametrize("name", ["14_H06_estGT", "17_6_gt"])
    def test_pseudo_f_measure_with_its_own_weights(self, name):
        weights = PseudoWeights(official_weights(name, "recall"), official_weights(name, "precision"))
        expected = official(name)["pseudo_f_measure"]
        assert pseudo_f_measure(*pair(name), weights) == pytest.approx(expected, abs=0.001)

    @pytest.mark.parametrize("name", ["14_H06_estGT", "17_6_gt"])
    @pytest.mark.parametrize("kind", ["recall", "precision"])
    def test_weights(self, name, kind):
        ours, theirs = getattr(pseudo_weights(pair(name)[0]), kind), official_weights(name, kind)
        assert np.mean(np.abs(ours - theirs) > 0.001) < 0.01


class TestByHand:
    def test_f_measure_counts_hits_and_misses(self):
        truth, result = with_ink((0, 0), (0, 1), (0, 2)), with_ink((0, 1), (0, 2), (0, 3), (0, 4))
        precision, recall = 2 / 4, 2 / 3
        assert f_measure(truth, result) == pytest.approx(100 * 2 * precision * recall / (precision + recall))

    def test_pseudo_f_measure_weighs_hits_and_misses(self):
        truth, result = with_ink((0, 0), (0, 1), width=4, height=1), with_ink((0, 1), (0, 2), width=4, height=1)
        weights = PseudoWeights(
            recall=np.array([[0.25, 0.75, 0, 0]], dtype=np.float32),
            precision=np.array([[0, 0, 0.5, 1]], dtype=np.float32),
        )
        recall, precision = 0.75, 1 / (1 + 1.5)
        expected = 100 * 2 * precision * recall / (precision + recall)
        assert pseudo_f_measure(truth, result, weights) == pytest.approx(expected)

    def test_psnr_of_one_flip_in_a_hundred(self):
        assert psnr(blank(10, 10), with_ink((3, 4), height=10, width=10)) == pytest.approx(20)

    def test_drd_of_a_flip_far_from_everything_is_one_over_the_mixed_blocks(self):
        truth = with_ink((0, 0), (0, 8), height=8, width=24)
        assert drd(truth, truth | with_ink((4, 20), height=8, width=24)) == pytest.approx(1 / 2)

    def test_drd_of_a_neighbour_of_the_same_colour_is_less(self):
        truth = with_ink((3, 3))
        total = 4 + 4 / math.sqrt(2) + 4 / 2 + 8 / math.sqrt(5) + 4 / math.sqrt(8)
        assert drd(truth, truth | with_ink((3, 4))) == pytest.approx(1 - 1 / total)

    def test_drd_takes_nothing_from_outside_the_page(self):
        truth = with_ink((0, 0))
        total = 4 + 4 / math.sqrt(2) + 4 / 2 + 8 / math.sqrt(5) + 4 / math.sqrt(8)
        corner = 2 + 1 / math.sqrt(2) + 2 / 2 + 2 / math.sqrt(5) + 1 / math.sqrt(8)
        assert drd(truth, truth | with_ink((7, 7))) == pytest.approx(corner / total)

    def test_drd_leaves_out_blocks_cut_by_the_edge(self):
        truth = with_ink((0, 0), (9, 9), height=12, width=12)
        assert drd(truth, truth | with_ink((5, 5), height=12, width=12)) == pytest.approx(1)

    def test_jaccard(self):
        assert jaccard(with_ink((0, 0), (0, 1)), with_ink((0, 1), (0, 2))) == pytest.approx(1 / 3)

    @pytest.mark.parametrize(("tolerance", "expected"), [(0, 0.0), (1, 0.0), (1.5, 1.0), (5, 1.0)])
    def test_boundary_tolerance_is_a_disk(self, tolerance, expected):
        assert boundary_f_measure(with_ink((3, 3)), with_ink((4, 4)), tolerance) == expected

    def test_boundary_stops_at_the_frame(self):
        truth, result = blank(20, 20), blank(20, 20)
        truth[:, :10] = True
        result[:, :10] = True
        result[0:3, 0:3] = False
        assert boundary_f_measure(truth, result, tolerance=0) == pytest.approx(2 * 20 / (20 + 26))

    def test_mean(self):
        one, two = DocumentFigures(90, 92, 18, 2), DocumentFigures(80, 84, 14, 6)
        assert mean([one, two]) == DocumentFigures(85, 88, 16, 4)
        assert mean([PersonFigures(0.5, 1.0)]) == PersonFigures(0.5, 1.0)

    def test_mean_of_an_identical_page_is_infinite_in_psnr_only(self):
        figures = mean([DocumentFigures(100, 100, math.inf, 0), DocumentFigures(80, 84, 14, 6)])
        assert figures == DocumentFigures(90, 92, math.inf, 3)

    def test_mean_of_nothing_is_an_error(self):
        with pytest.raises(ValueError, match="no figures"):
            mean([])


PERFECT = DocumentFigures(100.0, 100.0, math.inf, 0.0)


class TestEdges:
    @pytest.mark.parametrize("page", [blank(), ~blank(), blank(1, 1), ~blank(1, 1), with_ink((2, 2), (5, 5), (5, 6))])
    def test_identical_pages(self, page):
        assert document_figures(page, page.copy()) == PERFECT
        assert person_figures(page, page.copy()) == PersonFigures(1.0, 1.0)

    def test_ink_on_an_empty_truth(self):
        figures = document_figures(blank(), with_ink((4, 4)))
        assert figures == DocumentFigures(0.0, 0.0, pytest.approx(10 * math.log10(64)), pytest.approx(1.0))

    def test_empty_result(self):
        figures = document_figures(with_ink((4, 4)), blank())
        assert (figures.f_measure, figures.pseudo_f_measure) == (0.0, 0.0)
        assert figures.drd == pytest.approx(0.0)

    def test_all_ink_against_none(self):
        assert document_figures(~blank(), blank()).psnr == 0.0
        assert person_figures(~blank(), blank()) == PersonFigures(0.0, 0.0)

    def test_one_pixel(self):
        figures = document_figures(~blank(1, 1), blank(1, 1))
        assert figures == DocumentFigures(0.0, 0.0, 0.0, 0.0)

    def test_an_outline_against_none_is_zero(self):
        assert boundary_f_measure(with_ink((4, 4)), blank()) == 0.0

    @pytest.mark.parametrize("figure", [document_figures, person_figures, f_measure, psnr, drd, jaccard])
    def test_sizes_must_agree(self, figure):
        with pytest.raises(InputError, match="the result is 9 x 8 pixels, its truth 8 x 8"):
            figure(blank(), blank(8, 9))

    @pytest.mark.parametrize("wrong", [np.zeros((8, 8), dtype=np.uint8), np.zeros((8, 8, 3), dtype=np.bool_), blank(0)])
    def test_only_masks_are_measured(self, wrong):
        with pytest.raises(InputError, match="is no mask"):
            f_measure(wrong, wrong)

    def test_weights_of_another_page_are_refused(self):
        weights = PseudoWeights(np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32))
        with pytest.raises(InputError, match="weights"):
            pseudo_f_measure(blank(), blank(), weights)


@pytest.mark.parametrize("seed", range(40))
class TestAlways:
    def test_ranges(self, seed):
        truth, result = random_pair(seed)
        document, person = document_figures(truth, result), person_figures(truth, result)
        assert 0 <= document.f_measure <= 100
        assert 0 <= document.pseudo_f_measure <= 100
        assert document.psnr >= 0
        assert document.drd >= 0
        assert 0 <= person.jaccard <= 1
        assert 0 <= person.boundary_f <= 1

    def test_symmetry(self, seed):
        truth, result = random_pair(seed)
        for figure in (f_measure, psnr, jaccard, boundary_f_measure):
            assert figure(truth, result) == pytest.approx(figure(result, truth))

    def test_f_measure_and_jaccard_tell_the_same(self, seed):
        truth, result = random_pair(seed)
        overlap = jaccard(truth, result)
        assert f_measure(truth, result) / 100 == pytest.approx(2 * overlap / (1 + overlap))

    def test_one_more_flip_is_never_better(self, seed):
        truth, result = random_pair(seed)
        agreeing = np.argwhere(truth == result)
        if not agreeing.size:
            return
        row, column = agreeing[0]
        worse = result.copy()
        worse[row, column] ^= True
        assert psnr(truth, worse) < psnr(truth, result)
        assert drd(truth, worse) >= drd(truth, result)

    def test_mirroring_changes_no_figure_without_a_direction(self, seed):
        truth, result = random_pair(seed)
        for figure in (f_measure, psnr, jaccard, boundary_f_measure):
            assert figure(truth[:, ::-1], result[:, ::-1]) == pytest.approx(figure(truth, result))
