"""The window in a real browser: from a folder to its results, preview, stop and go on, lists, names, accessibility."""

import hashlib
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.support.browser import SECONDS, browser, page_in, serious
from tests.support.window import window

HUGE = (6000, 8000)


@pytest.fixture(scope="module")
def chromium():
    with browser() as running:
        yield running


def scan(path, size=(200, 260)):
    """A page with a few strokes on yellowed paper."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((size[1], size[0], 3), (225, 215, 190), np.uint8)
    pixels[40:46, 30:170] = pixels[80:86, 30:120] = pixels[100:160, 60:64] = 30
    Image.fromarray(pixels).save(path)
    return path


def preset(folder):
    """A preset that does one file at a time, and can be stopped soon."""
    (folder / "bgtool.toml").write_text("[clean.steady]\ndevice = 'cpu'\njobs = 1\ntile = 1024\n")


def opened(page, one):
    """The page, once it works; what it asks of others fails the test."""
    page.on("request", lambda request: elsewhere(request, one))
    page.goto(one.address)
    page.get_by_role("heading", name="bgtool").wait_for()
    return page


def elsewhere(request, one):
    assert request.url.startswith((f"http://127.0.0.1:{one.port}/", f"ws://127.0.0.1:{one.port}/", "data:", "file:"))


def take(page, label, option):
    """Choose in a list that drops down."""
    page.get_by_label(label).select_option(label=option)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def says(page, text):
    page.get_by_text(re.compile(text)).first.wait_for(timeout=SECONDS * 1000)


def lines(folder):
    return [json.loads(line) for line in (folder / "bgtool-manifest.jsonl").read_text().splitlines()]


def test_from_a_folder_to_its_results_and_the_rejected_again(chromium, tmp_path):
    scans, results = tmp_path / "my scans", tmp_path / "my scans-clean"
    files = [scan(scans / name) for name in ("a.png", "b.png", "sub/c.png")]
    preset(scans)
    before = [hashlib.sha256(file.read_bytes()).digest() for file in files]
    with window(tmp_path, "--no-browser") as one, page_in(chromium) as page:
        opened(page, one)
        press(page, "Choose a folder…")
        press(page, "my scans")
        press(page, "Choose this folder")
        says(page, "^3 pictures found")
        take(page, "Preset", "steady")
        press(page, "Show the plan")
        says(page, "^The plan: 3 to do. Nothing was written.")
        assert not results.exists()
        page.get_by_text(f"→ {results / 'sub' / 'c.png'}").wait_for()
        press(page, "Start")
        says(page, "^Done. 3 of 3 files done")
        equal = page.locator("code.command").inner_text()
        press(page, "Open the review page")
        says(page, "It opens in your browser")
        assert one.opened.read_text().strip() == (results / "review.html").as_uri()

        chosen = "\n".join(map(str, files[1:])).encode()
        with page.expect_file_chooser() as chooser:
            press(page, "Choose a list…")
        chooser.value.set_files([{"name": "rejected.txt", "mimeType": "text/plain", "buffer": chosen}])
        says(page, "^rejected.txt: 2 files")
        page.get_by_role("radio", name="Black and white").click()
        press(page, "Start")
        says(page, "^Done. 2 of 2 files done")
    made = [results / file.relative_to(scans) for file in files]
    assert [Image.open(file).mode for file in made] == ["L", "1", "1"]
    assert [hashlib.sha256(file.read_bytes()).digest() for file in files] == before
    assert "/my scans-clean" in equal
    again = subprocess.run(
        ["bash", "-c", f"{equal.replace('bgtool', f'{sys.executable} -m bgtool', 1)} --dry-run"],
        capture_output=True, text=True, check=True, timeout=240, env=os.environ,
    )  # fmt: skip
    assert "2 to do, 1 already done" in again.stderr, "the command has the same settings: only the two differ by now"


def test_the_preview_follows_the_choices_and_outlasts_a_damaged_file(chromium, tmp_path):
    scan(tmp_path / "in" / "1.png")
    (tmp_path / "in" / "2.png").write_bytes(b"no picture")
    preset(tmp_path / "in")
    with window(tmp_path, "--no-browser", "in") as one, page_in(chromium) as page:
        opened(page, one)
        take(page, "Preset", "steady")
        says(page, "The preset also sets")
        grays = shades(page)
        page.get_by_role("radio", name="Black and white").click()
        page.wait_for_function("(old) => document.querySelector('img.after').src !== old", arg=grays[0])
        assert shades(page)[1] <= 2 < grays[1]
        page.get_by_role("slider", name="before and after").fill("25")
        assert page.locator("img.after").evaluate("(image) => image.style.clipPath").endswith("25%)")
        press(page, "Next")
        says(page, "^2.png ")
        says(page, "no image|cannot be read|not an image|identif")
        press(page, "Previous")
        page.locator("img.after").wait_for()
        assert not (tmp_path / "in-clean").exists()


def shades(page):
    """Address of the result that is shown, and how many grey levels it has."""
    page.wait_for_function("() => document.querySelector('img.after')?.naturalWidth === 200")
    return page.evaluate("""() => {
        const image = document.querySelector('img.after'), canvas = document.createElement('canvas');
        canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
        const context = canvas.getContext('2d');
        context.drawImage(image, 0, 0);
        const data = context.getImageData(0, 0, canvas.width, canvas.height).data, seen = new Set();
        for (let i = 0; i < data.length; i += 4) seen.add(data[i]);
        return [image.src, seen.size];
    }""")


def test_a_list_stays_in_its_place_while_it_offers_the_same(chromium, tmp_path):
    """A choice in one that is replaced at that moment would be lost."""
    scan(tmp_path / "in" / "1.png")
    scan(tmp_path / "more" / "2.png")
    scan(tmp_path / "other" / "3.png")
    preset(tmp_path)
    with window(tmp_path, "--no-browser", "in") as one, page_in(chromium) as page:
        opened(page, one)
        preset_list = page.get_by_label("Preset").element_handle()
        says(page, "^1 picture found")
        add(page, tmp_path / "more")
        says(page, "^2 pictures found")
        preset_list.select_option(label="steady")
        page.locator("code.command", has_text="--tile=1024").wait_for()
        (tmp_path / "other" / "bgtool.toml").write_text("[clean.other]\nstyle = 'bilevel'\n")
        add(page, tmp_path / "other")
        says(page, "^3 pictures found")
        take(page, "Preset", "other")
        page.locator("code.command", has_text="--style=bilevel").wait_for()


def add(page, path):
    """Type a path."""
    page.get_by_label("Or type a path").fill(str(path))
    press(page, "Add")


def test_options_that_are_seldom_wanted_show_when_they_are_asked_for(chromium, tmp_path):
    scan(tmp_path / "in" / "1.png")
    with window(tmp_path, "--no-browser", "in") as one, page_in(chromium) as page:
        opened(page, one)
        page.locator("img.after").wait_for()
        assert not page.get_by_label("Cut to").is_visible()
        press(page, "More options")
        page.get_by_role("checkbox", name="Turn scans until their lines are level").click()
        take(page, "Cut to", "What is written")
        page.get_by_label("Pixels left around it").fill("12")
        page.locator("code.command", has_text="--deskew --crop=ink --margin=12").wait_for()
        take(page, "Size of the results", "2 times")
        page.locator("code.command", has_text="--enlarge=2").wait_for()
        assert not page.get_by_role("checkbox", name="One PDF for each folder").is_visible()
        take(page, "Format of the results", "PDF/A")
        page.get_by_role("checkbox", name="One PDF for each folder").click()
        page.locator("code.command", has_text="--join").wait_for()
        page.reload()
        press(page, "More options (5 set)")
        assert page.get_by_label("Pixels left around it").input_value() == "12"
        page.get_by_role("radio", name="Cut people out of photos").click()
        page.get_by_role("radio", name="Only the mask").click()
        take(page, "Photos without people", "Stay as they are")
        says(page, "a mask is no copy of the photo")
        assert page.locator(".preview .trouble").inner_text().startswith("a mask is no copy of the photo")


def test_stop_go_on_and_a_second_window(chromium, tmp_path):
    for name in ("1.png", "2.png"):
        scan(tmp_path / "in" / name)
    huge = scan(tmp_path / "in" / "3.png", HUGE)
    preset(tmp_path)
    with window(tmp_path, "--no-browser", "in") as one, page_in(chromium) as page:
        opened(page, one)
        take(page, "Preset", "steady")
        press(page, "Start")
        says(page, "^2 of 3 files done")
        with window(tmp_path, "--no-browser", "in") as two, page_in(chromium) as other:
            opened(other, two)
            says(other, "^Another window or run is writing into")
            press(other, "Start")
            says(other, "another run of bgtool is writing into the output folder")
        page.reload()
        says(page, "^2 of 3 files done")
        press(page, "Stop")
        says(page, "^Stopped. 2 of 3 files done")
        assert [line["status"] for line in lines(tmp_path / "in-clean")] == ["done", "done"]
        assert sorted(path.name for path in (tmp_path / "in-clean").iterdir() if path.suffix == ".png") == [
            "1.png",
            "2.png",
        ]
        scan(huge)
        press(page, "Go on")
        says(page, "^Done. 1 of 1 files done, 2 done before")
    assert [line["status"] for line in lines(tmp_path / "in-clean")] == ["done"] * 3


def test_names_of_files_are_data(chromium, tmp_path):
    names = [
        "<img src=x onerror=document.title='broken'>.png",
        "line\nbreak.png",
        "\u202egnp.png",
        "`${1}` {{2}} 'q\".png",
    ]
    for name in names:
        scan(tmp_path / "in <b>bold" / name)
    (tmp_path / "in <b>bold" / "bad & <i>damaged.png").write_bytes(b"no picture")
    (tmp_path / os.fsdecode(b"in <b>bold/\xff.png")).write_bytes(b"no picture")
    preset(tmp_path)
    with window(tmp_path, "--no-browser", "in <b>bold") as one, page_in(chromium) as page:
        opened(page, one)
        take(page, "Preset", "steady")
        for _ in names:
            press(page, "Next")
            page.locator(".caption").wait_for()
        press(page, "Choose files…")
        page.get_by_role("checkbox", name="line\\nbreak.png").wait_for()
        press(page, "Cancel")
        press(page, "Show the plan")
        says(page, "^The plan: 6 to do")
        press(page, "Start")
        says(page, "^Done. 4 of 6 files done, 2 failed")
        page.reload()
        says(page, "^Done. 4 of 6 files done, 2 failed")
        assert page.title() == "bgtool"
        assert page.locator(".page b, .page i:not(.q-icon), img[src='x']").count() == 0
        text = page.locator(".page").inner_text()
        assert "\u202e" not in text
        assert "bad & <i>damaged.png: " in text
        assert "\\udcff.png: " in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 420])
def test_nothing_keeps_people_out(chromium, filled, scheme, width):
    with page_in(
        chromium, color_scheme=scheme, reduced_motion="reduce", viewport={"width": width, "height": 900}
    ) as page:
        opened(page, filled)
        page.locator("img.after").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("document.body.classList.contains('body--dark')") == (scheme == "dark")
        assert serious(page) == []
        press(page, "Choose files…")
        page.get_by_role("checkbox", name="1.png").wait_for()
        # axe-core takes the veil, which lies behind the dialog, for its ground; the page under it is out of reach.
        page.add_style_tag(content=".q-dialog__backdrop { background: none !important }")
        assert serious(page, ".picker") == []
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="hidden")
        page.get_by_role("radio", name="Cut people out of photos").click()
        page.get_by_role("radio", name="A colour").click()
        page.get_by_label("Colour", exact=True).wait_for()
        press(page, "More options")
        page.get_by_label("Photos without people").wait_for()
        assert serious(page) == []
        page.get_by_role("radio", name="Clean scanned pages").click()
        press(page, "Show the plan")
        says(page, "^The plan: 1 to do")
        assert serious(page) == []
        page.get_by_role("checkbox", name="Do finished files again, too").hover()
        page.get_by_role("tooltip").wait_for()
        assert serious(page) == []


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A window on a folder of its own, used by one page after the other."""
    folder = tmp_path_factory.mktemp("filled")
    scan(folder / "in" / "1.png")
    with window(folder, "--no-browser", "in") as one:
        yield one


def test_the_keyboard_alone_does(chromium, tmp_path):
    scan(tmp_path / "in" / "1.png")
    preset(tmp_path)
    with window(tmp_path, "--no-browser") as one, page_in(chromium) as page:
        opened(page, one)
        page.get_by_label("Or type a path").focus()
        page.keyboard.type(str(tmp_path / "in"))
        page.keyboard.press("Enter")
        says(page, "^1 picture found")
        page.get_by_role("radio", name="Black and white").focus()
        page.keyboard.press("Space")
        page.locator("code.command", has_text="--style=bilevel").wait_for()
        page.get_by_role("button", name="Start").focus()
        page.keyboard.press("Enter")
        says(page, "^Done. 1 of 1 files done")
    assert Image.open(tmp_path / "in-clean" / "1.png").mode == "1"


def test_without_its_extra_the_command_says_what_brings_it(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['nicegui'] = None\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "bgtool", "app"],
        capture_output=True, text=True, timeout=240, check=False, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 2
    assert "the window needs nicegui (pip install " in " ".join(done.stderr.split())
