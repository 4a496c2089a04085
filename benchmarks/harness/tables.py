"""Tables of results: printed, kept as JSON, and written as Markdown, all from the same rows."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib import metadata
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

Value = str | float | None


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        title: what was measured on what.
        rows: by column name; all rows have the same columns. None where there is nothing to tell.
        note: what one has to know to read it.
    """

    title: str
    rows: Sequence[dict[str, Value]]
    note: str = ""


@dataclass(frozen=True)
class Section:
    """What one benchmark found, and where.

    Attributes:
        command: what has to be typed to measure it again.
        date: ISO 8601.
        processor: its name and the number of cores that could be used.
        versions: of Python and of what has a share in the figures.
        tables: the results.
    """

    command: str
    date: str
    processor: str
    versions: dict[str, str]
    tables: list[Table]


def section(command: str, tables: list[Table], cores: int) -> Section:
    """Tables with the place and time they were measured at."""
    versions = {name: metadata.version(name) for name in ("bgtool", "onnxruntime", "numpy", "pillow")}
    processor = f"{processor_name()}, {cores} cores"
    return Section(
        command, date.today().isoformat(), processor, {"Python": platform.python_version()} | versions, tables
    )


def processor_name() -> str:
    """The processor as it calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    named = {key.strip(): value.strip() for key, value in values.items()}
    family = f" (family {named['cpu family']}, model {named['model']})" if "cpu family" in named else ""
    return named.get("model name", platform.machine()) + family


def shown(value: Value) -> str:
    """A value as tables show it: three digits that count."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def columns(table: Table) -> list[str]:
    """Names of the columns."""
    return list(table.rows[0])


def show(console: Console, table: Table) -> None:
    """Print a table."""
    drawn = RichTable(
        title=escape(table.title), caption=escape(table.note), title_justify="left", caption_justify="left"
    )
    for number, name in enumerate(columns(table)):
        drawn.add_column(escape(name), justify="right" if number else "left")
    for row in table.rows:
        drawn.add_row(*(escape(shown(value)) for value in row.values()))
    console.print(drawn)


def markdown(table: Table) -> str:
    """A table in Markdown, with its title above and its note below."""
    names = columns(table)
    lines = [
        names,
        ["---", *["--:"] * (len(names) - 1)],
        *([shown(value) for value in row.values()] for row in table.rows),
    ]
    grid = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join(filter(None, [f"**{table.title}**", grid, table.note]))


def keep(file: Path, name: str, found: Section) -> None:
    """Put a section into the file of results, in place of an older one."""
    results = json.loads(file.read_text()) if file.exists() else {}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(results | {name: asdict(found)}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def kept(file: Path) -> dict[str, Section]:
    """The sections in a file of results, by name."""
    results = json.loads(file.read_text(encoding="utf-8"))
    return {
        name: Section(**values | {"tables": [Table(**table) for table in values["tables"]]})
        for name, values in results.items()
    }
