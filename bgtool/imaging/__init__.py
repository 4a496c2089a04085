"""Pixels and what goes with them, in and out of files."""
