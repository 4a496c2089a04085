"""A window of the system around the page, with the system's own dialogs."""

from __future__ import annotations

from collections.abc import Sequence

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
        """Show it until it is closed. Raises UsageError where this system can show none."""
        try:
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
