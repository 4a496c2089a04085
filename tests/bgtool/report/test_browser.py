"""The review page in a real browser: keys, filters, verdicts, the list of the rejected, hostile names, many files."""

import json
import os
import subprocess
import time

import pytest
from PIL import Image

from bgtool.batch.lists import paths_in
from bgtool.report.page import write_review
from tests.support.browser import browser, page_in, serious
from tests.support.manifests import line, picture, write

NAMES = (
    "plain.png",
    '"quoted" & <b>bold<.png',
    "line\nbreak.png",
    "\u202egnp.txt.png",
    "100%23?#.png",
    "sub/ünï 日本.png",
    "B: page 3.png",
    "C:\\back\\slash.png",
    " blank at the start.png",
    "blank at the end.png ",
    "\ufeffmark.png",
    "tab\tand return\r.png",
    "byte \udcff.png",
    "~/$HOME/'single' `tick`.png",
)


@pytest.fixture(scope="module")
def chromium():
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory):
    """The page of files with names that mean something elsewhere, and one failure."""
    base = tmp_path_factory.mktemp("review")
    root, out, lines = base / "in", base / "out", []
    for number, name in enumerate(NAMES):
        picture(root / name, 100 + number)
        picture(out / name, 255)
        reasons = ["faint ink"] if number % 2 else []
        lines.append(line(root, name, out, name, confidence=0.5 + number / 20, reasons=reasons))
    lines.append(line(root, "broken.png", out, "broken.png", status="failed", error="it is damaged"))
    return root, write_review(write(out, lines))


def opened(page, reviewed):
    page.goto(reviewed[1].as_uri())
    page.wait_for_selector("#files button")
    return page


def shown(page):
    return page.locator("#files li").count()


def name(page):
    return page.locator("#name").inner_text()


def until(page, condition, seconds=30):
    """Wait for what JavaScript says; Playwright's own waiting evaluates text in the page, which its policy forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        time.sleep(0.05)


def test_keys_lead_through_the_files_and_verdicts_stay(chromium, reviewed):
    with page_in(chromium) as page:
        opened(page, reviewed)
        assert name(page) == "broken.png"
        page.keyboard.press("j")
        assert name(page) == NAMES[0]
        page.keyboard.press("r")
        page.keyboard.press("j")
        page.keyboard.press("a")
        assert (page.inner_text("#accepted"), page.inner_text("#rejected")) == ("1", "1")
        page.keyboard.press("k")
        assert page.get_attribute("#reject", "aria-pressed") == "true"
        page.reload()
        assert page.inner_text("#rejected") == "1"
        page.keyboard.press("j")
        page.keyboard.press("r")
        assert page.inner_text("#rejected") == "0", "a second time takes it back"


def test_both_pictures_load_whatever_the_name(chromium, reviewed):
    with page_in(chromium) as page:
        opened(page, reviewed)
        for _ in NAMES:
            page.keyboard.press("j")
            until(page, "['before', 'after'].every((id) => document.getElementById(id).naturalWidth === 60)")
            assert page.inner_text("#trouble") == ""
        assert page.locator("b b, script[src], img[src='x']").count() == 0
        assert "\u202e" not in page.locator("main").inner_text()


def test_slider_zoom_and_side_by_side(chromium, reviewed):
    with page_in(chromium) as page:
        opened(page, reviewed)
        page.keyboard.press("j")
        until(page, "document.getElementById('after').naturalWidth === 60")
        page.locator("#slider").fill("25")
        assert page.evaluate("document.getElementById('after').style.clipPath").endswith("25%)")
        page.keyboard.press("1")
        assert page.locator("#pair").bounding_box()["width"] == 60
        page.keyboard.press("+")
        page.keyboard.press("+")
        assert page.locator("#pair").bounding_box()["width"] == 240
        assert "coarse" in page.get_attribute("#pair", "class")
        page.keyboard.press("b")
        assert page.evaluate("document.getElementById('after').style.clipPath") == "none"


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_both_halves_of_a_double_page_are_shown_with_one_verdict(chromium, tmp_path, suffix, mirrored):
    root, out = tmp_path / "in", tmp_path / "out"
    picture(root / f"book{suffix}", size=(120, 80))
    halves = [Image.new("L", (60, 80), shade) for shade in (90, 200)]
    placed = {"geometry": [{"gutter": 60, "size": [60, 80]}] * 2, "pages": 2}
    out.mkdir()
    if suffix == ".tif":
        halves[0].save(out / "book.tif", save_all=True, append_images=halves[1:])
        made = line(root, "book.tif", out, "book.tif", **placed)
    else:
        for number, half in enumerate(halves, 1):
            half.save(out / f"book-{number}.png")
        other = line(root, "book.png", out, "book-2.png")
        second = {name: other[name] for name in ("output", "output_sha256", "output_size", "output_mtime_ns")}
        made = line(root, "book.png", out, "book-1.png", second=second, **placed)
    made["settings"] = {**made["settings"], "right_to_left": mirrored}
    with page_in(chromium) as page:
        opened(page, (root, write_review(write(out, [made]))))
        until(page, "['after', 'half'].every((id) => document.getElementById(id).naturalWidth === 60)")
        assert page.inner_text("#trouble") == ""
        before, first, other = (page.locator(f"#{name}").bounding_box() for name in ("before", "after", "half"))
        left, right = (other, first) if mirrored else (first, other)
        assert before["x"] + before["width"] <= left["x"] < left["x"] + left["width"] <= right["x"]
        assert abs(first["height"] - other["height"]) < 2
        page.keyboard.press("r")
        assert page.inner_text("#rejected") == "1"


def test_filters_by_reason_folder_and_name(chromium, reviewed):
    with page_in(chromium) as page:
        opened(page, reviewed)
        page.select_option("#show", "faint ink")
        assert shown(page) == len(NAMES) // 2
        page.select_option("#folder", label="sub")
        assert shown(page) == 1
        page.select_option("#show", "all files")
        page.select_option("#folder", label="all folders")
        page.fill("#search", "BOLD")
        assert shown(page) == 1
        page.keyboard.type("jra")  # in a field, letters are text
        assert page.inner_text("#rejected") == "0"


def test_what_is_rejected_comes_out_as_a_list_of_the_very_files(chromium, reviewed, tmp_path):
    root, _ = reviewed
    with page_in(chromium) as page:
        opened(page, reviewed)
        for _ in NAMES:
            page.keyboard.press("j")
            page.keyboard.press("r")
        page.click("summary")
        with page.expect_download() as waiting:
            page.click("#export")
        waiting.value.save_as(tmp_path / "rejected.txt")
    assert set(paths_in(str(tmp_path / "rejected.txt"))) == {f"{root}/{each}" for each in NAMES}


@pytest.mark.parametrize("root", ["C:\\scans", "C:\\", "/", "/ends with \\", "s3://bucket/scans"])
def test_the_list_joins_folder_and_name_as_where_the_folder_is(chromium, reviewed, root):
    with page_in(chromium) as page:
        opened(page, reviewed)
        sep = "/" if "/" in root else "\\"
        page.evaluate("(root) => { data.roots[0].path = root; }", root)
        wanted = root + ("" if root.endswith(sep) else sep) + NAMES[0]
        assert page.evaluate("line(items.find((item) => item.n === 'plain.png'))") == wanted


FOLDERS = ("plain/out", "it's $HOME & `x` %PATH%", "line\nbreak \udcff\\")


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_command_is_what_a_shell_takes_for_the_very_folder(chromium, tmp_path, folder):
    picture(tmp_path / "in" / "a.png")
    out = tmp_path / folder
    picture(out / "a.png", 255)
    file = write_review(write(out, [line(tmp_path / "in", "a.png", out, "a.png")]), tmp_path / "page.html")
    with page_in(chromium) as page:
        opened(page, (None, file))
        command = page.input_value("#command")
        assert page.input_value("#shell") == "bash, zsh"
    script = f"bgtool() {{ printf '%s\\0' \"$@\"; }}; {command}"
    told = subprocess.run(["bash", "-c", os.fsencode(script)], capture_output=True, check=True).stdout
    words = [b"clean", b"--from-list", b"rejected.txt", b"-o", os.fsencode(out)]
    assert told.split(b"\0")[:-1] == [*words, b"--style=bilevel"], "another style than that of the files"


def test_the_command_has_the_options_of_the_run_and_the_look_that_is_chosen(chromium, tmp_path):
    root, out = tmp_path / "in", tmp_path / "out"
    picture(root / "a.png")
    picture(out / "a.tif", 255)
    settings = {"task": "CleanOptions", "format": "tiff", "style": "gray", "deskew": True, "crop": "page", "odd": [1]}
    lines = [line(root, "a.png", out, "a.tif", settings=settings, model="document-fast")]
    with page_in(chromium) as page:
        opened(page, (root, write_review(write(out, lines))))
        page.click("summary")
        page.select_option("#look", "color")
        words = page.input_value("#command").split(" -o ")[1].split()[1:]
        assert words == ["--format=tiff", "--deskew", "--crop=page", "--style=color"]


def test_a_verdict_is_about_one_result_and_not_about_the_next(chromium, tmp_path):
    root, out = tmp_path / "in", tmp_path / "out"
    for name in ("a.png", "b.png"):
        picture(root / name)
        picture(out / name, 255)
    written = [line(root, name, out, name) for name in ("a.png", "b.png")]
    with page_in(chromium) as page:
        opened(page, (root, write_review(write(out, written))))
        page.keyboard.press("r")
        page.keyboard.press("j")
        page.keyboard.press("r")
        assert page.inner_text("#again") == "Do the 2 rejected files again"
        picture(out / "b.png", 254)
        opened(page, (root, write_review(write(out, [written[0], line(root, "b.png", out, "b.png")]))))
        assert page.inner_text("#rejected") == "1"
        assert page.inner_text("#files .bad") == "rejected"


def test_on_windows_the_command_is_powershells_or_that_of_cmd(chromium, reviewed):
    with page_in(chromium) as page:
        page.add_init_script("Object.defineProperty(navigator, 'platform', { get: () => 'Win32' })")
        opened(page, reviewed)
        assert page.input_value("#shell") == "PowerShell"
        page.evaluate('data.folder = "D:\\\\it\'s $here"')
        page.evaluate("command()")
        assert "-o 'D:\\it''s $here' " in page.input_value("#command")
        page.click("summary")
        page.select_option("#shell", "cmd")
        assert '-o "D:\\it\'s $here" ' in page.input_value("#command")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 420])
def test_nothing_keeps_people_out(chromium, reviewed, scheme, width):
    with page_in(chromium, color_scheme=scheme, viewport={"width": width, "height": 800}) as page:
        opened(page, reviewed)
        page.keyboard.press("j")
        page.keyboard.press("r")
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert serious(page) == []


def test_ten_thousand_files_are_shown_in_pages(chromium, tmp_path):
    root, out = tmp_path / "in", tmp_path / "out"
    picture(root / "0.png")
    picture(out / "0.png", 255)
    first = line(root, "0.png", out, "0.png")
    lines = [
        first
        | {"input": f"{n:05}.png", "output": f"{n:05}.png", "confidence": n / 10_000, "reasons": ["faint ink"][n % 2 :]}
        for n in range(10_000)
    ]
    page_file = write_review(write(out, lines))
    assert page_file.stat().st_size < 4_000_000
    with page_in(chromium) as page:
        page.goto(page_file.as_uri())
        assert page.inner_text("#count") == "10000 of 10000 files"
        assert shown(page) == 60
        page.click("#later")
        assert page.inner_text("#files li:first-child b") == "00060.png"
        page.fill("#search", "09999")
        assert page.inner_text("#files li:first-child b") == "09999.png"


def test_a_list_says_which_line_is_wrong(tmp_path):
    (tmp_path / "list").write_text(f"a.png\n\n{json.dumps('b' + chr(10) + '.png')}\r\n")
    assert paths_in(str(tmp_path / "list")) == ("a.png", "b\n.png")
