"""Takes docs/images/window-*.png: the window on a copy of examples/scans, in Debian's Chromium.

cp -r examples/scans /tmp/archive/scans
python docs/window_pictures.py /tmp/archive
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
SIZE = {"width": 1080, "height": 900}


def main(folder: str) -> None:
    """Take the pictures: light with its preview, and dark while a run is under way."""
    command = [sys.executable, "-m", "bgtool", "app", "--no-browser", "scans"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as window, sync_playwright() as use:
        assert window.stdout
        address = window.stdout.readline().strip()
        chromium = use.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        light = chromium.new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
        opened(light, address)
        light.locator("img.after").wait_for()
        light.wait_for_load_state("networkidle")
        light.screenshot(path=IMAGES / "window-light.png", full_page=True)
        dark = chromium.new_page(viewport=SIZE, color_scheme="dark", reduced_motion="reduce")
        opened(dark, address)
        dark.get_by_role("radio", name="Black and white").click()
        dark.get_by_role("button", name="Start", exact=True).click()
        dark.get_by_text(re.compile("^[2-9] of")).wait_for()
        dark.screenshot(path=IMAGES / "window-dark.png", full_page=True)
        chromium.close()
        window.terminate()


def opened(page: Page, address: str) -> None:
    """Open the window."""
    page.set_default_timeout(180_000)
    page.goto(address)
    page.get_by_role("button", name="Start", exact=True).wait_for()


if __name__ == "__main__":
    main(sys.argv[1])
