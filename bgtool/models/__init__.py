"""Shipped models and their catalogue."""
