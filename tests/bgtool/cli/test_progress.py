from io import StringIO

import pytest
from rich.console import Console

from bgtool.batch.pace import clock
from bgtool.batch.summary import Summary
from bgtool.cli.progress import RunConsole
from bgtool.engine.job import Job, Outcome, Status
from bgtool.errors import printable


class Clock:
    def __init__(self):
        self.seconds = 100.0

    def __call__(self):
        return self.seconds


def lines_of(run, *, quiet=False, terminal=False, **options):
    """What a run leaves on the console after `run(console, clock)`."""
    file, now = StringIO(), Clock()
    console = RunConsole(Console(file=file, force_terminal=terminal, width=200), quiet, now, **options)
    with console:
        run(console, now)
    return file.getvalue().splitlines()


def short_run(console, now):
    console.planned(2, 3, "cpu")
    now.seconds += 12
    console.advanced(6_000_000)
    console.finished(Outcome("a.tif", "out/a.tif", Status.DONE, pages=3))
    now.seconds += 12
    console.advanced(6_000_000)
    console.finished(Outcome("b[/].png", "", Status.FAILED, error="the file is empty"))
    console.summarise(Summary(done=1, failed=1, skipped=3))


def test_without_a_terminal_progress_is_plain_lines():
    assert lines_of(short_run) == [
        "2 to do, 3 already done, on cpu",
        "0 of 2 files, 0.00 pages/s, 0.5 MP/s",
        "1 of 2 files, 0.12 pages/s, 0.5 MP/s, 0:24 left",
        "failed b[/].png: the file is empty",
        "1 done, 3 already done, 1 failed in 0:24, 0.12 pages/s, 0.5 MP/s",
    ]


def test_quiet_shows_failures_only():
    assert lines_of(short_run, quiet=True) == ["failed b[/].png: the file is empty"]


def test_a_terminal_gets_a_bar_with_speed_and_time_left():
    text = "\n".join(lines_of(short_run, terminal=True))
    assert "1/2" in text or "2/2" in text
    assert "MP/s" in text


def test_warnings_name_their_file():
    lines = lines_of(lambda console, now: console.finished(Outcome("a", "b", Status.DONE, warnings=("no profile",))))
    assert lines == ["warning a: no profile"]


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (65.4, "1:05"), (3723, "1:02:03")])
def test_clock(seconds, text):
    assert clock(seconds) == text


def test_names_cannot_speak_to_the_terminal():
    assert printable("a\x1b[31m\n\udcff日本") == "a\\x1b[31m\\n\\udcff日本"


def test_photos_are_counted_as_photos():
    lines = lines_of(short_run, unit="photos")
    assert lines[-1].endswith("0.12 photos/s, 0.5 MP/s")
    assert not any("pages/s" in line for line in lines)
    assert "photos/s" in "\n".join(lines_of(short_run, terminal=True, unit="photos"))


def test_over_watched_folders_what_is_finished_is_named():
    assert "done a.tif -> out/a.tif" in lines_of(short_run, naming=True)
    assert "done a.tif -> out/a.tif" not in lines_of(short_run, naming=True, quiet=True)


def test_a_dry_run_says_what_there_is_to_do_or_that_there_is_nothing(capsys):
    def rehearse(console, now):
        console.rehearsed(Job("a.png", "out/a.png"))
        console.summarise_rehearsal(Summary(skipped=2, failed=1))

    assert lines_of(rehearse) == ["dry run: 1 to do, 2 already done, 1 would fail"]
    assert capsys.readouterr().out == "a.png -> out/a.png\n"
    lines = lines_of(lambda console, now: console.summarise_rehearsal(Summary(skipped=3)))
    assert lines == ["dry run: nothing to do, 3 already done"]
