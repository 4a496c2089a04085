"""Starts the window: a server for this machine's browser alone, until the user ends it."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
import threading
import webbrowser
from contextlib import suppress
from pathlib import Path

os.environ.setdefault("NICEGUI_STORAGE_PATH", str(Path(tempfile.gettempdir()) / "bgtool-keeps-nothing-here"))

import uvicorn
from fastapi import FastAPI, Response
from nicegui import app as nicegui
from nicegui import ui

from bgtool.app.guard import Guard
from bgtool.app.native import Window
from bgtool.app.page import Page
from bgtool.app.session import Session
from bgtool.errors import UsageError

HOST = "127.0.0.1"

logging.getLogger("nicegui").setLevel(logging.ERROR)  # it warns of a busy machine


def serve(folder: str, *, port: int, native: bool, browser: bool) -> None:
    """Show the window until the user ends it.

    Args:
        folder: the first input; empty for none.
        port: to listen on; 0 for any that is free.
        native: whether in a window of its own.
        browser: whether a browser is opened.

    Raises:
        UsageError: the port is taken.
    """
    listener = listening(port)
    port = listener.getsockname()[1]
    session, application = Session(folder), FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    guard = Guard(application, port)
    server = uvicorn.Server(uvicorn.Config(guard, log_level="error", access_log=False, server_header=False,
                                           timeout_graceful_shutdown=2))  # fmt: skip
    window = Window(guard.address) if native else None
    install(application, session, server, window)
    print(guard.address, flush=True)
    if browser and not native:
        threading.Timer(0.5, webbrowser.open, [guard.address_for_once()]).start()
    try:
        if window:
            threading.Thread(target=server.run, args=([listener],), daemon=True).start()
            window.show()
            server.should_exit = True
        else:
            with suppress(KeyboardInterrupt):
                server.run([listener])
    finally:
        session.end()
        listener.close()


def listening(port: int) -> socket.socket:
    """A socket of this machine alone."""
    try:
        return socket.create_server((HOST, port))
    except (OSError, OverflowError) as error:
        raise UsageError(f"port {port} cannot be had: {getattr(error, 'strerror', None) or error}",
                         "leave out --port, and a free one is taken") from None  # fmt: skip


def install(application: FastAPI, session: Session, server: uvicorn.Server, window: Window | None) -> None:
    """Put the page and its pictures into the application."""

    def close() -> None:
        server.should_exit = True
        if window:
            window.close()

    @application.get("/preview/{number}/{side}")
    def preview(number: int, side: str) -> Response:
        view = session.viewer.view
        data = {"before": view.before, "after": view.after}.get(side)
        if not data or number != session.viewer.number:
            return Response(status_code=404)
        return Response(data, media_type="image/webp", headers={"cache-control": "no-store"})

    @ui.page("/", title="bgtool")
    def page() -> None:
        Page(session, close, window.dialog if window else None)

    nicegui.config.quasar_config["loadingBar"] = {"skipHijack": True}  # a bar without a name
    ui.run_with(
        application,
        title="bgtool",
        dark=None,
        language="en-US",
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=10,
    )
