"""Modules that need an extra, imported when the first file asks for them."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from bgtool.errors import InputError

_PDF_PACKAGES = ("pypdfium2", "pikepdf")


def pdf_module(name: str) -> Any:
    """`bgtool.pdf_reading` or `bgtool.pdf_writing`.

    Args:
        name: ``reading`` or ``writing``.

    Raises:
        InputError: the packages for PDF are not installed.
    """
    if any(importlib.util.find_spec(package) is None for package in _PDF_PACKAGES):
        raise InputError(f"PDF needs {' and '.join(_PDF_PACKAGES)}", "pip install 'bgtool[pdf]'")
    return importlib.import_module(f"bgtool.pdf_{name}")
