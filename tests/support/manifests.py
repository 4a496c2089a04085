"""Output folders as runs leave them, made without a run: pictures and their lines on record."""

import hashlib
import json
from pathlib import Path

from PIL import Image

FILE_NAME = "bgtool-manifest.jsonl"


def picture(path: Path, shade: int = 200, size: tuple[int, int] = (60, 80)) -> Path:
    """A plain picture with a black square."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", size, (shade, shade, shade))
    image.paste((0, 0, 0), (10, 10, 30, 30))
    image.save(path, None if path.suffix in Image.registered_extensions() else "PNG")
    return path


def line(root: Path, name: str, folder: Path, output: str, **changes: object) -> dict[str, object]:
    """The line of a file that is done, as of what lies on the disk."""
    source, made = root / name, folder / output
    values = {
        "input": name,
        "root": str(root),
        "options": "key",
        "settings": {"task": "CleanOptions", "format": "same", "style": "gray"},
        "model": "document",
        "model_sha256": "00",
        "output": output,
        "pages": 1,
        "seconds": 0.5,
        "status": "done",
        "warnings": [],
        "error": "",
        "version": "0",
        "device": "cpu",
        "confidence": 0.9,
        "reasons": [],
    }
    for prefix, path in (("", source), ("output_", made)):
        status = path.stat() if path.is_file() else None
        values[f"{prefix}size"] = status.st_size if status else -1
        values[f"{prefix}mtime_ns"] = status.st_mtime_ns if status else -1
    values["input_sha256"] = hashlib.sha256(source.read_bytes()).hexdigest() if source.is_file() else ""
    values["output_sha256"] = hashlib.sha256(made.read_bytes()).hexdigest() if made.is_file() else ""
    return values | changes


def done_run(parent: Path, names: list[str]) -> Path:
    """A folder with `in`, and `out` with its manifest, of plain pictures."""
    for shade, name in enumerate(names):
        picture(parent / "in" / name, 100 + shade)
        picture(parent / "out" / name, 200 + shade)
    write(parent / "out", [line(parent / "in", name, parent / "out", name) for name in names])
    return parent


def write(folder: Path, lines: list[dict[str, object]]) -> Path:
    """A folder's manifest of these lines."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE_NAME).write_text("".join(json.dumps(values) + "\n" for values in lines))
    return folder
