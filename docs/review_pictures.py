"""Takes docs/images/review-*.png: the review page of a run over examples/scans, in Debian's Chromium.

bgtool clean examples/scans -o /tmp/archive/clean
python docs/review_pictures.py /tmp/archive/clean
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bgtool.report.page import write_review

IMAGES = Path(__file__).parent / "images"
SIZE = {"width": 1280, "height": 800}


def main(folder: str) -> None:
    """Make the page of an output folder and take its pictures: light, and dark at the size of the pixels."""
    address = write_review(Path(folder).absolute()).as_uri()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        light = chromium.new_page(viewport=SIZE, color_scheme="light")
        opened(light, address)
        light.screenshot(path=IMAGES / "review-light.png")
        dark = chromium.new_page(viewport=SIZE, color_scheme="dark")
        opened(dark, address)
        for key in ("a", "j", "r", "1"):
            dark.keyboard.press(key)
        loaded(dark)
        dark.screenshot(path=IMAGES / "review-dark.png")
        chromium.close()


def opened(page: Page, address: str) -> None:
    """Open the review page and wait for its first pictures."""
    page.set_default_timeout(120_000)
    page.goto(address)
    loaded(page)


def loaded(page: Page) -> None:
    """Wait until both pictures are there."""
    page.wait_for_function("['before', 'after'].every((id) => document.getElementById(id).naturalWidth > 0)")


if __name__ == "__main__":
    main(sys.argv[1])
