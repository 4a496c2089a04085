"""What stands behind a person: nothing, a colour, an image, or the photo's own background out of focus."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bgtool.errors import InputError, UsageError
from bgtool.imaging import icc
from bgtool.options import TRANSPARENT
from bgtool.spelling import suggestion

if TYPE_CHECKING:
    from PIL import Image

    from bgtool.imaging.reading.picture import Picture
    from bgtool.tasks.person.scenery import Scenery

BLUR = "blur"
MAX_MEGAPIXELS = 200.0


@dataclass(frozen=True)
class Background:
    """A background as the user chose it.

    Attributes:
        name: ``transparent``, ``blur``, a colour or a path.
        image: mode RGB; a colour is a single pixel; None for ``transparent`` and ``blur``.
        profile: ICC profile of the image; None for sRGB.
        sha256: hex digest of the image's file, empty without one.
    """

    name: str
    image: Image.Image | None = field(default=None, repr=False, compare=False)
    profile: bytes | None = field(default=None, repr=False, compare=False)
    sha256: str = ""

    def in_profile(self, profile: bytes | None) -> Background:
        """The same to the eye in the colours of another RGB profile; None, or one of another kind, stands for sRGB."""
        wanted = profile if profile and icc.space(profile) == "RGB" else None
        if self.image is None or wanted == self.profile:
            return self
        from PIL import ImageCms

        try:
            source, target = (ImageCms.ImageCmsProfile(io.BytesIO(p or icc.srgb())) for p in (self.profile, wanted))
            image = ImageCms.profileToProfile(self.image, source, target)
        except (OSError, ImageCms.PyCMSError):  # a profile that does not work is as good as none
            return self
        return replace(self, image=image, profile=wanted)

    def behind(self, size: tuple[int, int]) -> Scenery:
        """The image scaled to fill a frame, its centre in the centre. Raises ValueError where there is no image."""
        if self.image is None:
            raise ValueError(f"no image: {self.name}")
        from bgtool.tasks.person.scenery import Scenery

        width, height = self.image.size
        scale = min(width / size[0], height / size[1])
        wide, high = size[0] * scale, size[1] * scale
        left, top = (width - wide) / 2, (height - high) / 2
        right, bottom = min(left + wide, width), min(top + high, height)  # else rounding leads out of the image
        box = (max(left, 0.0), max(top, 0.0), right, bottom)
        return Scenery(self.image, box, size)


def read_background(text: str) -> Background:
    """The background that a text names: ``transparent``, ``blur``, else a colour as Pillow reads it, else an image.

    Raises:
        UsageError: it is neither a colour nor a readable image.
    """
    if text in (TRANSPARENT, BLUR):
        return Background(text)
    from PIL import Image, ImageColor

    try:
        colour = ImageColor.getrgb(text)
    except ValueError:
        return _read_image(text)
    if len(colour) > 3:
        raise UsageError(f"the background {text} is not opaque", "leave its alpha out")
    return Background(text, Image.new("RGB", (1, 1), colour))


def background_of(choice: str | Picture, mask_only: bool = False) -> Background:
    """The background that a caller chose: a text as in `read_background`, or a picture.

    Args:
        choice: text or picture; a path object is an image whatever it is called.
        mask_only: whether a mask alone is wanted, which has none.

    Raises:
        UsageError: it is neither a colour nor a readable image, or a mask is to have one.
    """
    if mask_only and not (isinstance(choice, str) and choice == TRANSPARENT):
        raise UsageError("a mask has no background", "leave out --background or --mask-only")
    if isinstance(choice, str):
        return read_background(choice)
    return _from_picture(choice, "image")


def _read_image(path: str) -> Background:
    from PIL import ImageColor

    try:
        data = Path(path).read_bytes()
    except (OSError, ValueError):
        raise UsageError(
            f"the background {path!r} is neither a colour nor a readable file",
            suggestion(path, [TRANSPARENT, BLUR, *ImageColor.colormap])
            or "take transparent, blur, a colour such as white or #336699, or the path of an image",
        ) from None
    return replace(_from_picture(data, path), sha256=hashlib.sha256(data).hexdigest())


def _from_picture(picture: Picture, name: str) -> Background:
    from PIL import Image

    from bgtool.imaging.reading.picture import opened

    try:
        if isinstance(picture, bytes) and not picture:
            raise InputError("the file is empty")
        with opened(picture, MAX_MEGAPIXELS) as source:
            image, profile = Image.fromarray(source.window(0, 0, *source.size)), source.metadata.icc
    except InputError as error:
        said = error.reason if "--max-megapixels" in error.advice else error  # which is not for backgrounds
        raise UsageError(f"the background {name!r} is no readable image: {said}") from None
    return Background(name, image, profile if profile and icc.space(profile) == "RGB" else None)
