"""Signals that wait for a safe point."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from PIL import Image

from bgtool.batch.observer import Silent
from bgtool.batch.run import run_batch
from bgtool.engine.interrupts import Interrupt, held_back
from bgtool.options import CleanOptions


@pytest.fixture(autouse=True)
def ctrl_c():
    """Signals mean what they do in a terminal: a job in the background is started with Ctrl-C ignored, and commands
    that ran in this process leave handlers."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def steps_reached(*steps):
    """How many steps are done in a block that holds interruptions back before one of them comes."""
    done = 0

    def block():
        nonlocal done
        with held_back() as release:
            for step in steps:
                (release if step == "release" else interrupt)()
                done += 1

    with pytest.raises(KeyboardInterrupt):
        block()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    return done


def test_an_interruption_waits_until_it_is_released():
    assert steps_reached("release", "interrupt", "release") == 2


def test_the_second_interruption_takes_effect_at_once():
    assert steps_reached("interrupt", "interrupt") == 1


def test_an_interruption_that_nothing_released_comes_when_the_block_ends():
    assert steps_reached("interrupt") == 1


def test_signals_without_a_handler_keep_their_meaning():
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    with held_back():
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler


def test_other_threads_leave_signals_alone():
    found = []

    def look():
        with held_back():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]


class Impatient(Silent):
    """Interrupts the run once some pages are written, of which the last may not be on record yet."""

    def __init__(self, out):
        self.out, self.done = out, False

    def advanced(self, pixels):
        if not self.done and len(list(self.out.glob("*.png"))) >= 3:
            self.done = True
            interrupt()


def test_a_page_that_is_written_when_the_interruption_comes_is_on_record(tmp_path, tiny_model_file):
    pages, out = tmp_path / "in", tmp_path / "out"
    pages.mkdir()
    for number in range(12):
        Image.new("L", (700, 700), 200).save(pages / f"{number}.png")
    observer = Impatient(out)
    with pytest.raises(KeyboardInterrupt):
        run_batch(CleanOptions(inputs=(str(pages),), output=str(out), model=str(tiny_model_file)), observer)
    assert observer.done
    lines = (out / "bgtool-manifest.jsonl").read_text().splitlines()
    assert {json.loads(line)["output"] for line in lines} == {path.name for path in out.glob("*.png")}


def test_signals_that_come_together_are_one():
    handler = Interrupt()
    with pytest.raises(KeyboardInterrupt):
        handler(signal.SIGINT, None)
    handler(signal.SIGTERM, None)


HIT_BY_SIGNALS = """
import os, runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
hit = lambda: os.kill(os.getpid(), signal.SIGINT)

class Finder:
    def find_spec(name, path=None, target=None):
        if name == "click":
            hit()

if "start" in sys.argv:
    sys.meta_path.insert(0, Finder)
else:
    import click
    echo = click.echo
    click.echo = lambda *given, **named: (hit(), echo(*given, **named))
sys.argv[1:] = ["models"]
runpy.run_module("bgtool", run_name="__main__", alter_sys=True)
"""
"""A command that is sent signals: as it imports its modules, or each time it is about to say something."""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot interrupt itself there")
@pytest.mark.parametrize("moment", ["start", "words"])
def test_no_signal_shows_a_traceback_nor_another_status(moment):
    command = [sys.executable, "-c", HIT_BY_SIGNALS, moment]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 130, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "Aborted" not in ended.stderr
