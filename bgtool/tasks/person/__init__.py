"""Cutting people out."""
