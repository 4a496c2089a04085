"""From a run to its review page and back: --report, bgtool review, --from-list, --log, completion."""

import json
import os
import subprocess
import sys

from PIL import Image

from tests.support.manifests import picture


def bgtool(*args, stdin=None, env=None):
    command = [sys.executable, "-m", "bgtool", *map(str, args)]
    environment = os.environ | (env or {})
    return subprocess.run(command, input=stdin, capture_output=True, timeout=240, check=False, env=environment)


def test_a_run_with_a_report_a_log_and_then_the_rejected_again(tmp_path, tiny_model_file):
    names = ["a.png", "line\nbreak.png", "sub/c.png"]
    for shade, name in enumerate(names):
        picture(tmp_path / "in" / name, 150 + shade)
    (tmp_path / "in" / "bad.png").write_text("no picture")
    options = ["-o", tmp_path / "out", "--model", tiny_model_file, "--device", "cpu"]
    report, log = tmp_path / "look" / "page.html", tmp_path / "log.jsonl"
    first = bgtool("clean", tmp_path / "in", *options, "--report", report, "--log", log)
    assert first.returncode == 1, first.stderr
    assert b"bad.png" in report.read_bytes()
    assert (tmp_path / "look" / "page.bgtool-review" / "sheet-00000.webp").is_file()
    events = [json.loads(line) for line in log.read_text().splitlines()]
    kinds = [event["event"] for event in events]
    assert (kinds[0], kinds[-1]) == ("planned", "ended")
    assert sorted(kinds[1:-1]) == ["done", "done", "done", "failed"]

    listed = "\n".join(json.dumps(str(tmp_path / "in" / name)) for name in names[1:])
    again = bgtool("clean", "--from-list", "-", *options, "--style", "bilevel", stdin=listed.encode())
    assert again.returncode == 0, again.stderr
    modes = [Image.open(tmp_path / "out" / name).mode for name in names]
    assert modes == ["L", "1", "1"], "the listed files alone, in the places that they had"

    page = bgtool("review", tmp_path / "out")
    assert page.returncode == 0, page.stderr
    assert page.stdout.decode().strip() == str(tmp_path / "out" / "review.html")


def test_what_makes_no_sense_is_said_before_anything_is_written(tmp_path):
    picture(tmp_path / "a.png")
    (tmp_path / "mine.html").write_text("mine")
    (tmp_path / "list").write_text('"torn\n')
    out = ["-o", tmp_path / "out"]
    for options, said in (
        (["clean", tmp_path / "a.png", *out, "--report", tmp_path / "mine.html"], b"did not make it"),
        (["clean", tmp_path / "a.png", *out, "--report", tmp_path / "p.html", "--dry-run"], b"--dry-run"),
        (["clean", "-", "--from-list", "-", *out], b"both an input and the list"),
        (["clean", "--from-list", tmp_path / "list", *out], b"no JSON string"),
        (["clean", "--from-list", tmp_path / "nowhere", *out], b"cannot be read"),
        (["clean", *out], b"no input was named"),
        (["review", tmp_path], b"holds no bgtool-manifest"),
    ):
        done = bgtool(*options)
        assert done.returncode == 2, done.stderr
        assert said in b" ".join(done.stderr.split())
    assert not (tmp_path / "out").exists()


def test_shells_complete_commands_and_options():
    for shell in ("bash", "zsh", "fish"):
        assert b"_BGTOOL_COMPLETE" in bgtool("completion", shell).stdout
    words = {"_BGTOOL_COMPLETE": "zsh_complete", "COMP_WORDS": "bgtool clean --st", "COMP_CWORD": "2"}
    assert b"--style" in bgtool(env=words).stdout
