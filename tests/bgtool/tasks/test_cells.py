"""What a page is summed up to."""

import numpy as np

from bgtool.imaging.reading.picture import ArraySource
from bgtool.tasks.cells import CELL, STRIP, cells_of, page_cells


def test_a_cell_holds_extremes_means_steps_and_quarters():
    pixels = np.full((CELL, 2 * CELL, 3), 200, np.uint8)
    pixels[: CELL // 2, : CELL // 2] = 40  # upper left quarter of the first cell
    cells = cells_of(pixels)
    assert cells.shape == (11, 1, 2)
    assert cells[:, 0, 1].tolist() == [200, 200, 200, 200, 200, 0, 0, 200, 200, 200, 200]
    darkest, lightest, red, green, blue, across, down, *quarters = cells[:, 0, 0].tolist()
    assert (darkest, lightest, red, green, blue) == (40, 200, 160, 160, 160)
    assert across == down == 160 * (CELL // 2) // CELL**2
    assert quarters == [40, 200, 200, 200]


def test_colours_stay_apart():
    pixels = np.zeros((CELL, CELL, 3), np.uint8)
    pixels[:] = (250, 120, 10)
    assert cells_of(pixels)[2:5, 0, 0].tolist() == [250, 120, 10]


def test_a_page_is_summed_up_in_strips_as_in_one_piece():
    pixels = np.random.default_rng(0).integers(0, 256, (2 * STRIP + 83, 141, 3)).astype(np.uint8)
    cells = page_cells(ArraySource(pixels))
    assert cells.shape == (11, -(-len(pixels) // CELL), -(-141 // CELL))
    parts = [cells_of(pixels[top : top + STRIP]) for top in range(0, len(pixels), STRIP)]
    assert np.array_equal(cells, np.concatenate(parts, axis=1))


def test_a_page_of_one_pixel_is_one_cell():
    assert page_cells(ArraySource(np.full((1, 1, 3), 7, np.uint8)))[:, 0, 0].tolist() == [
        7,
        7,
        7,
        7,
        7,
        0,
        0,
        7,
        7,
        7,
        7,
    ]
