"""Packages that an extra of bgtool brings: what each is for, whether it works here, and what installs it."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shlex
import sys
from dataclasses import dataclass

from bgtool.errors import InputError, UsageError


@dataclass(frozen=True)
class Extra:
    """One extra that a file may need.

    Attributes:
        purpose: what it is for, the beginning of a sentence.
        modules: what has to be there to import.
        suffixes: lower case, of the inputs that cannot be read without it.
        program: that has to be there, too, and comes from elsewhere; empty for none.
    """

    purpose: str
    modules: tuple[str, ...]
    suffixes: frozenset[str] = frozenset()
    program: str = ""


EXTRAS = {
    "app": Extra("the window", ("nicegui",)),
    "bag": Extra("a bag", ("bagit",)),
    "cloud": Extra("a URL", ("fsspec",)),
    "fast": Extra("fast compression of cut-outs", ("isal",)),
    "ray": Extra("--engine ray", ("ray",)),
    "heif": Extra("HEIC", ("pillow_heif",), frozenset({".heic", ".heif", ".hif", ".heics"})),
    "native": Extra("--native", ("webview",)),
    "ocr": Extra("--ocr", ("pypdfium2", "pikepdf"), program="tesseract"),
    "pdf": Extra("PDF", ("pypdfium2", "pikepdf"), frozenset({".pdf"})),
    "report": Extra("the review page", ("jinja2",)),
    "vips": Extra("reading large pages in parts", ("pyvips",)),
    "watch": Extra("--watch", ("watchfiles",)),
}
"""By the names of pyproject.toml."""


def missing(name: str) -> tuple[str, ...]:
    """The modules of an extra that are not installed."""
    return tuple(module for module in EXTRAS[name].modules if importlib.util.find_spec(module) is None)


def fault(name: str) -> str:
    """Why an extra does not work here, found by importing it; empty where it does."""
    for module in EXTRAS[name].modules:
        try:
            importlib.import_module(module)
        except (ImportError, OSError) as error:  # OSError: a library that the module loads
            return " ".join(str(error).split())
    return ""


def command(name: str) -> str:
    """The command that installs what an extra brings, wherever bgtool itself came from.

    The requirements are those of the installed package; without its metadata, the names of the modules. A frozen
    program takes nothing in.
    """
    if getattr(sys, "frozen", False):
        return f"this program was built without it: pip install 'bgtool[{name}]' in a Python has it"
    from importlib import metadata

    try:
        texts = metadata.requires("bgtool") or []
    except metadata.PackageNotFoundError:
        texts = []
    parted = (text.partition(";") for text in texts)
    of_extra = [wanted.strip() for wanted, _, marker in parted if re.search(rf"extra == .{name}.$", marker.strip())]
    wanted = of_extra or (EXTRAS[name].modules if name in EXTRAS else ("onnxruntime",))
    return f"pip install {' '.join(map(shlex.quote, wanted))}"


def lack(name: str) -> str:
    """What is to say of an extra that is missing: ``HEIC needs pillow_heif``."""
    return f"{EXTRAS[name].purpose} needs {' and '.join(EXTRAS[name].modules)}"


def require(name: str) -> None:
    """Raise UsageError, with the command that helps, where a whole run needs an extra that is missing."""
    if missing(name):
        raise UsageError(lack(name), command(name))


def need(name: str) -> None:
    """Raise InputError, with the command that helps, where one file needs an extra that is missing."""
    if missing(name):
        raise InputError(lack(name), command(name))
