"""Peak memory and seconds of `bgtool clean` over a 1-gigapixel TIFF and a 300-megapixel JPEG, which it makes first."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

SCAN = Path(__file__).parents[2] / "examples" / "scans" / "letter.jpg"
FILES = {
    "gigapixel.tif": (40_000, 25_000, {"tile": True, "compression": "lzw"}),
    "300-megapixels.jpg": (20_000, 15_000, {"Q": 90}),
}
POLL_SECONDS = 0.2


def make(name: str, folder: Path) -> Path:
    """Write one of `FILES`: an example scan, side by side until the size is reached."""
    import pyvips

    width, height, options = FILES[name]
    scan = pyvips.Image.new_from_file(str(SCAN)).colourspace("srgb")
    page = scan.replicate(-(-width // scan.width), -(-height // scan.height)).crop(0, 0, width, height)
    page.write_to_file(str(folder / name), **options)
    return folder / name


def processes(pid: int) -> list[int]:
    """A process and all that it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in processes(int(child)))]


def memory(pid: int) -> int:
    """Bytes that a process holds, shared ones by their share (Linux)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def watched(command: list[str]) -> tuple[int, float, float]:
    """Run a command: its exit code, the most bytes that it and its processes held at a time, and its seconds."""
    start, most = time.perf_counter(), 0
    process = subprocess.Popen(command)
    while process.poll() is None:
        with suppress(OSError, StopIteration):  # one of them has just ended
            most = max(most, sum(map(memory, processes(process.pid))))
        time.sleep(POLL_SECONDS)
    return process.returncode, most, time.perf_counter() - start


def main() -> dict[str, dict[str, float]]:
    """Print the table; returns peak bytes and seconds by file."""
    results = {}
    print("bgtool clean of huge pages")
    for name, (width, height, _) in FILES.items():
        with tempfile.TemporaryDirectory() as folder:
            source = make(name, Path(folder))
            size = source.stat().st_size
            target = Path(folder) / "clean.tif"
            code, most, seconds = watched([sys.executable, "-m", "bgtool", "clean", str(source), "-o", str(target)])
        if code:
            sys.exit(f"bgtool clean ended with {code}")
        results[name] = {"megapixels": width * height / 1e6, "bytes": most, "seconds": seconds}
        print(f"  {name:<20} {size / 1e6:8.0f} MB {most / 2**30:8.2f} GiB {seconds:9.1f} s")
    return results
