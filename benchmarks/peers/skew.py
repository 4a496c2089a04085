"""Angles as the package deskew finds them, by the Python of its own environment: ``skew.py FILE...``.

Prints a JSON object: by file name the degrees by which the picture is to be turned clockwise, null for none.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image


def angle(file):
    from deskew import determine_skew

    found = determine_skew(np.asarray(Image.open(file).convert("L")), max_angle=15)
    return None if found is None else -float(found)


if __name__ == "__main__":
    print(json.dumps({file.name: angle(file) for file in map(Path, sys.argv[1:])}))
