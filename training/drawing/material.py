"""What pages are drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.data.pictures import SUFFIXES
from training.drawing.text import SCRIPTS, script_of
from training.drawing.typeset import find_fonts


@dataclass(frozen=True)
class Material:
    """Font files by family, and photos, which may be none."""

    families: Sequence[Sequence[Path]]
    photos: Sequence[Path] = ()


def usable(file: Path) -> bool:
    """Whether a file of Fontsource holds letters that are drawn, in regular or bold; any other font file does."""
    if file.suffix != ".woff":
        return file.suffix in (".ttf", ".otf")
    return script_of(file) in (*SCRIPTS, "latin") and any(f"-{weight}-" in file.name for weight in (400, 700))


def gathered(folders: Sequence[Path], pattern: str, photos: Path | None) -> Material:
    """Fonts below some folders, and the photos of one.

    Raises:
        FileNotFoundError: a folder holds no font, or no photo.
    """
    found = (family for folder in folders for family in find_fonts(folder, pattern))
    families = [kept for family in found if (kept := [file for file in family if usable(file)])]
    if not families:
        raise FileNotFoundError(f"no fonts of letters below {', '.join(map(str, folders))}")
    shots = sorted(file for file in photos.iterdir() if file.suffix.lower() in SUFFIXES) if photos else []
    if photos and not shots:
        raise FileNotFoundError(f"no photos in {photos}")
    return Material(families, shots)
