"""The window of the system's own: opened on a virtual screen, and closed by a signal."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from bgtool.app.native import on_signal

HAS_WINDOWS = all(importlib.util.find_spec(name) for name in ("nicegui", "webview", "qtpy", "PyQt6"))


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signal to one process")
def test_a_signal_is_acted_on_while_the_main_thread_is_elsewhere():
    closed = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        with on_signal(closed.set):
            os.kill(os.getpid(), signal.SIGTERM)
            assert closed.wait(60)
        with on_signal(closed.clear):
            pass
        assert closed.is_set(), "without a signal nothing is done"
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.skipif(not (HAS_WINDOWS and shutil.which("xvfb-run")), reason="there is no xvfb, pywebview or Qt")
def test_the_window_opens_and_a_signal_closes_it(tmp_path):
    flags = {"QTWEBENGINE_DISABLE_SANDBOX": "1", "QTWEBENGINE_CHROMIUM_FLAGS": "--disable-gpu", "PYWEBVIEW_GUI": "qt"}
    command = [shutil.which("xvfb-run"), "-a", sys.executable, "-c", SHOWN]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=os.environ | flags) as window:
        assert window.stdout.readline().startswith("http://127.0.0.1:")
        assert window.stdout.readline() == "connected\n"
        assert window.wait(120) == 0


SHOWN = """
import os, signal
from nicegui import app
from bgtool.app.server import serve
app.on_connect(lambda: (print("connected", flush=True), os.kill(os.getpid(), signal.SIGTERM)))
serve("", port=0, native=True, browser=False)
"""
"""The window, which asks itself to end as soon as its page is there."""
