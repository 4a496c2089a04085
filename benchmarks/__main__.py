"""``python -m benchmarks [NAME...]``: print the tables named, or all but the long ones, and write them as JSON."""

import json
import platform
import sys
from pathlib import Path

from benchmarks import bicubic, huge, tiles

TABLES = {"bicubic": bicubic.main, "tiles": tiles.main, "huge": huge.main}
LONG = {"huge"}


def main() -> None:
    """Run the tables named on the command line, or all but the long ones."""
    results = {name: TABLES[name]() for name in sys.argv[1:] or sorted(TABLES.keys() - LONG)}
    out = Path("out")
    out.mkdir(exist_ok=True)
    machine = {"processor": platform.processor() or platform.machine(), "python": platform.python_version()}
    (out / "benchmarks.json").write_text(json.dumps({"machine": machine, **results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
