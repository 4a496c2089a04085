"""Masks of people by other networks, run by the Python of their own environment: ``segment.py NETWORK [FILE] < JOBS``.

Jobs are lines of JSON, the fields of `Job`. Writes 8-bit PNG, 255 = person. Needs nothing of bgtool.
"""

import hashlib
import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

ISNET_SIDE = 1024
"""Of the square that ISNet is shown, in pixels."""


@dataclass(frozen=True)
class Job:
    """A photo to be seen.

    Attributes:
        photo: its file.
        box: the part of it that is shown, in pixels; none: all of it.
        turns: quarters to the left by which it is turned.
        out: file of the mask.
    """

    photo: str
    box: tuple[int, int, int, int] | None = None
    turns: int = 0
    out: str = ""

    @property
    def key(self) -> str:
        """A name for the mask, which is the same whatever folder the photo lies in."""
        place = "/".join(Path(self.photo).parts[-3:])
        return hashlib.sha256(json.dumps([place, self.box, self.turns]).encode()).hexdigest()[:24]

    def into(self, out: str) -> "Job":
        """The same, to be written there."""
        return replace(self, out=out)

    def line(self) -> str:
        """As it is sent."""
        return json.dumps(asdict(self))

    def picture(self) -> Image.Image:
        """What is shown: mode RGB."""
        with Image.open(self.photo) as image:
            picture = image.convert("RGB")
        picture = picture.crop(self.box) if self.box else picture
        return picture.rotate(90 * self.turns, expand=True) if self.turns else picture

    def write(self, alpha: np.ndarray) -> None:
        """Write a mask, uint8 [H, W], whole or not at all."""
        out, part = Path(self.out), Path(f"{self.out}.part")
        out.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(alpha).save(part, format="PNG")
        part.replace(out)


def mediapipe():
    """The general selfie network of mediapipe, as its package brings it: it sees 256 px."""
    from mediapipe import solutions

    network = solutions.selfie_segmentation.SelfieSegmentation(model_selection=0)
    return lambda picture: network.process(np.asarray(picture)).segmentation_mask


def isnet(file):
    """An ISNet in ONNX that takes float [1, 3, S, S] around 0, as rembg and the npm package of IMG.LY run it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def segment(picture):
        small = np.asarray(picture.resize((ISNET_SIDE, ISNET_SIDE), Image.Resampling.BILINEAR), np.float32)
        given = ((small - 128) / 256).transpose(2, 0, 1)[None]
        alpha = session.run(None, {name: given})[0].reshape(ISNET_SIDE, ISNET_SIDE).astype(np.float32)
        return np.asarray(Image.fromarray(alpha).resize(picture.size, Image.Resampling.BILINEAR))

    return segment


NETWORKS = {"mediapipe": mediapipe, "isnet": isnet}
"""What turns a picture into alpha, float [H, W], 0..1."""


def main(network, *files):
    """Do the jobs on standard input."""
    segment = NETWORKS[network](*files)
    for line in sys.stdin:
        values = json.loads(line)
        job = Job(**values | {"box": values["box"] and tuple(values["box"])})
        job.write(np.rint(segment(job.picture()).clip(0, 1) * 255).astype(np.uint8))


if __name__ == "__main__":
    main(*sys.argv[1:])
