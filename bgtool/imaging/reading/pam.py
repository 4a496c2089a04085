"""PAM files (netpbm's P7), which Pillow does not open: their header is read here, their pixels are decoded as PNM."""

from __future__ import annotations

from itertools import islice
from typing import IO

from PIL import Image, ImageFile, PpmImagePlugin

_MAGIC = b"P7\n"
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # by samples a pixel
_MOST_LINES, _LONGEST_LINE = 100, 1000  # of a header


class PamImageFile(ImageFile.ImageFile):
    """A PAM of one to four samples a pixel; it calls itself a PNM, which it is but for its header."""

    format = "PPM"
    format_description = "netpbm PAM"

    def _open(self) -> None:
        assert self.fp
        self.fp.seek(len(_MAGIC))
        header = dict(_header(self.fp))
        width, height, samples, top = (int(header[name]) for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
        if min(width, height) < 1 or not 1 <= top <= 65535 or samples not in _MODES:
            raise SyntaxError("numbers that no PAM has")
        self._mode = "I" if samples == 1 and top > 255 else _MODES[samples]
        self._size = width, height
        decoder = "raw" if top == 255 else "ppm"
        args = (self._mode,) if top == 255 else (self._mode, top)
        self.tile = [ImageFile._Tile(decoder, (0, 0, width, height), self.fp.tell(), args)]


def _header(file: IO[bytes]) -> list[tuple[bytes, bytes]]:
    """Name and value of each line of a header, past which the file stands then."""
    lines = iter(lambda: file.readline(_LONGEST_LINE).strip(), b"ENDHDR")
    split = (line.partition(b" ") for line in islice(lines, _MOST_LINES))
    return [(name, value) for name, _, value in split]


assert PpmImagePlugin  # has the decoder
Image.register_open("PAM", PamImageFile, lambda start: start.startswith(_MAGIC))
