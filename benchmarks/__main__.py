"""``python -m benchmarks [NAME...]``: print all tables, or those named, and write them as JSON."""

import json
import platform
import sys
from pathlib import Path

from benchmarks import bicubic, edges, nobody, tiles

TABLES = {"bicubic": bicubic.main, "edges": edges.main, "nobody": nobody.main, "tiles": tiles.main}


def main() -> None:
    """Run the tables named on the command line, or all."""
    results = {name: TABLES[name]() for name in sys.argv[1:] or TABLES}
    out = Path("out")
    out.mkdir(exist_ok=True)
    machine = {"processor": platform.processor() or platform.machine(), "python": platform.python_version()}
    (out / "benchmarks.json").write_text(json.dumps({"machine": machine, **results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
