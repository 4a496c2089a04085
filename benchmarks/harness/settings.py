"""What a run of the benchmarks is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

A4 = (2480, 3508)
"""Pixels of an A4 page at 300 dpi."""

PHOTO = (4000, 3000)
"""Pixels of a photo of 12 megapixels."""


@dataclass(frozen=True)
class Settings:
    """Options of ``python -m benchmarks``.

    Attributes:
        quick: a smoke run: few small files, one round; its figures mean little.
        full: all styles and output formats, and rembg with clean colours.
        photos: photos of 12 megapixels in the folder of `people` and `pipeline`.
        data_dir: holds sets of pages with truth, SET/img and SET/gt; None measures on examples/ alone.
        max_megapixels: largest page of `scaling`.
        build: folder for material, results and the environments of peers.
        readable: holds folders of real scans, with their words as STEM.txt or without, for `fidelity`.
        model: an exported document model that `fidelity` measures; None takes the shipped one.
        people: holds sets of photos of people with their masks, SET/img and SET/mask, for `people`.
        nobody: folder of photos without anybody, for `people`.
        isnet: an ISNet as ONNX file, for `people`.
        kinds: words, one of which a kind of drawn page has to hold in its name for `fidelity` to draw it; none for all.
    """

    quick: bool
    full: bool
    photos: int
    data_dir: Path | None
    max_megapixels: float
    build: Path
    readable: Path | None = None
    model: Path | None = None
    people: Path | None = None
    nobody: Path | None = None
    isnet: Path | None = None
    kinds: tuple[str, ...] = ()

    @property
    def rounds(self) -> int:
        """How often each rival takes its turn."""
        return 1 if self.quick else 3

    @property
    def pages(self) -> int:
        """A4 pages in the folder of `pipeline`."""
        return 2 if self.quick else 40

    @property
    def page_size(self) -> tuple[int, int]:
        """Pixels of those pages."""
        return (A4[0] // 4, A4[1] // 4) if self.quick else A4

    @property
    def photo_size(self) -> tuple[int, int]:
        """Pixels of those photos."""
        return (PHOTO[0] // 4, PHOTO[1] // 4) if self.quick else PHOTO

    @property
    def material(self) -> Path:
        """Folder of what is worked on."""
        return self.build / ("quick" if self.quick else "material")
