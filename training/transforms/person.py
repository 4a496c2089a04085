"""Joint augmentation of photo and mask, and the geometry in which the network sees a photo."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from training.data.draw import Sample
from training.transforms.chances import chance, log_uniform, uniform
from training.transforms.paper import jpeg, soften


def letterbox(image: Tensor, size: int, stride: int) -> tuple[Tensor, tuple[int, int]]:
    """A photo as the network is given it, at training's end as at run time.

    Args:
        image: uint8 [C, H, W].
        size: pixels of its longer side after resizing.
        stride: height and width are padded to multiples of it, at bottom and right, with the edge's values.

    Returns:
        uint8 [C, h', w'], and the height and width that the resized photo fills of it.
    """
    scale = size / max(image.shape[-2:])
    height, width = (max(1, round(length * scale)) for length in image.shape[-2:])
    small = tv.resize(image, [height, width], antialias=True)
    padded = F.pad(small[None], (0, -width % stride, 0, -height % stride), mode="replicate")[0]
    return padded, (height, width)


@dataclass(frozen=True)
class Window:
    """A rectangle over a photo, in the photo's pixels; it may reach beyond the photo.

    Attributes:
        top, left, height, width: where it lies.
        mirror: whether the photo's mirror image lies beyond its borders, or their smeared values.
    """

    top: float
    left: float
    height: float
    width: float
    mirror: bool

    def cut(self, picture: Tensor, size: int) -> Tensor:
        """The part of a uint8 [C, H, W] picture in this window, as uint8 [C, size, size]."""
        rows = self._span(self.top, self.height, picture.shape[-2], size)
        columns = self._span(self.left, self.width, picture.shape[-1], size)
        patch = picture[..., rows.start : rows.stop, columns.start : columns.stop]
        patch = tv.resize(patch, [rows.size, columns.size], antialias=True)
        return patch[..., rows.sources(size, self.mirror)[:, None], columns.sources(size, self.mirror)]

    def outside(self, height: int, width: int, size: int) -> Tensor:
        """Where the smeared border of a height × width photo lies: bool [1, size, size]."""
        if self.mirror:
            return torch.zeros(1, size, size, dtype=torch.bool)
        rows = self._span(self.top, self.height, height, size).beyond(size)
        return (rows[:, None] | self._span(self.left, self.width, width, size).beyond(size))[None]

    @staticmethod
    def _span(start: float, length: float, limit: int, size: int) -> Span:
        first, last = max(0, math.floor(start)), min(limit, math.ceil(start + length))
        scale = size / length
        return Span(first, last, max(1, round((last - first) * scale)), round((first - start) * scale))


@dataclass(frozen=True)
class Span:
    """One dimension of a window: pixels start to stop of the photo become `size` pixels from `offset` on."""

    start: int
    stop: int
    size: int
    offset: int

    def sources(self, length: int, mirror: bool) -> Tensor:
        """For each of `length` pixels the one of the resized part that it shows: int64 [length]."""
        places = torch.arange(length) - self.offset
        if mirror:
            places = places % (2 * self.size)
            places = torch.minimum(places, 2 * self.size - 1 - places)
        return places.clamp(0, self.size - 1)

    def beyond(self, length: int) -> Tensor:
        """Which of `length` pixels lie beyond the part: bool [length]."""
        places = torch.arange(length) - self.offset
        return (places < 0) | (places >= self.size)


def random_window(mask: Tensor) -> Window:
    """A square window over a photo: as `letterbox` lays it, or of random place, size and aspect.

    A window that misses the people of uint8 [1, H, W] `mask` is drawn again, twice at most.
    """
    height, width = mask.shape[-2:]
    longer = max(height, width)
    if chance(0.25):
        return Window(0, 0, longer, longer, mirror=False)
    for _ in range(3):
        side = longer * log_uniform(0.35, 1.2)
        aspect = math.exp(uniform(-0.2, 0.2))
        rows, columns = side * aspect, side / aspect
        top, left = uniform(*sorted((0, height - rows))), uniform(*sorted((0, width - columns)))
        if mask[0, max(0, int(top)) : int(top + rows) : 4, max(0, int(left)) : int(left + columns) : 4].any():
            break
    return Window(top, left, rows, columns, mirror=chance(0.5))


def cut_out(photo: Sample, side: int) -> Tensor | None:
    """The people of a photo, the longer side of their bounding box resized: float [4, h, w], RGB and alpha in 0..1.

    None where there is nobody.
    """
    image, mask = photo["image"], photo["mask"]
    rows, columns = (mask[0].amax(dim).nonzero() for dim in (1, 0))
    if not len(rows):
        return None
    box = (..., slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return resized(torch.cat([image[box], mask[box]]), side)


def cut_thing(photo: Sample, side: int) -> Tensor | None:
    """A rectangle or ellipse of a photo with nobody in it, as `cut_out` gives people; None where there is no room."""
    image, people = photo["image"], photo["mask"] | photo["ignore"]
    height, width = image.shape[-2:]
    for _ in range(4):
        rows, columns = (round(length * uniform(0.1, 0.6)) for length in (height, width))
        top, left = round(uniform(0, height - rows)), round(uniform(0, width - columns))
        box = (..., slice(top, top + rows), slice(left, left + columns))
        if rows > 7 and columns > 7 and not people[box].any():
            y, x = torch.linspace(-1, 1, rows)[:, None], torch.linspace(-1, 1, columns)
            round_or_square = 2 if chance(0.7) else 40
            shape = (y.abs() ** round_or_square + x.abs() ** round_or_square <= 1).to(torch.uint8) * 255
            return resized(torch.cat([image[box], shape[None]]), side)
    return None


def resized(cutout: Tensor, side: int) -> Tensor:
    """A cut-out, uint8 [4, h, w], its longer side resized: float [4, h', w'] in 0..1."""
    scale = side / max(cutout.shape[-2:])
    shape = [max(1, round(length * scale)) for length in cutout.shape[-2:]]
    return tv.resize(cutout, shape, antialias=True).float() / 255


def turned(cutout: Tensor) -> Tensor:
    """A cut-out, float [4, h, w], turned a little; what its corners uncover is transparent."""
    return tv.rotate(cutout, uniform(-35, 35), tv.InterpolationMode.BILINEAR, expand=True)


def paste(cutout: Tensor, person: float, image: Tensor, truth: Tensor, weight: Tensor) -> None:
    """Lay a cut-out, float [4, h, w], at a random place over image, truth and weight, float [C, S, S], in place.

    Truth becomes `person` there: 1, or 0 for a thing. As much as three tenths of its height and width may lie outside.
    """
    size = image.shape[-1]
    spans = []
    for length in cutout.shape[-2:]:
        start = round(uniform(-0.3 * length, size - 0.7 * length))
        first, last = max(0, start), min(size, start + length)
        spans.append((slice(first, last), slice(first - start, last - start)))
    (rows, own_rows), (columns, own_columns) = spans
    cutout = cutout[:, own_rows, own_columns]
    colour, alpha = cutout[:3], cutout[3:]
    for under, over in ((image, colour), (truth, person), (weight, 1.0)):
        patch = under[:, rows, columns]
        patch += alpha * (over - patch)


def recolour(image: Tensor) -> Tensor:
    """Change brightness, contrast, saturation and the gain of each colour; now and then drop the colour."""
    grey = tv.rgb_to_grayscale(image)
    saturation = 0.0 if chance(0.1) else uniform(0.5, 1.5)
    middle = grey.mean()
    gain = torch.tensor([uniform(0.85, 1.15) for _ in range(3)]).view(3, 1, 1)
    image = grey + saturation * (image - grey)
    return (middle * uniform(0.6, 1.4) + uniform(0.6, 1.4) * (image - middle)) * gain


def gamma(image: Tensor) -> Tensor:
    """Brighten or darken the middle tones."""
    return image ** math.exp(uniform(-0.5, 0.5))


def noise(image: Tensor) -> Tensor:
    """Noise of a small sensor, grey or coloured."""
    height, width = image.shape[-2:]
    return image + torch.randn(1 if chance(0.5) else 3, height, width) * uniform(0.01, 0.07)


class TrainPerson:
    """Random window, pasted people, flip and colours of one photo.

    Gives float ``image`` [3, S, S] in 0..1, ``truth`` [1, S, S] (1 person) and ``weight`` [1, S, S] (0: no loss).
    """

    def __init__(self, crop_size: int) -> None:
        self.size = crop_size

    def __call__(self, photo: Sample, other: Callable[[], Sample]) -> Sample:
        """Augment a photo as `training.data.people.Photo` loads it; `other` loads another one to paste people from."""
        size = self.size
        window = random_window(photo["mask"])
        image, truth, ignore = (window.cut(photo[name], size).float() / 255 for name in ("image", "mask", "ignore"))
        weight = (ignore < 0.5).float()
        weight[window.outside(*photo["mask"].shape[-2:], size)] = 0
        for _ in range(self._pastes(bool(truth.any()))):
            self._paste_from(other(), (image, truth, weight))
        if chance(0.5):
            image, truth, weight = image.flip(-1), truth.flip(-1), weight.flip(-1)
        return {"image": self._degrade(image), "truth": truth, "weight": weight}

    @staticmethod
    def _pastes(peopled: bool) -> int:
        number = int(chance(0.4 if peopled else 0.65))
        while 0 < number < 4 and chance(0.4):
            number += 1
        return number

    def _paste_from(self, other: Sample, pictures: tuple[Tensor, Tensor, Tensor]) -> None:
        side = round(self.size * log_uniform(0.12, 1.1))
        thing = chance(0.25)
        cutout = cut_thing(other, side) if thing else cut_out(other, side)
        if cutout is not None:
            cutout = turned(cutout) if chance(0.3) else cutout
            cutout[:3] = recolour(cutout[:3]).clamp(0, 1)
            paste(cutout, 0.0 if thing else 1.0, *pictures)

    def _degrade(self, image: Tensor) -> Tensor:
        steps = ((0.7, recolour), (0.25, gamma), (0.2, soften), (0.15, noise), (0.25, jpeg))
        for probability, step in steps:
            if chance(probability):
                image = step(image).clamp(0, 1)
        return image.contiguous()
