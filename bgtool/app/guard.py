"""Who may talk to the window: the browser that was given its token, on this machine, and no page but its own."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY = 16 << 20
"""Bytes of one request: a list of some 100,000 files."""

REFUSED = b"This window belongs to the browser that bgtool opened. Open the address that `bgtool app` printed last.\n"

POLICY = "; ".join((
    "default-src 'none'",
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # NiceGUI's page starts with a script of its own
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
))  # fmt: skip

HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


class Guard:
    """An ASGI application in front of another, which hears nothing of what is refused.

    The token in the address is exchanged for a cookie; without that cookie nothing is served, sockets included. The
    addresses that requests name as theirs (Host) and as the page's that asks (Origin) have to be this window's own, or
    a name of somebody else's could be led here.

    Attributes:
        app: the application behind it.
        token: opens the window, as often as it is used.
    """

    def __init__(self, app: App, port: int) -> None:
        self.app = app
        self.token = secrets.token_urlsafe(32)
        self._port, self._name, self._cookie = port, f"bgtool-{port}", secrets.token_urlsafe(32)
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self._once: set[str] = set()

    @property
    def address(self) -> str:
        """Of the window, with its token."""
        return self._with(self.token)

    def address_for_once(self) -> str:
        """The same, good for one use: other users of the machine may see what a browser is started with."""
        token = secrets.token_urlsafe(32)
        self._once.add(token)
        return self._with(token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, exchange the token, or refuse."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        is_own = self._is_own(scope, headers)
        if is_own and self._has_cookie(headers) and _is_small(scope, headers):
            await self.app(scope, receive, _with_headers(send))
        elif is_own and scope["type"] == "http" and self._takes_token(scope):
            cookie = f"{self._name}={self._cookie}; HttpOnly; SameSite=Strict; Path=/"
            await _answer(send, 303, b"", (b"location", b"/"), (b"set-cookie", cookie.encode()))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _answer(send, 403, REFUSED)

    def _with(self, token: str) -> str:
        return f"http://127.0.0.1:{self._port}/?token={token}"

    def _is_own(self, scope: Scope, headers: dict[str, str]) -> bool:
        """Whether the request names this window as its host and, as far as it says, comes from its page."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if host not in self._hosts or origin not in (None, f"http://{host}"):
            return False
        if origin is None and (scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")):
            return False
        is_navigation = headers.get("sec-fetch-mode") == "navigate"
        return is_navigation or headers.get("sec-fetch-site", "none") in ("same-origin", "none")

    def _has_cookie(self, headers: dict[str, str]) -> bool:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self._name)
        except CookieError:
            return False
        return found is not None and secrets.compare_digest(found.value.encode(), self._cookie.encode())

    def _takes_token(self, scope: Scope) -> bool:
        (token,) = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[:1]
        if scope["method"] != "GET" or scope["path"] != "/":
            return False
        if token in self._once:
            self._once.remove(token)
            return True
        return secrets.compare_digest(token.encode(), self.token.encode())


def _is_small(scope: Scope, headers: dict[str, str]) -> bool:
    """Whether the body is known to be of a size that is taken."""
    if scope["type"] == "websocket" or scope["method"] in ("GET", "HEAD"):
        return True
    length = headers.get("content-length", "")
    return length.isdecimal() and int(length) <= LARGEST_BODY


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *HEADERS]
        await send(message)

    return sending


async def _answer(send: Send, status: int, text: bytes, *headers: tuple[bytes, bytes]) -> None:
    kind = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": status, "headers": [kind, *headers, *HEADERS]})
    await send({"type": "http.response.body", "body": text})
