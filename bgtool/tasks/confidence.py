"""How sure a result is, and in plain words why it deserves a look; `bgtool.tasks.assessment` finds it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a result deserves a look; the values stand in manifests and on review pages."""

    BLANK = "nearly blank result"
    EDGE = "much ink at the page's edge"
    FAINT = "faint ink"
    UNDECIDED = "much undecided ink"
    LOST = "dark marks came out white"
    ADDED = "ink where nothing stands out"
    DARK = "dark page"
    NOBODY = "no person found"
    CUT = "person cut by the border"
    UNSURE_EDGE = "unsure edge"
    UNSURE_AREA = "unsure areas"
    SMALL = "small person"


@dataclass(frozen=True)
class Confidence:
    """How sure a result is.

    Attributes:
        value: expected agreement with the truth, 0 to 1.
        reasons: why it deserves a look, those that weigh most first; often none.
    """

    value: float
    reasons: tuple[Reason, ...] = ()


def least(found: Iterable[Confidence | None]) -> Confidence | None:
    """The confidence of a file of several pages: that of the least sure one, with the reasons of all."""
    known = [one for one in found if one]
    if not known:
        return None
    reasons = dict.fromkeys(reason for one in sorted(known, key=lambda one: one.value) for reason in one.reasons)
    return Confidence(min(one.value for one in known), tuple(reasons))
