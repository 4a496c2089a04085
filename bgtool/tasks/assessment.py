"""How sure results are, from what their network said.

The network's outputs are taken for probabilities. From them follows how well a result can be expected to agree with
its truth: the F-measure of a page, of which goes off what `bgtool.tasks.guard` found lost, and the Jaccard index of a
cut-out. `python -m benchmarks confidence` measures how well that orders results by their true error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from bgtool.tasks.confidence import Confidence, Reason
from bgtool.tasks.guard import Findings

BLANK = 0.0005
"""Share of a page that is ink, below which it is nearly blank."""

RIM = 0.1
"""Share of a page's rim that is dark."""

FAINT = 60.0
"""Grey levels by which usual ink is darker than its paper."""

UNDECIDED = 0.8
"""Expected F-measure of a page."""

LOST, ADDED, DARK = 0.02, 0.1, 110.0
"""As `bgtool.tasks.guard` measures them; its warnings begin later."""

UNSURE = 0.8
"""Expected Jaccard index of a cut-out."""

CUT, SMALL = 0.25, 0.01
"""Share of a photo's rim that is a person's; share of a photo."""

DEEP = 0.5
"""Share of the doubt about a person that lies in areas, not along the edge."""


def of_page(levels: Sequence[int] | NDArray[np.integer], findings: Findings) -> Confidence:
    """How sure a cleaned page is.

    Args:
        levels: of the network's page, how many pixels have each of the 256 grey levels, 0 ink .. 255 paper.
        findings: of the page's guard.
    """
    count = np.asarray(levels, np.float64)
    ink = 1 - np.arange(256) / 255
    marked = ink > 0.5
    inked = count[marked].sum()
    right, missed = (count * ink)[marked].sum(), (count * ink)[~marked].sum()
    expected = float(2 * right / (inked + right + missed)) if inked else 0.0
    blank = bool(inked < BLANK * count.sum())
    return Confidence(expected * (1 - findings.lost), tuple(_of_page(expected, blank, findings)))


def _of_page(expected: float, blank: bool, findings: Findings) -> Iterator[Reason]:
    seen = {
        Reason.BLANK: blank,
        Reason.LOST: findings.lost > LOST,
        Reason.ADDED: findings.added > ADDED,
        Reason.EDGE: findings.edge > RIM,
        Reason.DARK: findings.level < DARK,
        Reason.FAINT: not blank and findings.contrast < FAINT,
        Reason.UNDECIDED: not blank and expected < UNDECIDED,
    }
    return (reason for reason, is_so in seen.items() if is_so)


def of_photo(alpha: NDArray[np.float32], *, found: bool) -> Confidence:
    """How sure a cut-out is.

    Args:
        alpha: of the network, float32 [h, w], 0..1.
        found: whether anybody was found.
    """
    person = alpha >= 0.5
    area = int(person.sum())
    if not (found and area):
        return Confidence(0.0, (Reason.NOBODY,))
    value = float(alpha[person].sum() / (area + alpha[~person].sum()))
    rim = np.concatenate([person[0], person[-1], person[:, 0], person[:, -1]])
    seen = {
        Reason.CUT: rim.mean() > CUT,
        Reason.SMALL: area < SMALL * person.size,
    }
    if value < UNSURE:
        seen[Reason.UNSURE_AREA if _away_from_edge(alpha, person) > DEEP else Reason.UNSURE_EDGE] = True
    return Confidence(value, tuple(reason for reason, is_so in seen.items() if is_so))


def _away_from_edge(alpha: NDArray[np.float32], person: NDArray[np.bool_]) -> float:
    """Share of the doubt in a photo that lies more than three pixels of the network away from the person's outline."""
    around = np.asarray(Image.fromarray(person).convert("L").filter(ImageFilter.BoxBlur(3)))  # means over 7 by 7 pixels
    doubt = np.minimum(alpha, 1 - alpha)
    return float(doubt[(around == 0) | (around == 255)].sum() / max(float(doubt.sum()), 1e-6))
