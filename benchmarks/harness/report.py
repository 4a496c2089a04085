"""The page of performance with its plots, written from measured results, none by hand."""

from __future__ import annotations

import shutil
from itertools import chain
from pathlib import Path

from benchmarks.harness.tables import Section, Table, kept, markdown

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "performance.md"
RESULTS = PAGE.parent / "performance" / "results.json"

INTRODUCTION = """# Performance

Written by `python -m benchmarks report` from [performance/results.json](performance/results.json); every figure was
measured by the command above its table, on the processor named there. `make bench` measures what needs nothing but this
repository; its peers come from pip into environments of their own below `build/benchmarks`, unpaper from the system.
Whatever a table compares ran on the same files in one run, taking turns; times are medians of whole programs, start-up,
reading and writing included, unless the table says otherwise. The figures of *Efficiency* and of single pages by their
size are of one run each. *Peak MiB* is the largest resident set of one process.
"""

CHAPTERS = {
    "documents": "Documents: against classical methods",
    "people": "People: against rembg",
    "pipeline": "Efficiency: the whole program against the bare network",
    "scaling": "Scaling",
    "cores": "Cores",
    "startup": "Start-up and size",
    "bicubic": "Bicubic upsampling as a fixed convolution",
}

PLOTS = {"megapixels": ("s", "peak MiB"), "cores": ("pages/s",), "--tile": ("MP/s",)}
"""What is drawn against the first column of a table."""


def write(results: Path) -> None:
    """Copy the results into docs/, draw the plots and write the page.

    Args:
        results: the file that the benchmarks have written.

    Raises:
        FileNotFoundError: they have not.
    """
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(results, RESULTS)
    sections = kept(RESULTS)
    for table in chain.from_iterable(section.tables for section in sections.values()):
        for column in PLOTS.get(first_column(table), ()):
            plot(table, column, RESULTS.parent / plot_name(table, column))
    PAGE.write_text(page(sections), encoding="utf-8")


def page(sections: dict[str, Section]) -> str:
    """The whole document."""
    chapters = (chapter(title, sections[name]) for name, title in CHAPTERS.items() if name in sections)
    return "\n".join([INTRODUCTION, *chapters])


def chapter(title: str, found: Section) -> str:
    """One benchmark: where, how, and its tables, each with its plots."""
    versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    parts = [f"## {title}", f"    {found.command}", f"{found.date}, {found.processor}; {versions}."]
    for table in found.tables:
        parts.append(markdown(table))
        parts += [
            f"![{column}](performance/{plot_name(table, column)})" for column in PLOTS.get(first_column(table), ())
        ]
    return "\n\n".join(parts) + "\n"


def first_column(table: Table) -> str:
    """The name of the column that names the rows."""
    return next(iter(table.rows[0]))


def plot_name(table: Table, column: str) -> str:
    """File of the plot of a column."""
    words = f"{column} by {first_column(table).strip('-')}"
    return words.replace("/", " per ").replace(" ", "-").lower() + ".png"


def plot(table: Table, column: str, file: Path) -> None:
    """Draw one column against the first."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    across = first_column(table)
    figure, axes = pyplot.subplots(figsize=(6, 3.5), layout="constrained")
    axes.plot([row[across] for row in table.rows], [row[column] for row in table.rows], marker="o")
    axes.set(xlabel=across, ylabel=column, title=table.title)
    if across == "megapixels":
        axes.set_xscale("log")
        axes.set_yscale("log" if column == "s" else "linear")
    axes.set_ylim(bottom=None if column == "s" else 0)
    axes.grid(alpha=0.3)
    figure.savefig(file, dpi=110, metadata={"Software": None})
    pyplot.close(figure)
