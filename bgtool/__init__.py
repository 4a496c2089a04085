"""Batch background removal for scanned documents and photos of people, on onnxruntime.

One picture, in whatever form it is at hand (path, bytes, open file, Pillow image, array):

>>> import bgtool
>>> bgtool.clean("scan.jpg").mode
'L'
>>> bgtool.cutout("photo.jpg", background="white", crop=True).mode
'RGB'

Many pictures with one model, and whole folders as the command line does them:

>>> model = bgtool.load_model("document")
>>> pages = [bgtool.clean(path, model=model) for path in ("scan.jpg", "photo.jpg")]
>>> bgtool.clean_files("scans", output="clean").exit_code
0

Errors are `BgtoolError` and its subclasses, warnings `BgtoolWarning` and `NobodyFound`.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from bgtool._version import __version__

if _TYPE_CHECKING:
    from bgtool.api import clean, clean_files, cutout, cutout_files, load_model
    from bgtool.batch.summary import Summary
    from bgtool.engine.job import Outcome
    from bgtool.errors import (
        BgtoolError,
        BgtoolWarning,
        DeviceError,
        InputError,
        ModelError,
        NobodyFound,
        OutputError,
        UsageError,
    )
    from bgtool.imaging.formats import Format
    from bgtool.options import Pictures, Polarity, Style
    from bgtool.runtime.session import Model

__all__ = [
    "BgtoolError",
    "BgtoolWarning",
    "DeviceError",
    "Format",
    "InputError",
    "Model",
    "ModelError",
    "NobodyFound",
    "Outcome",
    "OutputError",
    "Pictures",
    "Polarity",
    "Style",
    "Summary",
    "UsageError",
    "__version__",
    "clean",
    "clean_files",
    "cutout",
    "cutout_files",
    "load_model",
]

_HOMES = {
    "api": ("clean", "clean_files", "cutout", "cutout_files", "load_model"),
    "options": ("Format", "Pictures", "Polarity", "Style"),
    "engine.job": ("Outcome",),
    "batch.summary": ("Summary",),
    "runtime.session": ("Model",),
}


def __getattr__(name: str) -> object:
    """Import what is public when it is first used, so that ``import bgtool`` stays light."""
    if name in __all__:
        home = next((home for home, names in _HOMES.items() if name in names), "errors")
        return getattr(_import_module(f"bgtool.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, whether they have been used or not."""
    return __all__
