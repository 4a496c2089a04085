"""People: `bgtool cutout` against `rembg p` in speed, and on photos whose masks are known against other networks."""

from __future__ import annotations

from benchmarks.harness.settings import Settings
from benchmarks.harness.tables import Table
from benchmarks.suites.people import quality, speed


def measure(settings: Settings) -> list[Table]:
    """One table of speed, unless no photos are asked for; those of quality, where photos with masks are given."""
    tables = speed.measure(settings) if settings.photos else []
    return [*tables, *(quality.measure(settings, settings.people) if settings.people else [])]
