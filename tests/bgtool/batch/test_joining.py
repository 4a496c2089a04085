"""--join: one PDF for each folder, whole or not there, made anew when a page is another and left alone when none is."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bgtool
from bgtool.batch.bag import make_bag
from bgtool.batch.verification import Verification
from bgtool.errors import UsageError
from bgtool.report.page import write_review
from tests.support.pdfs import faults_of

pikepdf = pytest.importorskip("pikepdf")

MANIFEST = "bgtool-manifest.jsonl"


def page(path, width, height=60):
    """A page told by its width."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((height, width), 230, np.uint8)
    pixels[20:30, 10:-10] = 20
    Image.fromarray(pixels).save(path, "PNG", dpi=(72, 72))
    return path


def widths(path):
    """Of the pages of a PDF, in order."""
    with pikepdf.open(path) as pdf:
        assert faults_of(pdf) == []
        return [int(next(iter(page.Resources.XObject.values())).Width) for page in pdf.pages]


class Notes:
    """An observer that keeps what is said."""

    def __init__(self):
        self.said = []

    def note(self, text):
        self.said.append(text)

    def finished(self, outcome):
        self.said.append(outcome.error)

    def __getattr__(self, name):
        return lambda *args: None


@pytest.fixture
def join(tmp_path, tiny_model_file):
    """Joins tmp_path/in into tmp_path/out; what became of it, and what was said."""

    def run(*inputs, output=tmp_path / "out", **options):
        notes = Notes()
        chosen = {"format": "pdf", "join": True, "device": "cpu", "model": tiny_model_file} | options
        summary = bgtool.clean_files(*(inputs or [tmp_path / "in"]), output=output, observer=notes, **chosen)
        return summary, "\n".join(notes.said)

    return run


def joined(folder):
    """Content and time of each joined file."""
    files = sorted(path for path in folder.rglob("*.pdf") if path.is_file() and "bgtool-pages" not in path.parts)
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_each_folder_becomes_one_pdf_with_its_pages_in_natural_order(tmp_path, join):
    for width, name in enumerate(["page 1", "page 2", "page 10", "Page 11"], 30):
        page(tmp_path / "in" / "letters" / f"{name}.png", width)
    for width, name in enumerate(["in/b", "in/deep/er/a", "in/letters/sub/x\ny"], 50):
        page(tmp_path / f"{name}.png", width)
    first, second = (Image.open(page(tmp_path / "scan.png", width)) for width in (40, 41))
    first.save(tmp_path / "in" / "letters" / "page 3.tif", save_all=True, append_images=[second])
    summary, said = join(style="bilevel")
    assert (summary.done, summary.failed) == (8, 0)
    assert "joined: 4 made" in said
    out = tmp_path / "out"
    assert {name: widths(out / name) for name in joined(out)} == {
        "in.pdf": [50],
        "deep/er.pdf": [51],
        "letters.pdf": [30, 31, 40, 41, 32, 33],
        "letters/sub.pdf": [52],
    }
    with pikepdf.open(out / "letters.pdf") as pdf:
        assert {str(page.Resources.XObject["/Page"].Filter) for page in pdf.pages} == {"/CCITTFaxDecode"}
        assert str(pdf.docinfo.Title) == "letters"
        assert str(pdf.docinfo.Producer).startswith("bgtool ")
    assert {str(path.relative_to(out)) for path in out.iterdir()} == {
        "bgtool-manifest.jsonl", "bgtool-pages", "deep", "in.pdf", "letters", "letters.pdf",
    }  # fmt: skip
    assert not list(Verification(str(out)).findings())


def test_what_is_unchanged_stays_and_a_page_changed_added_or_removed_makes_the_file_anew(tmp_path, join):
    for name in ("a/1", "a/2", "a/3", "b/1"):
        page(tmp_path / "in" / f"{name}.png", 30)
    join()
    before = joined(tmp_path / "out")
    _, said = join()
    assert joined(tmp_path / "out") == before
    assert "joined: 0 made, 2 as they were" in said

    page(tmp_path / "in" / "a" / "2.png", 35)
    page(tmp_path / "in" / "a" / "10.png", 40)
    (tmp_path / "in" / "a" / "1.png").unlink()
    summary, said = join()
    assert (summary.done, summary.skipped) == (2, 2)
    assert "joined: 1 made, 1 as they were" in said
    assert widths(tmp_path / "out" / "a.pdf") == [35, 30, 40]
    assert joined(tmp_path / "out")["b.pdf"] == before["b.pdf"]

    (tmp_path / "out" / "a.pdf").unlink()
    (tmp_path / "in" / "b" / "1.png").unlink()
    _, said = join()
    assert widths(tmp_path / "out" / "a.pdf") == [35, 30, 40]
    assert "of folders that hold no pages now, earlier files stay: b.pdf" in said
    assert joined(tmp_path / "out")["b.pdf"] == before["b.pdf"]


def test_a_page_that_fails_is_named_and_no_file_is_short(tmp_path, join):
    for name in ("a/1", "a/2", "b/1"):
        page(tmp_path / "in" / f"{name}.png", 30)
    whole = (tmp_path / "in" / "a" / "2.png").read_bytes()
    (tmp_path / "in" / "a" / "2.png").write_bytes(whole[:60])
    summary, said = join()
    assert (summary.done, summary.failed, summary.exit_code) == (2, 2, 1)
    assert "not joined: of 2 pages these are not done: 2.png" in said
    assert set(joined(tmp_path / "out")) == {"b.pdf"}

    (tmp_path / "in" / "a" / "2.png").write_bytes(whole)
    assert join()[0].exit_code == 0
    before = joined(tmp_path / "out")
    assert set(before) == {"a.pdf", "b.pdf"}

    (tmp_path / "in" / "a" / "1.png").write_bytes(b"no picture any more")
    assert join()[0].exit_code == 1
    assert joined(tmp_path / "out") == before, "the earlier file stays as it was"
    (finding,) = (each for each in Verification(str(tmp_path / "out")).findings() if each.path.endswith("a.pdf"))
    assert finding.why == "its input failed since"


def test_a_foreign_file_stays_and_costs_one_line(tmp_path, join):
    for name in ("a/1", "b/1"):
        page(tmp_path / "in" / f"{name}.png", 30)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.pdf").write_bytes(b"mine")
    for options in ({"dry_run": True}, {}, {}):
        summary, said = join(**options)
        assert summary.failed == 1
        assert "a.pdf is there and not of bgtool's making" in said
    assert (tmp_path / "out" / "a.pdf").read_bytes() == b"mine"
    assert widths(tmp_path / "out" / "b.pdf") == [30]
    assert join(overwrite=True)[0].failed == 0
    assert widths(tmp_path / "out" / "a.pdf") == [30]

    (tmp_path / "out" / "b.pdf").write_bytes(b"changed by hand")
    assert join()[0].failed == 1
    assert (tmp_path / "out" / "b.pdf").read_bytes() == b"changed by hand"


def test_no_two_folders_share_a_file(tmp_path, join):
    for width, name in enumerate(["in/x", "in/in/x", "in/a.pdf/deep/x", "in/a/x", "in/A/x", "in/bgtool-pages/x"], 30):
        page(tmp_path / f"{name}.png", width)
    join()
    found = joined(tmp_path / "out")
    assert sorted(width for name in found for width in widths(tmp_path / "out" / name)) == list(range(30, 36))
    assert len({name.lower() for name in found}) == 6
    join()
    assert joined(tmp_path / "out") == found


def test_folders_that_were_moved_go_on_with_their_files(tmp_path, join):
    page(tmp_path / "in" / "a" / "1.png", 30)
    join()
    before = joined(tmp_path / "out")
    (tmp_path / "in").rename(tmp_path / "elsewhere")
    summary, said = join(tmp_path / "elsewhere")
    assert (summary.done, summary.skipped) == (0, 1)
    assert joined(tmp_path / "out") == before
    assert "gone" not in said


def test_several_folders_and_folders_without_pages(tmp_path, join):
    page(tmp_path / "one" / "1.png", 30)
    page(tmp_path / "two" / "sub" / "1.png", 31)
    (tmp_path / "three").mkdir()
    join(tmp_path / "one", tmp_path / "two", tmp_path / "three")
    assert set(joined(tmp_path / "out")) == {"one.pdf", "two/sub.pdf"}
    with pytest.raises(UsageError, match="no images were found"):
        join(tmp_path / "three", output=tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_dry_run_tells_the_files_and_writes_nothing(tmp_path, tiny_model_file):
    page(tmp_path / "in" / "a" / "1.png", 30)
    command = [sys.executable, "-m", "bgtool", "clean", "in", "-o", "out", "--join", "--format", "pdfa", "--dry-run"]
    command += ["--device", "cpu", "--model", str(tiny_model_file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=100, check=True)
    source, target = Path("in", "a"), Path("out")
    assert done.stdout.splitlines() == [
        f"{source / '1.png'} -> {target / 'bgtool-pages' / 'a' / '1.pdf'}",
        f"{source} -> {target / 'a.pdf'}",
    ]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"format": "png"}, "--join makes PDFs"),
        ({"watch": True}, "--watch"),
        ({"output": "s3://bucket/out"}, "an output folder of this machine"),
        ({"output": "-"}, "an output folder of this machine"),
        ({"output": "book.pdf"}, "an output folder of this machine"),
    ],
)
def test_what_cannot_be_joined_is_refused_before_anything_runs(tmp_path, join, options, why):
    page(tmp_path / "in" / "a" / "1.png", 30)
    with pytest.raises(UsageError, match=why):
        join(**options)
    with pytest.raises(UsageError, match="png is none"):
        join(tmp_path / "in", tmp_path / "in" / "a" / "1.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_a_bag_holds_the_joined_files_alone(tmp_path, join):
    pytest.importorskip("bagit")
    for name in ("a/1", "a/2", "b/1"):
        page(tmp_path / "in" / f"{name}.png", 30)
    join(format="pdfa")
    assert make_bag(str(tmp_path / "out"), str(tmp_path / "bag"), {}) == 2
    assert sorted(path.name for path in (tmp_path / "bag" / "data").iterdir()) == ["a.pdf", "b.pdf"]
    with pikepdf.open(tmp_path / "bag" / "data" / "a.pdf") as pdf, pdf.open_metadata() as xmp:
        assert xmp.pdfa_status == "2B"
        assert xmp["dc:title"] == "a"
        assert len(pdf.Root.OutputIntents) == 1


def test_the_review_page_shows_the_pages(tmp_path, join):
    pytest.importorskip("jinja2")
    for name in ("a/1", "b/2"):
        page(tmp_path / "in" / f"{name}.png", 30)
    join()
    out = tmp_path / "out"
    text = write_review(out).read_text(encoding="utf-8")
    assert '"o":"a/1.pdf"' in text.replace(" ", "")
    assert '"outputs":"./bgtool-pages/"' in text.replace(" ", "")
    assert not list(Verification(str(out)).findings())


@pytest.mark.skipif(sys.platform == "win32", reason="sets a limit as Unix has it")
def test_a_joined_file_larger_than_the_file_system_allows_costs_one_line(tmp_path, tiny_model_file):
    import resource

    rng = np.random.default_rng(1)
    for number in range(8):
        scan = rng.integers(0, 256, (150, 150), dtype=np.uint8)
        (tmp_path / "in" / "a").mkdir(parents=True, exist_ok=True)
        Image.fromarray(scan).save(tmp_path / "in" / "a" / f"{number}.png")
    page(tmp_path / "in" / "b" / "1.png", 30)
    command = [
        sys.executable,
        "-m",
        "bgtool",
        "clean",
        "in",
        "-o",
        "out",
        "--join",
        "--format",
        "pdf",
        "--style",
        "color",
    ]
    command += ["--device", "cpu", "--model", str(tiny_model_file)]
    first = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=100, check=True)
    largest = max(path.stat().st_size for path in (tmp_path / "out" / "bgtool-pages").rglob("*.pdf"))
    (tmp_path / "out" / "a.pdf").unlink()
    tight = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, timeout=100, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2 * largest, 2 * largest)),
    )  # fmt: skip
    assert (first.returncode, tight.returncode) == (0, 1), tight.stderr
    assert "larger than the file system allows" in tight.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["b.pdf", MANIFEST, "bgtool-pages"]
    lines = [json.loads(line) for line in (tmp_path / "out" / MANIFEST).read_text().splitlines()]
    assert [(line["output"], line["status"]) for line in lines][-1] == ("a.pdf", "failed")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="kills groups of processes")
@pytest.mark.parametrize("moment", ["bgtool-pages/a/*.pdf", ".bgtool-*", "a.pdf"])
def test_a_kill_leaves_no_half_and_the_same_command_goes_on(tmp_path, tiny_model_file, moment):
    for number in range(60):
        page(tmp_path / "in" / "ab"[number % 2] / f"{number}.png", 30 + number)
    command = [sys.executable, "-m", "bgtool", "clean", "in", "-o", "out", "--join", "--format", "pdf"]
    command += ["--device", "cpu", "--model", str(tiny_model_file)]
    run = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=tmp_path, start_new_session=True)
    while run.poll() is None and not any((tmp_path / "out").glob(moment)):
        time.sleep(0.001)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    for name in joined(tmp_path / "out"):
        assert len(widths(tmp_path / "out" / name)) == 30
    subprocess.run(command, capture_output=True, cwd=tmp_path, timeout=100, check=True)
    assert {name: widths(tmp_path / "out" / name) for name in joined(tmp_path / "out")} == {
        "a.pdf": list(range(30, 90, 2)),
        "b.pdf": list(range(31, 90, 2)),
    }
    assert not list(tmp_path.rglob(".bgtool-*"))
