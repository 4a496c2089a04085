"""What a run of the benchmarks is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Options of ``python -m benchmarks``.

    Attributes:
        quick: a smoke run: few files, one round; its figures mean little.
        full: long folders: 200 photos.
        data_dir: holds sets of pages with truth, SET/img and SET/gt; None measures on examples/ alone.
        max_megapixels: largest page of `scaling`.
        build: folder for material, results and the environments of peers.
    """

    quick: bool
    full: bool
    data_dir: Path | None
    max_megapixels: float
    build: Path

    @property
    def rounds(self) -> int:
        """How often each rival takes its turn."""
        return 1 if self.quick else 3

    @property
    def long_rounds(self) -> int:
        """The same over folders of photos, where one turn takes minutes."""
        return 1 if self.quick else 2

    @property
    def pages(self) -> int:
        """A4 pages in the folder of `pipeline`."""
        return 2 if self.quick else 40

    @property
    def photos(self) -> int:
        """Photos of 12 megapixels in the folder of `people` and `pipeline`."""
        if self.quick:
            return 2
        return 200 if self.full else 40
