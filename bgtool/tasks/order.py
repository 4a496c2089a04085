"""What a run does with every page: its options, and what they name, read once by whoever plans the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bgtool.imaging.formats import Pixels
from bgtool.options import (
    TRANSPARENT,
    BatchOptions,
    CleanOptions,
    CropTo,
    CutoutOptions,
    Empty,
    Pictures,
    Polarity,
    Split,
    Style,
)

if TYPE_CHECKING:
    from bgtool.tasks.person.backgrounds import Background
    from bgtool.tasks.person.crop import Crop

_PAGE_PIXELS = {Style.GRAY: Pixels.GRAY, Style.BILEVEL: Pixels.BILEVEL, Style.COLOR: Pixels.RGB}


@dataclass(frozen=True)
class Order:
    """What is to be done; sent as it is to the process that does it.

    Attributes:
        options: of the command.
        pixels: what its results are made of.
        settings: what changes an output's bytes, by name, as JSON can hold it; the model stands apart.
        background: what stands behind people; None for documents.
        crop: what of a photo with people is shown; None: all of it.
        ocr: languages in which the words of results are read, to lie beneath them; empty: they are not.
    """

    options: BatchOptions
    pixels: Pixels
    settings: Mapping[str, Any]
    background: Background | None = None
    crop: Crop | None = None
    ocr: str = ""

    @property
    def key(self) -> str:
        """Hex digest of the settings: outputs of another key are made anew. Its text is that of all manifests."""
        text = json.dumps(self.settings, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def order_for(options: BatchOptions) -> Order:
    """The order that the options of a command are.

    Raises:
        UsageError: the background is neither a colour nor a readable image, a mask is to have one, or a text that
            is to say what is shown makes no sense.
    """
    match options:
        case CleanOptions():
            settings = {"task": "CleanOptions", **_of_pages(options)}
            return Order(options, _PAGE_PIXELS[options.style], settings, ocr=options.ocr)
        case CutoutOptions():
            from bgtool.tasks.person.backgrounds import background_of
            from bgtool.tasks.person.crop import crop_of

            background = background_of(options.background, options.mask_only)
            settings = {"task": "CutoutOptions", **_of_cutouts(options, background)}
            crop = crop_of(options.crop, options.padding, options.aspect, options.size)
            return Order(options, _cutout_pixels(options), settings, background, crop)
    raise TypeError(f"no order for {type(options).__name__}")


def _of_all(options: BatchOptions) -> dict[str, Any]:
    quality = {} if options.quality is None else {"quality": options.quality}
    return {"format": options.format.value, **quality}


def _of_pages(options: CleanOptions) -> dict[str, Any]:
    usual = {"scale": 0, "enlarge": 1, "polarity": Polarity.AUTO, "pictures": Pictures.KEEP, "rotate_pages": False,
             "deskew": False, "crop": CropTo.NONE, "margin": 0, "split": Split.NONE, "right_to_left": False, "dpi": 0,
             "ocr": ""}  # fmt: skip
    asked = {name: getattr(options, name) for name in usual}  # not in the key: manifests older than these stay valid
    changed = {name: value for name, value in asked.items() if value != usual[name]}
    return {**_of_all(options), "style": options.style.value, **changed}


def _of_cutouts(options: CutoutOptions, background: Background) -> dict[str, Any]:
    usual = {"padding": "", "aspect": "", "size": "", "keep_specks": False, "edge": 0, "empty": Empty.WRITE.value}
    asked = {name: getattr(options, name) for name in usual} | {"empty": options.empty.value}
    return {
        **_of_all(options),
        "background": [background.name, background.sha256],
        "mask_only": options.mask_only,
        "crop": options.crop,
        **{name: value for name, value in asked.items() if value != usual[name]},  # as in `_of_pages`
    }


def _cutout_pixels(options: CutoutOptions) -> Pixels:
    if options.mask_only:
        return Pixels.MASK
    return Pixels.RGBA if options.background == TRANSPARENT else Pixels.RGB
