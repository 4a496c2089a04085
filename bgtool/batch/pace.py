"""How fast a run goes and how long it will take, in words."""

from __future__ import annotations


def speed(pages: int, unit: str, megapixels: float, elapsed: float) -> str:
    """``0.31 pages/s, 2.7 MP/s``; empty as long as nothing can be said."""
    return f"{pages / elapsed:.2f} {unit}/s, {megapixels / elapsed:.1f} MP/s" if elapsed > 0 and megapixels > 0 else ""


def time_left(done: float, total: float | None, elapsed: float) -> str:
    """``, 1:05 left``; empty as long as no file is done."""
    return f", {clock((total - done) * elapsed / done)} left" if done and total else ""


def clock(seconds: float) -> str:
    """Seconds as ``M:SS`` or ``H:MM:SS``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
