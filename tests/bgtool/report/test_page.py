"""The review page as a file: what is on it, in which order, and what it may not take the place of."""

import json
import re

import pytest

from bgtool.engine.job import Outcome, Status
from bgtool.errors import UsageError
from bgtool.report.items import items_of
from bgtool.report.page import write_review
from tests.support.manifests import line, picture, write


@pytest.fixture
def folder(tmp_path):
    """Three files that are done, sure in different measure, and one that failed."""
    root, out = tmp_path / "in", tmp_path / "out"
    for shade, name in enumerate(("a.png", "b.png", "sub/c.png")):
        picture(root / name, 100 + shade)
        picture(out / name, 250 - shade)
    return write(out, [
        line(root, "a.png", out, "a.png"),
        line(root, "b.png", out, "b.png", confidence=0.3, reasons=["faint ink"]),
        line(root, "sub/c.png", out, "sub/c.png", confidence=0.6, warnings=["its rim is dark"]),
        line(root, "d.png", out, "d.png", status="failed", error="it is damaged", confidence=None),
    ])  # fmt: skip


def data_of(page):
    """What the page's script is given."""
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.DOTALL)
    return json.loads(block[1])


def test_failures_come_first_and_then_the_least_sure(folder):
    assert [item.name for item in items_of(folder)] == ["d.png", "b.png", "sub/c.png", "a.png"]


def test_the_last_line_about_a_file_counts_and_what_is_no_line_is_passed_over(folder):
    manifest = folder / "bgtool-manifest.jsonl"
    later = json.loads(manifest.read_text().splitlines()[1]) | {"confidence": 0.95, "reasons": []}
    manifest.write_text(manifest.read_text() + json.dumps(later) + '\n[1]\nnull\n{"input": 3}\nnot json\n{"torn')
    found = {item.name: item.confidence for item in items_of(folder)}
    assert found == {"a.png": 0.9, "b.png": 0.95, "sub/c.png": 0.6, "d.png": None}


def test_a_manifest_from_before_confidence_is_shown_too(folder):
    manifest = folder / "bgtool-manifest.jsonl"
    lines = [json.loads(text) for text in manifest.read_text().splitlines()]
    for values in lines:
        del values["confidence"], values["reasons"]
    write(folder, lines)
    assert [item.name for item in items_of(folder)] == ["d.png", "sub/c.png", "a.png", "b.png"]


def test_an_output_outside_of_the_folder_is_not_shown(folder):
    manifest = folder / "bgtool-manifest.jsonl"
    lines = [json.loads(text) for text in manifest.read_text().splitlines()]
    write(folder, [*lines, lines[0] | {"input": "e.png", "output": "../../secret.png"}])
    assert "e.png" not in {item.name for item in items_of(folder)}


def test_failures_that_are_not_on_record_are_added(folder):
    outcome = Outcome(str(folder.parent / "in" / "locked"), "", Status.FAILED, error="the folder cannot be read")
    assert items_of(folder, [outcome])[1].error == "the folder cannot be read"


def test_names_of_files_cannot_become_markup(tmp_path):
    name = "</script><img src=x onerror=alert(1)>\"'\n\u202e&amp;.png"
    root, out = tmp_path / "in", tmp_path / "out"
    write(out, [line(root, name, out, "x.png", status="failed", error="<b>damaged</b>")])
    page = write_review(out)
    text = page.read_text()
    assert "<img src=x" not in text
    assert "<b>damaged" not in text
    assert data_of(page)["items"][0]["n"] == name
    assert "\\u202e" in data_of(page)["items"][0]["l"], "it is shown as an escape"


def test_only_the_own_script_and_style_may_run(folder):
    text = write_review(folder).read_text()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert re.search(r"script-src 'sha256-[\w+/&#;=]+'", policy)
    assert not re.search(r"\son\w+=|style=\"|https?://", text), "no handler, no inline style, no address elsewhere"


def test_small_pictures_are_made_once_and_only_for_what_is_new(folder):
    write_review(folder)
    sheets = folder / "review.bgtool-review"
    first = (sheets / "sheet-00000.webp").stat()
    picture(folder.parent / "in" / "new.png", 33)
    picture(folder / "new.png", 222)
    lines = [json.loads(text) for text in (folder / "bgtool-manifest.jsonl").read_text().splitlines()]
    write(folder, [*lines, line(folder.parent / "in", "new.png", folder, "new.png")])
    page = write_review(folder)
    assert (sheets / "sheet-00000.webp").stat().st_mtime_ns == first.st_mtime_ns
    assert {item["t"][0] for item in data_of(page)["items"] if "t" in item} == {0, 1}


def test_what_has_changed_since_has_no_small_picture(folder):
    picture(folder.parent / "in" / "b.png", 1, (99, 99))
    (folder / "a.png").unlink()
    spots = {item["n"]: item.get("t") for item in data_of(write_review(folder))["items"]}
    assert spots["b.png"][2:4] == [0, 0]
    assert spots["b.png"][4] > 0
    assert spots["a.png"][4:] == [0, 0]


def test_what_no_browser_shows_gets_a_whole_picture(tmp_path):
    root, out = tmp_path / "in", tmp_path / "out"
    picture(root / "a.tif")
    picture(out / "a.tif", 255)
    write(out, [line(root, "a.tif", out, "a.tif")])
    page = write_review(out, tmp_path / "r.html")
    assert all((tmp_path / "r.bgtool-review" / name).is_file() for name in data_of(page)["items"][0]["v"])


def test_the_page_takes_nobodys_place(folder, tmp_path):
    (tmp_path / "mine.html").write_text("<p>mine")
    with pytest.raises(UsageError, match="did not make it"):
        write_review(folder, tmp_path / "mine.html")
    assert (tmp_path / "mine.html").read_text() == "<p>mine"
    with pytest.raises(UsageError, match="no name of a page"):
        write_review(folder, tmp_path / "page.png")
    assert write_review(folder) == write_review(folder), "its own place it takes again"


def test_a_folder_without_a_run_has_no_page(tmp_path):
    with pytest.raises(UsageError, match="holds no bgtool-manifest"):
        write_review(tmp_path)
