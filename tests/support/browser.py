"""A real browser for tests: Debian's Chromium, driven by playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

CHROMIUM = shutil.which("chromium")
SECONDS = 120
"""For one step of a page, on a machine with much else to do."""


@contextmanager
def browser() -> Iterator:
    """Chromium without a window; the test is skipped where it is not installed."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium (apt-get install chromium; .ci/run does)")
    sync_api = pytest.importorskip("playwright.sync_api", reason="there is no playwright (pip install playwright)")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=SECONDS * 1000)
        yield running
        running.close()


@contextmanager
def page_in(running, **context) -> Iterator:
    """A new page; what it complains of on its console fails the test."""
    made = running.new_context(**context)
    page = made.new_page()
    page.set_default_timeout(SECONDS * 1000)
    complaints = []
    page.on("console", lambda one: complaints.append(one.text) if is_complaint(one) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    made.close()
    assert complaints == []


def serious(page, within=None) -> list[str]:
    """What axe-core finds that keeps people out: its violations of impact serious and critical.

    `within` is a selector; without one, all of the page is looked at.
    """
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, within).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in ("serious", "critical")
    ]


def is_complaint(message) -> bool:
    """Whether a console message is an error of the page's own, and not of a picture that is not there."""
    return message.type == "error" and not message.text.startswith("Failed to load resource")
