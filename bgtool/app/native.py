"""A window of the system around the page, with the system's own dialogs."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bgtool.engine.interrupts import hear
from bgtool.errors import UsageError
from bgtool.optional import require

SIZE = (1040, 900)


class Window:
    """Made and shown by the main thread, as systems want it. Raises UsageError where pywebview is missing."""

    def __init__(self, address: str) -> None:
        require("native")
        import webview

        self._webview = webview
        self._window = webview.create_window("bgtool", address, width=SIZE[0], height=SIZE[1], text_select=True)

    def show(self) -> None:
        """Show it until it is closed, as by what ends a run. Raises UsageError where this system can show none."""
        try:
            with on_signal(self.close):
                self._webview.start()
        except self._webview.WebViewException as error:
            raise UsageError(f"no window can be shown here: {error}", "leave out --native") from None

    def close(self) -> None:
        """Close it."""
        if self._window:
            self._window.destroy()

    def dialog(self, files: bool, start: str) -> Sequence[str]:
        """The system's dialog for files, or else a folder."""
        kind = self._webview.FileDialog.OPEN if files else self._webview.FileDialog.FOLDER
        chosen = self._window.create_file_dialog(kind, directory=start, allow_multiple=files) if self._window else None
        return chosen or ()


@contextmanager
def on_signal(act: Callable[[], None]) -> Iterator[None]:
    """Have something done, by another thread, when the main thread is sent what ends a run.

    A handler of Python's would have to wait until the loop of the system's windows calls Python, and what it raised
    there would bring the program down.
    """
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    hear(lambda number, frame: None)
    before = signal.set_wakeup_fd(theirs.fileno())

    def wait() -> None:
        if ours.recv(1):
            act()

    waiting = threading.Thread(target=wait, name="bgtool-signals", daemon=True)
    waiting.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        theirs.close()
        waiting.join()
        ours.close()
