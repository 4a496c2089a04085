"""The review page: one HTML file that opens from the disk, and a folder of pictures beside it.

Names of files reach the page as JSON in a block that no browser runs, and from there the document as text; the page's
own script and style are the only ones that its Content-Security-Policy lets through, by their digests.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bgtool._version import __version__
from bgtool.batch.listing import REVIEW_SUFFIX
from bgtool.engine.job import Outcome
from bgtool.errors import UsageError, printable
from bgtool.optional import require
from bgtool.report.again import again
from bgtool.report.items import Item, folder_of_pages, items_of
from bgtool.report.previews import FILES, Previews
from bgtool.report.thumbnails import ACROSS, SIDE, Spot, Thumbnails, name_of, save

FILE_NAME = "review.html"
"""Of the page, in the output folder, where no other is asked for."""

MARK = b'<meta name="generator" content="bgtool review'
SCRIPTS = ("viewer.js", "again.js", "review.js")


@dataclass(frozen=True)
class Speed:
    """How a run went.

    Attributes:
        seconds: from its start to its end.
        done, skipped: files done by it, and those that were done before.
    """

    seconds: float
    done: int
    skipped: int


def write_review(
    folder: Path, file: Path | None = None, outcomes: Iterable[Outcome] = (), speed: Speed | None = None
) -> Path:
    """Write the review page of an output folder.

    Args:
        folder: of the outputs; where these are joined files, their single pages are shown.
        file: of the page; None for `FILE_NAME` in the folder. Its pictures go into a folder beside it.
        outcomes: of the run that has just ended; failures that are not on record are shown too.
        speed: of that run.

    Returns:
        The file.

    Raises:
        UsageError: the folder has no manifest, the extra `report` is missing, or something else stands in the page's
            place.
        OutputError: it cannot be written.
    """
    require("report")
    file = file or folder / FILE_NAME
    pictures = file.with_suffix(REVIEW_SUFFIX)
    refuse_foreign(file)
    folder = folder_of_pages(folder)
    items = items_of(folder, outcomes)
    pictures.mkdir(parents=True, exist_ok=True)
    spots = Thumbnails(pictures, folder).of(items)
    data = page_data(items, spots, views_of(items, folder, pictures), folder, file)
    save(file, rendered(data, items, folder, speed).encode("utf-8"))
    return file


def refuse_foreign(file: Path) -> None:
    """Raise UsageError where the page or its folder would take the place of what bgtool did not make."""
    pictures = file.with_suffix(REVIEW_SUFFIX)
    if file.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{file} is no name of a page", "let it end in .html")
    if os.path.lexists(file) and not (file.is_file() and MARK in file.read_bytes()[:4096]):
        raise UsageError(f"{file} is there and bgtool did not make it", "choose another name")
    if os.path.lexists(pictures) and not (pictures.is_dir() and not pictures.is_symlink()):
        raise UsageError(f"{pictures} is in the place of the page's folder", "choose another name")


def views_of(items: Sequence[Item], folder: Path, beside: Path) -> list[list[str | None]]:
    """For the first files that are done, the pictures in place of what browsers cannot show: of the input, the output
    and its second half.
    """
    previews = Previews(beside)
    found: list[list[str | None]] = []
    for item in [item for item in items if item.output][:FILES]:
        source, made = item.stamps
        pictures = [(Path(item.input), source, 0), (folder / item.output, made, 0)]
        if half := item.second:
            pictures.append((folder / half.output, half.stamp, half.page))
        found.append(list(previews.of(pictures)))
    previews.sweep()
    return found


def page_data(
    items: Sequence[Item], spots: Sequence[Spot | None], views: Sequence[list[str | None]], folder: Path, file: Path
) -> dict[str, Any]:
    """What the page's script is given; short names, since it may be ten thousand files."""
    here = file.absolute().parent
    roots = {root: number for number, root in enumerate(dict.fromkeys(item.root for item in items))}
    reasons = list(dict.fromkeys(reason for item in items for reason in item.reasons))
    pictures = url_to(file.absolute().with_suffix(REVIEW_SUFFIX), here)
    seen = iter(views)
    return {
        "id": hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16],
        "roots": [{"path": root, "url": url_to(Path(root), here)} for root in roots],
        "folder": str(folder.absolute()),
        "again": again(items),
        "outputs": url_to(folder.absolute(), here),
        "pictures": pictures,
        "reasons": reasons,
        "side": SIDE,
        "across": ACROSS,
        "sheets": {spot.sheet: name_of(spot.sheet) for spot in spots if spot},
        "items": [
            entry(item, roots[item.root], spot, reasons, next(seen, None) if item.output else None)
            for item, spot in zip(items, spots, strict=True)
        ],
    }


def entry(
    item: Item, root: int, spot: Spot | None, reasons: Sequence[str], views: Sequence[str | None] | None
) -> dict[str, Any]:
    """One file; what there is nothing to say of is left out."""
    values = {
        "n": item.name,
        "l": printable(item.name) if printable(item.name) != item.name else None,
        "r": root,
        "u": escaped(item.name),
        "o": escaped(item.output) if item.output else None,
        "h": escaped(item.second.output) if item.second else None,
        "m": True if item.mirrored and item.second else None,
        "e": item.error or None,
        "w": item.warnings or None,
        "k": [reasons.index(reason) for reason in item.reasons] or None,
        "c": item.confidence,
        "d": item.digest[8:24] or None,
        "p": item.pages,
        "s": round(item.seconds, 2),
        "t": spot,
        "v": views if views and any(views) else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def rendered(data: dict[str, Any], items: Sequence[Item], folder: Path, speed: Speed | None) -> str:
    """The page."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
                                     lstrip_blocks=True)  # fmt: skip
    script, style = "\n".join(own(name) for name in SCRIPTS), own("review.css")
    return environment.from_string(own("review.html")).render(
        version=__version__,
        script=script,
        style=style,
        script_digest=digest(script),
        style_digest=digest(style),
        data=data,
        title=printable(str(folder)),
        totals=totals(items, speed),
    )


def totals(items: Sequence[Item], speed: Speed | None) -> list[tuple[str, str]]:
    """What is said at the head of the page: names and values."""
    failed = sum(bool(item.error) for item in items)
    pages = sum(item.pages for item in items)
    found = [("done", f"{len(items) - failed:,}"), ("failed", f"{failed:,}"), ("pages", f"{pages:,}")]
    found.append(("deserve a look", f"{sum(bool(item.reasons or item.warnings) for item in items):,}"))
    if speed and speed.done and speed.seconds > 0:
        found.append(("last run", f"{speed.done:,} files in {speed.seconds:,.0f} s, {speed.skipped:,} done before"))
        found.append(("files an hour", f"{3600 * speed.done / speed.seconds:,.0f}"))
    models = Counter(str(item.settings["model"]) for item in items if item.settings)
    return [*found, ("model", ", ".join(name for name, _ in models.most_common()))] if models else found


def own(name: str) -> str:
    """A file of this package."""
    return files("bgtool.report").joinpath(name).read_text(encoding="utf-8")


def digest(text: str) -> str:
    """As a Content-Security-Policy names a script or a style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def escaped(path: str) -> str:
    """A relative path as part of an address."""
    return quote(os.fsencode(path.replace(os.sep, "/")))


def url_to(folder: Path, here: Path) -> str:
    """The address of a folder as seen from another, with a slash at its end."""
    try:
        relative = os.path.relpath(folder, here)
    except ValueError:  # another drive
        return f"{folder.as_uri()}/"
    return f"./{escaped(relative)}/"
