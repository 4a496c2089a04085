"""Colour profiles whose colours can be told by hand."""

import struct

D50 = struct.pack(">3i", 63190, 65536, 54061)  # 0.9642, 1, 0.8249


def cmyk_profile() -> bytes:
    """A press whose black ink is a middle grey (L* 50) and whose other inks print nothing."""
    lightness = [(128 if corner & 1 else 255, 128, 128) for corner in range(16)]  # K runs fastest
    matrix = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + bytes(range(256)) * 4
    table += bytes(v for entry in lightness for v in entry) + bytes(range(256)) * 3
    name = b"desc\0\0\0\0" + struct.pack(">I", 6) + b"press\0" + bytes(4 + 4 + 2 + 1 + 67)
    tags = {b"desc": name, b"A2B0": table, b"wtpt": b"XYZ \0\0\0\0" + D50}
    body, index, start = b"", struct.pack(">I", len(tags)), 132 + 12 * len(tags)
    for tag, data in tags.items():
        index += struct.pack(">4sII", tag, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = start + len(body)
    header = struct.pack(">I4xI4s4s4s12x4s", size, 0x02100000, b"prtr", b"CMYK", b"Lab ", b"acsp")
    return header.ljust(68, b"\0") + D50 + bytes(48) + index + body
