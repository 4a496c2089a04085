"""A real S3-compatible server on this machine, and a proxy in front of it that makes the faults networks make."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s3cret/that+is=shown-never"}
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


@dataclass
class Fault:
    """What goes wrong with the requests that match, a number of times."""

    kind: str  # cut: half a body; lost: done, but no answer; slow: piece after piece; else a status and a code
    method: str = "GET"
    path: str = ""
    times: int = 1


@dataclass
class Proxy:
    """In front of the server; `faults` may be changed at any time.

    Attributes:
        url: what to speak to.
        faults: to come.
        seen: method and path of every request, and the bytes of its body and its answer.
    """

    url: str
    faults: list[Fault] = field(default_factory=list)
    seen: list[tuple[str, str, int, int]] = field(default_factory=list)
    before: Callable[[str, str], None] = lambda method, path: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fault_for(self, method: str, path: str) -> str:
        with self._lock:
            for fault in self.faults:
                if fault.times and fault.method == method and re.search(fault.path, path):
                    fault.times -= 1
                    return fault.kind
        return ""

    def requests(self, method: str, path: str) -> int:
        """How many there were."""
        return sum(seen[0] == method and bool(re.search(path, seen[1])) for seen in self.seen)


def handler_for(proxy: Proxy, upstream: tuple[str, int]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            pass

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            proxy.before(self.command, self.path)
            fault = proxy.fault_for(self.command, self.path)
            if fault[:1].isdigit():
                status, _, code = fault.partition(" ")
                proxy.seen.append((self.command, self.path, len(body), 0))
                said = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode() if code else b""
                self.answer(int(status), {"Content-Length": str(len(said))}, said)
                return
            connection = HTTPConnection(*upstream, timeout=60)
            wanted = {name: value for name, value in self.headers.items() if name.lower() != "expect"}
            connection.request(self.command, self.path, body, wanted)
            response = connection.getresponse()
            content = response.read()
            connection.close()
            proxy.seen.append((self.command, self.path, len(body), len(content)))
            if fault == "lost":
                self.close_connection = True
                self.connection.close()
                return
            headers = {name: value for name, value in response.getheaders() if name.lower() not in HOP_BY_HOP}
            length = response.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
            self.answer(response.status, headers | ({"Content-Length": length} if length else {}), content, fault)

        def answer(self, status: int, headers: dict[str, str], content: bytes, fault: str = "") -> None:
            self.send_response(status)
            for name, value in ({"Content-Length": "0"} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            if fault == "cut":
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                self.close_connection = True
                self.connection.close()
            elif fault == "slow":
                for start in range(0, len(content), 1 + len(content) // 20):
                    self.wfile.write(content[start : start + 1 + len(content) // 20])
                    self.wfile.flush()
                    time.sleep(0.02)
            elif self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do  # noqa: N815

    return Handler


class Front(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a client that goes away is part of the test."""


@contextmanager
def object_store() -> Iterator[Proxy]:
    """Server and proxy, with buckets ``scans`` and ``clean``; this process and its children are pointed at them."""
    import logging

    from moto.server import ThreadedMotoServer
    from s3fs import S3FileSystem

    from bgtool.storage import stores

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()  # what another server left
    stores._remote.cache_clear()
    S3FileSystem.clear_instance_cache()
    proxy = Proxy("")
    front = Front(("127.0.0.1", 0), handler_for(proxy, (host, port)))
    proxy.url = f"http://127.0.0.1:{front.server_address[1]}"
    threading.Thread(target=front.serve_forever, daemon=True).start()
    mine = {**CREDENTIALS, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": proxy.url}
    before = {name: os.environ.get(name) for name in mine}
    os.environ.update(mine)
    try:
        yield proxy
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
        front.shutdown()
        front.server_close()
        server.stop()
