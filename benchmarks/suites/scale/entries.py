"""``python -m benchmarks.suites.scale.entries COUNT [N]``: plan and resume a run over so many objects, all done.

The objects are those of a store that makes up its listings, N (a thousand) to a prefix, so that only what bgtool keeps
of them counts. Prints, as JSON, seconds of planning, of reading the manifest and of finding what is left.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import fsspec
from fsspec.spec import AbstractFileSystem

from bgtool.batch.due import due
from bgtool.batch.history import read
from bgtool.batch.plan import plan
from bgtool.options import CleanOptions
from bgtool.storage.file_journal import FILE_NAME
from bgtool.storage.stores import store_of
from bgtool.tasks.order import order_for


class Many(AbstractFileSystem):
    """A store of `count` pages in ``many://in``, and of as many outputs in ``many://out``."""

    protocol = "many"
    count, in_prefix = 0, 1000

    def ls(self, path, detail=True, **options):
        """Prefixes of a bucket, or the objects of a prefix."""
        bucket, _, prefix = self._strip_protocol(path).strip("/").partition("/")
        if not prefix:
            folders = range(-(-self.count // self.in_prefix))
            return [{"name": f"{bucket}/{number:06}", "size": 0, "type": "directory"} for number in folders]
        first = int(prefix) * self.in_prefix
        return [made(bucket, number) for number in range(first, min(first + self.in_prefix, self.count))]

    def info(self, path, **options):
        """One of them."""
        bucket, _, name = self._strip_protocol(path).strip("/").partition("/")
        if name.endswith(".png"):
            return made(bucket, int(Path(name).stem))
        if FILE_NAME in name or (not name.isdigit() and name):
            raise FileNotFoundError(path)
        return {"name": f"{bucket}/{name}", "size": 0, "type": "directory"}


def made(bucket: str, number: int) -> dict[str, object]:
    """What a store says of an object."""
    name = f"{bucket}/{number // Many.in_prefix:06}/{number:09}.png"
    return {"name": name, "size": 1000 + number % 977, "type": "file", "ETag": f"{number:032x}"}


def write_manifest(folder: Path, count: int, key: str) -> None:
    """A manifest in which all of them are done."""
    store = store_of("many://in")
    with (folder / FILE_NAME).open("w") as file:
        for number in range(count):
            name = f"{number // Many.in_prefix:06}/{number:09}.png"
            size, version = store.look(f"many://in/{name}").stamp
            line = {"input": name, "root": "many://in", "size": size, "mtime_ns": version, "input_sha256": "0" * 64,
                    "options": key, "settings": {}, "model": "m", "model_sha256": "m", "output": name,
                    "output_sha256": "0" * 64, "output_size": -1, "output_mtime_ns": -1, "pages": 1, "seconds": 1.0,
                    "status": "done", "warnings": [], "error": "", "version": "0", "device": "cpu"}  # fmt: skip
            file.write(json.dumps(line) + "\n")


def main(count: int, in_prefix: int = 1000) -> None:
    """Measure."""
    Many.count, Many.in_prefix = count, in_prefix
    fsspec.register_implementation("many", Many)
    with TemporaryDirectory() as text:
        folder = Path(text)
        order = order_for(CleanOptions(inputs=("many://in",), output=str(folder)))
        write_manifest(folder, count, order.key)
        seconds = [time.process_time()]
        history = read(folder)
        seconds.append(time.process_time())
        planned = plan(order.options, order.pixels, history)
        seconds.append(time.process_time())
        history.holds = lambda name: True
        left = due(planned, order, "m", history)
        seconds.append(time.process_time())
    spent = [after - before for before, after in pairwise(seconds)]
    print(json.dumps({"read": spent[0], "plan": spent[1], "due": spent[2], "left": len(left.jobs), "peak": peak_mib()}))


def peak_mib() -> float:
    """Of this process; Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
