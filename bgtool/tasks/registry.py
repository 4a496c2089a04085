"""The work that an order asks for."""

from __future__ import annotations

from bgtool.options import CleanOptions, CutoutOptions
from bgtool.tasks.base import Work
from bgtool.tasks.order import Order


def work_for(order: Order) -> Work:
    """The work that an order asks for; what other work needs is not imported."""
    match order:
        case Order(options=CleanOptions() as options):
            from bgtool.tasks.cleaning import CleanWork

            return CleanWork(options, order.pixels)
        case Order(options=CutoutOptions() as options, background=background) if background:
            from bgtool.tasks.cutting import CutoutWork

            return CutoutWork(options, background, order.crop)
    raise TypeError(f"no work for {type(order.options).__name__}")
