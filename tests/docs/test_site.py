"""The site that `make docs` makes of docs/: built strictly, whole, and alone, without anything from elsewhere."""

import runpy
import shutil
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.support.browser import browser, page_in
from tests.support.places import ROOT

pytest.importorskip("zensical", reason="there is no zensical (pip install zensical mkdocstrings-python)")
MAKER = ROOT / "docs" / "site.py"
LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
"""What a browser fetches by itself, by tag and attribute."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("site") / "docs"
    done = subprocess.run([sys.executable, MAKER, out], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


class Page(HTMLParser):
    """What a page fetches, where it leads, and the places on it."""

    def __init__(self, path):
        super().__init__()
        self.fetched, self.links, self.ids = [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if (address := values.get(LOADED.get(tag, ""))) is not None:
            self.fetched.append(address)
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        self.ids |= {values[name] for name in ("id", "name") if values.get(name)}


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path) for path in site.rglob("*.html")}


def test_no_page_fetches_anything_from_elsewhere(site, pages):
    assert len(pages) > 20
    for path, page in pages.items():
        for address in page.fetched:
            assert urlsplit(address)[:2] == ("", ""), f"{path.name}: {address}"
            place = path.parent / unquote(urlsplit(address).path)
            assert place.exists() or path.name == "404.html", f"{path.name}: {address}"
    for style in site.rglob("*.css"):
        assert "url(http" not in style.read_text(encoding="utf-8").replace('"', "").replace("'", "")


def test_every_link_leads_to_a_place_of_the_site(pages):
    for path, page in pages.items():
        if path.name == "404.html":
            continue
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert goal in pages, f"{path.name}: {link}"
            assert not parts.fragment or unquote(parts.fragment) in pages[goal].ids, f"{path.name}: {link}"


def test_every_page_is_in_the_navigation():
    def named(entries):
        for entry in entries:
            for value in entry.values():
                yield from [value] if isinstance(value, str) else named(value)

    nav = tomllib.loads((ROOT / "docs" / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"]
    maker = runpy.run_path(str(MAKER))
    assert sorted(named(nav)) == sorted(maker["place"](name) for name in maker["sources"]() if name.endswith(".md"))


@pytest.mark.parametrize("link", ["nowhere.md", "clean.md#nowhere"])
def test_a_link_that_leads_nowhere_ends_the_build(tmp_path, link):
    runpy.run_path(str(MAKER))["staged"](tmp_path / "docs")
    shutil.copy(ROOT / "docs" / "zensical.toml", tmp_path)
    with (tmp_path / "docs" / "guides" / "start.md").open("a") as guide:
        guide.write(f"\n[there]({link})\n")
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "does not exist" in done.stdout + done.stderr


def test_search_finds_from_the_disk_and_asks_nobody(site):
    with browser() as chromium, page_in(chromium) as page:
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "guides" / "start.html").as_uri())
        page.keyboard.press("Control+k")
        page.get_by_placeholder("Search").first.fill("receptive")
        page.get_by_text("Pages of any size").first.wait_for()
        assert [url for url in asked if urlsplit(url).scheme not in ("file", "data", "blob")] == []


def test_the_reference_of_the_api_shows_every_public_name(site):
    text = Path(site / "reference" / "api.html").read_text(encoding="utf-8")
    import bgtool

    shown = {"__version__", "Format", "Style", "Polarity", "Model"}  # told of where they are taken
    for name in set(bgtool.__all__) - shown:
        assert f'.{name}"' in text, name
