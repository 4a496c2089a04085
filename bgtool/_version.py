"""The version of bgtool."""

__version__ = "0.1.0"
