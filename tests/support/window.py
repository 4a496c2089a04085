"""``bgtool app`` as a process of its own, and what opens its pages in place of a browser."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class Window:
    """A window that is open.

    Attributes:
        address: with its token.
        opened: a file with the addresses that a browser was asked to open, one a line.
    """

    address: str
    opened: Path

    @property
    def port(self) -> int:
        return int(self.address.split(":")[2].split("/")[0])


@contextmanager
def window(folder: Path, *arguments: object) -> Iterator[Window]:
    """The window, working in a folder; it has to end as asked, and to say nothing but its address."""
    pytest.importorskip("nicegui", reason="there is no nicegui (pip install nicegui)")
    opened, browser = folder / "opened.txt", folder / "browser.sh"
    browser.write_text(f'#!/bin/sh\necho "$1" >> "{opened}"\n')
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    process = subprocess.Popen(
        [sys.executable, "-m", "bgtool", "app", *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "BROWSER": f"{browser} %s", "HOME": str(folder)},
    )
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), process.communicate(timeout=60)
        yield Window(address, opened)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=120)
        assert (process.returncode, *said) == (0, "", "")
    finally:
        process.kill()
        process.communicate()
