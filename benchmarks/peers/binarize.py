"""A classical method over a folder, run by the Python of its own environment: ``binarize.py METHOD INPUTS OUTPUTS``.

Reads with Pillow, writes 1-bit PNG, as a script around these libraries would. Needs nothing of bgtool.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

WINDOW, K = 75, 0.2
"""Side of the local window in pixels and weight of the deviation, as usual for the DIBCO sets."""


def doxa(name):
    """A method of doxapy, with that window where it has one and its own defaults otherwise."""
    import doxapy

    def binarize(grey):
        ink = np.empty_like(grey)
        method = doxapy.Binarization(getattr(doxapy.Binarization.Algorithms, name))
        method.initialize(grey)
        method.to_binary(ink, {"window": WINDOW, "k": K} if name in ("SAUVOLA", "ISAUVOLA") else {})
        return ink >= 128

    return binarize


def skimage_sauvola():
    from skimage.filters import threshold_sauvola

    return lambda grey: grey > threshold_sauvola(grey, WINDOW, K)


def opencv_sauvola():
    import cv2

    sauvola = cv2.ximgproc.BINARIZATION_SAUVOLA
    return lambda grey: (
        cv2.ximgproc.niBlackThreshold(grey, 255, cv2.THRESH_BINARY, WINDOW, K, binarizationMethod=sauvola) > 0
    )


def opencv_adaptive():
    import cv2

    mean = cv2.ADAPTIVE_THRESH_GAUSSIAN_C
    return lambda grey: cv2.adaptiveThreshold(grey, 255, mean, cv2.THRESH_BINARY, WINDOW, 15) > 0


METHODS = {
    "doxapy ISauvola": lambda: doxa("ISAUVOLA"),
    "doxapy Su": lambda: doxa("SU"),
    "doxapy Gatos": lambda: doxa("GATOS"),
    "doxapy Sauvola": lambda: doxa("SAUVOLA"),
    "doxapy Otsu": lambda: doxa("OTSU"),
    "scikit-image Sauvola": skimage_sauvola,
    "OpenCV Sauvola": opencv_sauvola,
    "OpenCV adaptive Gaussian": opencv_adaptive,
}


def main(name, inputs, outputs):
    """Binarize a folder."""
    binarize = METHODS[name]()
    for file in sorted(Path(inputs).iterdir()):
        paper = binarize(np.asarray(Image.open(file).convert("L")))
        Image.fromarray(paper).save(Path(outputs) / f"{file.stem}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
