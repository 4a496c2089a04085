"""Make the pictures of results again, with the shipped models: ``python docs/pictures.py [FOLDER]``.

Unless a folder is named, those of docs/images/ are replaced. Those of the review page: docs/review_pictures.py; those
of docs/reference/performance/: `make report`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import bgtool

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
SCANS, PHOTOS = EXAMPLES / "scans", EXAMPLES / "photos"


def main(images: Path) -> None:
    """Make all of them."""
    with tempfile.TemporaryDirectory() as folder:
        gray, bilevel, people = (Path(folder) / name for name in ("gray", "bilevel", "people"))
        bgtool.clean_files(SCANS / "essay.jpg", SCANS / "letter.jpg", output=gray)
        bgtool.clean_files(*(path for path in SCANS.iterdir() if path.is_file()), output=bilevel, style="bilevel")
        bgtool.cutout_files(PHOTOS / "grace-hopper.jpg", PHOTOS / "astronaut.jpg", output=people)
        pages = [path for name in ("essay.jpg", "letter.jpg") for path in (SCANS / name, gray / name)]
        compose("compose", *pages, images / "before-after.png")
        compose("compose_failures", SCANS, bilevel, EXAMPLES / "truth", images / "document-failures.png")
        for name, image in (("grace-hopper", "before-after-people.png"), ("astronaut", "person-helmet.png")):
            compose("compose_people", PHOTOS / f"{name}.jpg", people / f"{name}.png", images / image)


def compose(script: str, *paths: Path) -> None:
    """Run a script of examples/pictures/."""
    subprocess.run([sys.executable, EXAMPLES / "pictures" / f"{script}.py", *paths], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs" / "images")
