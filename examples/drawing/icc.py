"""Two small ICC profiles, the same bytes on every day: sRGB, and grey with a gamma of 2.2."""

from __future__ import annotations

import struct

from PIL import ImageCms

_DATE = struct.pack(">6H", 2024, 1, 1, 0, 0, 0)


def srgb_profile() -> bytes:
    """Return littleCMS's sRGB profile with its creation date fixed."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[24:36] = _DATE
    return bytes(data)


def grey_profile(gamma: float = 2.2) -> bytes:
    """Return a version 2 profile for a grey scanner."""
    name = b"Grey gamma 2.2\0"
    description = b"desc" + bytes(4) + struct.pack(">I", len(name)) + name + bytes(4 + 4 + 2 + 1 + 67)
    tags = {
        b"desc": description,
        b"cprt": b"text" + bytes(4) + b"No copyright, use freely\0",
        b"wtpt": b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061),
        b"kTRC": b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)),
    }
    offset, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for tag, value in tags.items():
        table += tag + struct.pack(">II", offset + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    head = struct.pack(">I4sI4s4s4s", offset + len(body), bytes(4), 0x02100000, b"scnr", b"GRAY", b"XYZ ")
    head += _DATE + b"acsp" + bytes(4 + 4 + 4 + 4 + 8 + 4) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body
