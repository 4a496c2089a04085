"""Colour profiles whose colours can be told by hand."""

import struct

from bgtool.imaging import icc


def cmyk_profile() -> bytes:
    """A press whose black ink is a middle grey (L* 50) and whose other inks print nothing."""
    lightness = [(128 if corner & 1 else 255, 128, 128) for corner in range(16)]  # K runs fastest
    matrix = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + bytes(range(256)) * 4
    table += bytes(v for entry in lightness for v in entry) + bytes(range(256)) * 3
    tags = {b"desc": icc._description("press"), b"A2B0": table, b"wtpt": icc._xyz(0.9642, 1.0, 0.8249)}
    body, index, start = b"", struct.pack(">I", len(tags)), 132 + 12 * len(tags)
    for tag, data in tags.items():
        index += struct.pack(">4sII", tag, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = start + len(body)
    header = struct.pack(">I4xI4s4s4s12x4s", size, 0x02100000, b"prtr", b"CMYK", b"Lab ", b"acsp")
    return header.ljust(68, b"\0") + icc._xyz(0.9642, 1.0, 0.8249)[8:] + bytes(48) + index + body
