"""Figures of exported models on test sets."""
