"""Make the site of these documents: ``python docs/site.py out/docs``; open index.html there, no server is needed.

Pages are copied beside each other first, since some stand outside docs/ (README.md is the first page), and links to
what is no page of the site become plain text.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MOVED = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    "examples/README.md": "examples.md",
}
"""Pages that do not lie in docs/, by their place in the repository, and where they go."""

FOREIGN = "https://unpkg.com/iframe-worker/shim"
"""What Zensical has pages load that were opened from the disk."""

LINK = re.compile(r"(?P<mark>!?)\[(?P<text>(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*)\]\((?P<link>[^)\s]+)\)")


def main(out: str) -> None:
    """Make the site in a folder; what the strict build complains of ends the program."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        staged(stage / "docs")
        shutil.copy(ROOT / "docs" / "zensical.toml", stage)
        command = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", stage / "zensical.toml"]
        done = subprocess.run(command, cwd=stage, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
        if done.returncode:
            sys.exit(done.returncode)
        without_others(stage / "site")
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(stage / "site", out)


def without_others(site: Path) -> None:
    """Put docs/worker.js in the place of the one script that pages would load from elsewhere."""
    shutil.copy(ROOT / "docs" / "worker.js", site / "assets")
    for page in site.rglob("*.html"):
        own = os.path.relpath(site / "assets" / "worker.js", page.parent)
        page.write_text(page.read_text(encoding="utf-8").replace(FOREIGN, own), encoding="utf-8")


def staged(stage: Path) -> None:
    """Copy what the site is made of."""
    for source in sources():
        target = stage / place(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.endswith(".md"):
            text = (ROOT / source).read_text(encoding="utf-8")
            target.write_text(with_links(text, source), encoding="utf-8")
        else:
            shutil.copy(ROOT / source, target)


def sources() -> list[str]:
    """Pages and pictures, by their place in the repository."""
    files = (path for path in (ROOT / "docs").rglob("*") if path.suffix in (".md", ".png", ".css"))
    return [*MOVED, *sorted(path.relative_to(ROOT).as_posix() for path in files)]


def place(source: str) -> str:
    """Where a file goes, relative to the folder of the site."""
    return MOVED.get(source, source.removeprefix("docs/"))


def with_links(text: str, source: str) -> str:
    """A page whose links lead to where pages go; those that leave the site are their text alone."""
    known = set(sources())

    def led(match: re.Match[str]) -> str:
        link, hash_mark, part = match["link"].partition("#")
        if not link or "://" in link:
            return match[0]
        goal = os.path.normpath(os.path.join(os.path.dirname(source), link))  # noqa: PTH118, PTH120 - `..` goes
        inner = LINK.sub(led, match["text"])
        if goal not in known:
            return inner
        relative = os.path.relpath(place(goal), os.path.dirname(place(source)) or ".")  # noqa: PTH120
        return f"{match['mark']}[{inner}]({relative}{hash_mark}{part})"

    return LINK.sub(led, text)


if __name__ == "__main__":
    main(sys.argv[1])
