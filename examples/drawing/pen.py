"""A cursive hand for the example pages: every letter a few control points, written by one spline per word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

SCALE = 3  # strokes are drawn at this multiple and averaged down

# x to the right, y up, 1 = x-height, baseline at 0; the last number is the advance. Letters of a word share one
# stroke: the way from the last point of one to the first of the next is the joining stroke.
_LETTERS = {
    "a": ".70,.88 .40,1 .08,.6 .12,.1 .40,0 .70,.5 .80,.98 .76,.4 .85,.03 1.08,.2 1.1",
    "b": ".30,1 .55,1.9 .40,2.1 .25,1.7 .22,.4 .40,0 .68,.15 .78,.6 .60,.92 .62,.72 .95,.8 .95",
    "c": ".34,.84 .58,1.04 .68,.86 .50,.98 .16,.72 .12,.2 .40,0 .85,.25 .82",
    "d": ".70,.88 .40,1 .08,.6 .12,.1 .40,0 .70,.5 .86,1.4 .90,2 .82,1.2 .80,.3 .92,.02 1.15,.2 1.15",
    "e": ".30,.35 .60,.75 .40,1 .15,.7 .12,.25 .40,0 .80,.25 .78",
    "f": ".35,.9 .65,1.8 .50,2.1 .32,1.6 .25,0 .20,-.9 .30,-1.05 .45,-.6 .35,.05 .75,.25 .72",
    "g": ".70,.88 .40,1 .08,.6 .12,.1 .40,0 .70,.5 .80,.98 .72,0 .60,-.85 .35,-1 .30,-.7 .70,-.15 1.1,.25 1.06",
    "h": ".30,1 .50,1.9 .38,2.1 .22,1.6 .12,0 .30,.7 .60,1 .75,.8 .70,.2 .85,0 1.1,.2 1.08",
    "i": ".30,.98 .25,.3 .38,0 .65,.2 .64",
    "j": ".30,.98 .25,0 .10,-.85 -.15,-1 -.20,-.75 .20,-.15 .60,.25 .60",
    "k": ".30,1 .50,1.9 .38,2.1 .22,1.6 .12,0 .30,.65 .60,.98 .68,.75 .35,.5 .60,.25 .75,0 1,.2 .98",
    "l": ".30,.9 .52,1.8 .40,2.1 .24,1.6 .20,.3 .35,0 .62,.2 .60",
    "m": ".22,.98 .16,0 .30,.7 .52,1 .62,.75 .58,.02 .72,.7 .95,1 1.06,.75 1.02,.2 1.15,0 1.4,.2 1.4",
    "n": ".22,.98 .16,0 .30,.7 .55,1 .68,.75 .64,.2 .78,0 1.02,.2 1.02",
    "o": ".55,.95 .35,1 .08,.6 .12,.1 .40,0 .70,.4 .60,.9 .45,.95 .60,.78 .95,.85 .90",
    "p": ".25,1.1 .20,0 .10,-1 .20,0 .35,.8 .62,1 .75,.6 .60,.08 .35,.05 .60,0 1,.22 .98",
    "q": ".70,.88 .40,1 .08,.6 .12,.1 .40,0 .70,.5 .80,.98 .74,0 .70,-1 .85,-.9 .85,-.2 1.1,.25 1.06",
    "r": ".20,.85 .28,1.12 .42,.92 .62,.95 .60,.4 .70,.02 .95,.2 .88",
    "s": ".38,.9 .42,1.12 .52,.7 .60,.3 .40,0 .18,.1 .42,.02 .80,.22 .78",
    "t": ".30,1 .36,1.6 .30,1 .26,.3 .38,0 .65,.2 .64",
    "u": ".22,.98 .18,.3 .35,0 .60,.4 .72,.98 .68,.3 .80,0 1.05,.2 1.04",
    "v": ".20,.8 .30,1 .38,.5 .45,0 .65,.45 .75,.95 .68,.82 1,.88 .95",
    "w": ".20,.98 .16,.3 .32,0 .55,.4 .62,.95 .60,.3 .75,0 .98,.4 1.05,.95 .98,.82 1.3,.88 1.25",
    "x": ".20,.85 .35,1 .48,.5 .60,0 .90,.22 .88",
    "y": ".22,.98 .18,.3 .35,0 .60,.4 .72,.98 .66,0 .55,-.85 .30,-1 .25,-.7 .65,-.15 1,.25 1",
    "z": ".15,.85 .40,1 .55,.85 .15,.05 .50,.1 .55,-.5 .30,-1 .15,-.75 .50,-.15 .90,.25 .88",
    "A": "-.1,.1 .10,.0 .50,1 .95,2.1 .95,1 .98,.05 1.2,.2 1.25",
    "B": ".25,1.7 .30,2.05 .30,1 .20,0 .25,1.2 .60,2.1 1,1.8 .80,1.2 .50,1.1 .95,.95 1,.3 .60,-.03 .25,.1 1.25",
    "C": ".95,1.7 1,2 .75,2.1 .30,1.5 .20,.6 .50,0 .90,.15 1.1,.4 1.15",
    "D": ".55,1.8 .45,1 .35,.1 .15,.1 .50,0 1.1,.4 1.2,1.4 .80,2.05 .30,2 .10,1.6 1.4",
    "E": ".95,1.8 .80,2.1 .45,1.9 .45,1.3 .75,1.1 .30,.9 .20,.3 .55,0 1,.3 1.1",
    "F": ".10,1.8 .30,2.05 .80,2 1.3,2.15 .85,2 .65,1 .45,.1 .15,.05 .05,.3 1.1",
    "G": ".90,1.7 .95,2 .70,2.1 .25,1.4 .25,.6 .55,.4 .90,1 .95,.4 .70,-.5 .35,-.6 .60,0 1.1,.25 1.15",
    "H": ".10,1.8 .30,2.1 .30,1 .15,0 .10,.2 .30,.9 1,1.1 1.2,2.1 1.1,1 1,.1 1.25,.2 1.3",
    "I": ".10,1.5 .40,2.1 .65,2 .45,1 .30,.1 .05,.05 .00,.4 .80",
    "J": ".10,1.5 .45,2.1 .70,2 .50,.5 .35,-.8 .10,-1 .05,-.6 .80,.2 .90",
    "L": ".15,1.5 .60,2.1 .75,1.8 .50,1 .35,.15 .10,.05 .20,.2 .60,.0 1.1,.15 1.15",
    "M": ".0,.1 .20,.1 .45,1.2 .60,2.1 .65,1 .70,.1 .95,1.1 1.3,2.1 1.25,1 1.3,.05 1.55,.2 1.6",
    "N": ".0,.1 .20,.1 .40,1.2 .55,2.1 .75,1 .95,.0 1.1,1.1 1.35,2.1 1.4",
    "O": ".70,2.1 .25,1.6 .15,.6 .55,0 1,.5 1.1,1.5 .75,2.1 .60,1.8 1,1.9 1.3",
    "P": ".45,1.9 .35,1 .20,0 .30,1 .25,1.7 .60,2.1 1.05,1.8 .90,1.2 .50,1 1.1",
    "R": ".45,1.9 .35,1 .20,0 .30,1 .25,1.7 .60,2.1 1.05,1.8 .85,1.2 .50,1.05 .75,.6 .95,.05 1.2,.2 1.2",
    "S": ".0,.15 .50,.9 .85,1.8 .75,2.1 .50,1.8 .75,1 .75,.3 .40,0 .10,.2 1.05",
    "T": ".05,1.6 .25,2 .80,1.95 1.3,2.15 .85,2 .65,1 .45,.1 .15,.05 .05,.3 1.05",
    "W": ".10,1.8 .25,2.1 .30,1 .40,.0 .75,1 1,2 1,1 1.1,.0 1.45,1.1 1.6,2.1 1.6",
    "Y": ".10,1.8 .25,2.1 .25,1.4 .50,1 .90,1.5 1.05,2.1 .90,1 .65,-.6 .35,-1 .25,-.6 1.1,.3 1.15",
    "0": ".45,1.5 .15,1.1 .15,.4 .40,0 .70,.4 .70,1.1 .45,1.5 .95",
    "1": ".25,1.1 .45,1.5 .42,.8 .35,0 .70",
    "2": ".15,1.2 .40,1.5 .65,1.2 .45,.6 .10,.05 .35,.1 .80,.05 .95",
    "3": ".20,1.3 .50,1.5 .65,1.15 .38,.85 .70,.6 .62,.1 .30,-.05 .10,.15 .90",
    "4": ".45,1.5 .15,.6 .45,.55 .80,.6 .62,.9 .55,.2 .50,-.2 .95",
    "5": ".75,1.5 .35,1.45 .25,.9 .60,.9 .68,.4 .45,0 .10,.1 .90",
    "6": ".65,1.5 .30,1 .15,.4 .40,0 .65,.3 .50,.7 .20,.45 .90",
    "7": ".00,1.18 .08,1.45 .40,1.38 .82,1.48 .80,1.42 .50,.7 .36,-.2 .95",
    "8": ".60,1.3 .40,1.5 .25,1.2 .60,.6 .55,.1 .25,0 .20,.4 .60,1 .65,1.4 .90",
    "9": ".65,1.2 .40,1.5 .20,1.1 .45,.8 .68,1.2 .60,.5 .40,-.2 .90",
    ".": ".10,.05 .16,.0 .12,-.03 .40",
    ",": ".15,.05 .20,-.05 .05,-.35 .40",
    ";": ".15,.05 .20,-.05 .05,-.35 .50",
    "'": ".15,2 .18,1.9 .08,1.65 .35",
    "-": ".10,.5 .35,.52 .60,.5 .75",
    "&": ".90,.6 .50,.0 .15,.3 .60,1.1 .45,1.4 .30,1.1 .60,.4 .95,.05 1.2",
    "£": ".90,1.5 .65,1.8 .50,1.3 .45,.4 .15,.05 .40,.15 .90,.0 1.1",
    "/": ".10,-.3 .40,.7 .70,1.8 .75",
}
_EXTRA = {  # strokes made when the word is done: crossbars and dots
    "t": ".02,1.12 .35,1.16 .72,1.2", "x": ".78,.95 .45,.5 .08,.02", "i": ".42,1.5 .45,1.46 .43,1.42",
    "j": ".42,1.5 .45,1.46 .43,1.42", "A": ".30,.85 .70,.9 1.1,.95", "F": ".40,1.1 .70,1.05 1,1.15",
    ";": ".20,.8 .24,.75 .2,.72",
}  # fmt: skip
_SPACE = 0.75


def _points(text: str) -> np.ndarray:
    return np.array([[float(v) for v in pair.split(",")] for pair in text.split()])


_GLYPHS = {key: (_points(row.rsplit(" ", 1)[0]), float(row.rsplit(" ", 1)[1])) for key, row in _LETTERS.items()}
_MARKS = {key: _points(row) for key, row in _EXTRA.items()}
_JOINED = set("abcdefghijklmnopqrstuvwxyzACGHJLMRUY")


@dataclass
class Hand:
    """One writer: x-height and nib in pixels, slant, restlessness, and how often the pen is dipped."""

    rng: np.random.Generator
    size: float = 26.0
    nib: float = 3.6
    slant: float = 0.52
    restless: float = 0.045
    contrast: float = 0.75
    spacing: float = 1.0
    load: float = 1.0  # ink left in the nib

    def width(self, text: str) -> float:
        """Return the length of a line of text in pixels, before the hand's own variation."""
        return self.size * self.spacing * sum(_GLYPHS[c][1] if c != " " else _SPACE for c in text)

    def write(self, sheet: Sheet, text: str, x: float, y: float) -> float:
        """Write `text` with its baseline starting at (x, y); return where the pen stopped."""
        drift = self.rng.normal(0, 0.004)
        for word in text.split(" "):
            if self.load < 0.6 or self.rng.random() < 0.04:
                self.load = self.rng.uniform(0.9, 1.1)
            start = x
            for stroke, dy in self._strokes(word):
                self._draw(sheet, stroke, x, y + dy + drift * (start - x))
            x += self.width(word) * self.rng.uniform(0.97, 1.03) + _SPACE * self.size * self.rng.uniform(0.8, 1.25)
            y += self.rng.normal(0, self.size * 0.02) + drift * self.size
            self.load -= self.rng.uniform(0.015, 0.05)
        return x

    def _strokes(self, word: str) -> list[tuple[np.ndarray, float]]:
        strokes, marks, run, at = [], [], [], 0.0
        scale = self.rng.uniform(0.95, 1.06)
        for char in word:
            points, advance = _GLYPHS[char]
            body = points * [1, scale] + self.rng.normal(0, self.restless, points.shape) + [at, 0]
            run.append(body)
            if char not in _JOINED:
                strokes.append(np.vstack(run) if len(run) > 1 and char.islower() else body)
                if len(run) > 1:
                    strokes.append(np.vstack(run[:-1]))
                run = []
            if char in _MARKS:
                marks.append(_MARKS[char] * [1, scale] + self.rng.normal(0, 0.07, 2) + [at, 0])
            at += advance * self.spacing * self.rng.uniform(0.95, 1.05)
        if run:
            strokes.append(np.vstack(run))
        return [(stroke, 0.0) for stroke in strokes + marks]

    def _draw(self, sheet: Sheet, points: np.ndarray, x: float, y: float) -> None:
        slanted = np.stack([points[:, 0] + self.slant * points[:, 1], -points[:, 1]], axis=1)
        path = _spline(slanted * self.size + [x, y])
        step = np.gradient(path, axis=0)
        speed = np.hypot(*step.T) + 1e-6
        down = np.clip((step[:, 1] - 0.35 * step[:, 0]) / speed, 0, 1)  # the nib opens on the way down
        tremor = _smooth(self.rng.normal(0, 1, len(path)), 9)
        width = self.nib * ((1 - self.contrast) + self.contrast * _smooth(down, 7) ** 1.3) * (1 + 0.25 * tremor)
        if np.hypot(*np.ptp(points, axis=0)) < 0.3:  # a dot is pressed, not drawn
            width, down = np.full(len(path), self.nib * 0.85), np.ones(len(path))
        ramp = np.clip(np.minimum(np.arange(len(path)), np.arange(len(path))[::-1]) / 5, 0.55, 1)
        density = (
            self.load * (0.62 + 0.38 * _smooth(down, 9)) * (1 + 0.18 * _smooth(self.rng.normal(0, 1, len(path)), 15))
        )
        sheet.stamp(path, np.maximum(width * ramp, 0.9), density)


class Sheet:
    """Where the ink goes: `cover` says how much of each pixel is written on, `density` how dark the ink is there."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._cover = Image.new("L", (width * SCALE, height * SCALE))
        self._density = Image.new("L", (width * SCALE, height * SCALE))

    def stamp(self, path: np.ndarray, width: np.ndarray, density: np.ndarray) -> None:
        """Press round nibs of the given widths along a path."""
        cover, dense = ImageDraw.Draw(self._cover), ImageDraw.Draw(self._density)
        levels = np.clip(density * 160, 25, 255).astype(int)
        for (x, y), radius, level in zip(path * SCALE, width * SCALE / 2, levels, strict=True):
            box = (x - radius, y - radius, x + radius, y + radius)
            cover.ellipse(box, fill=255)
            dense.ellipse(box, fill=int(level))

    def layers(self) -> tuple[np.ndarray, np.ndarray]:
        """Return cover (0 to 1) and density (1 = a well-filled pen), both at page resolution."""
        cover = np.asarray(self._cover.resize(self._size, Image.Resampling.BOX), np.float32) / 255
        dense = np.asarray(self._density.resize(self._size, Image.Resampling.BOX), np.float32) / 160
        return cover, dense / np.maximum(cover, 1 / 255)


def _spline(points: np.ndarray) -> np.ndarray:
    """Return a Catmull-Rom curve through the points, sampled about every 0.7 pixels."""
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    pieces = []
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        count = max(2, int(np.hypot(*(p2 - p1)) / 0.7))
        t = np.linspace(0, 1, count, endpoint=False)[:, None]
        pieces.append(
            0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
        )
    return np.vstack([*pieces, points[-1:]])


def _smooth(values: np.ndarray, window: int) -> np.ndarray:
    if len(values) < window:
        return np.full_like(values, values.mean())
    return np.convolve(np.pad(values, window // 2, mode="edge"), np.ones(window) / window, mode="valid")[: len(values)]
