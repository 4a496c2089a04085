"""Batch background removal for scanned documents and photos of people, on onnxruntime."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bgtool.api import clean, clean_files, cutout, cutout_files, load_model

__version__ = "0.1.0"
__all__ = ["__version__", "clean", "clean_files", "cutout", "cutout_files", "load_model"]


def __getattr__(name: str) -> Any:
    """Import the API when it is first used, so that ``import bgtool`` stays light."""
    if name in __all__:
        return getattr(import_module("bgtool.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
