"""Measurements made once, for a decision; each is run by itself."""
