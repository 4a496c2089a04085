"""Whether an ONNX file takes data from other files, told from its protobuf encoding.

A tensor may name a file as its place, and onnxruntime reads any below the current folder; a node compiled for a device
may name one too. The package onnx, which could tell, is not needed to run models.
"""

from __future__ import annotations

from collections.abc import Iterator

_PARTS = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
"""The messages of onnx.proto in which a tensor can lie, each with the numbers of the fields that lead there."""

_EXTERNAL_DATA, _DATA_LOCATION, _OPERATOR = 13, 14, 4
_VARINT, _LENGTH = 0, 2
_FIXED = {1: 8, 5: 4}
"""Wire types, and the bytes that values of fixed size take."""


def names_files(model: bytes) -> bool:
    """Whether any part of the model says that its data are in another file.

    Raises:
        ValueError: the bytes are no protobuf message.
    """
    waiting = [("model", 0, len(model))]
    while waiting:
        kind, start, stop = waiting.pop()
        for number, wire, first, last in _fields(model, start, stop):
            if kind == "tensor" and number in (_EXTERNAL_DATA, _DATA_LOCATION) and (wire == _LENGTH or last):
                return True
            if kind == "node" and number == _OPERATOR and model[first:last] == b"EPContext":
                return True
            if wire == _LENGTH and number in _PARTS[kind]:
                waiting.append((_PARTS[kind][number], first, last))
    return False


def _fields(data: bytes, place: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
    """Number and wire type of each field of a message, and where its bytes begin and end, or 0 and its value."""
    while place < stop:
        key, place = _varint(data, place, stop)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, place = _varint(data, place, stop)
            yield number, wire, 0, value
            continue
        if wire == _LENGTH:
            length, place = _varint(data, place, stop)
        elif wire in _FIXED:
            length = _FIXED[wire]
        else:
            raise ValueError(f"no field has wire type {wire}")
        if place + length > stop:
            raise ValueError("a field reaches beyond its message")
        yield number, wire, place, place + length
        place += length


def _varint(data: bytes, place: int, stop: int) -> tuple[int, int]:
    """A number of up to ten bytes, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= stop:
            break
        byte = data[place]
        value |= (byte & 127) << shift
        place += 1
        if byte < 128:
            return value, place
    raise ValueError("a number has no end")
