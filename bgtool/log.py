"""What a program that uses bgtool can hear of it through `logging`; as long as nobody listens, nothing is printed."""

from __future__ import annotations

import logging

logging.getLogger("bgtool").addHandler(logging.NullHandler())


def logger(module: str) -> logging.Logger:
    """The logger of a module, below that of the package, ``bgtool``."""
    return logging.getLogger(module)
