"""The command line."""

from bgtool.cli.app import main

__all__ = ["main"]
