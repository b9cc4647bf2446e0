"""An HTTP server that fails: it stands before a real one and spoils the next answers."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


class Faulty:
    """Each fault spoils the next `left` answers that hold a body; requests are counted."""

    def __init__(self, url: str) -> None:
        self.target = urlsplit(url).netloc
        self.url = ""
        self.fault = ""
        self.left = 0
        self.requests: list[tuple[str, str, str]] = []

    def spoil(self, fault: str, times: int) -> None:
        """`500`, `cut` (connection lost half-way), `half` (a lying length), `flip` (other bytes),
        `slow`."""
        self.fault, self.left = fault, times

    def take(self, method: str) -> str:
        """The fault of this answer, if any."""
        if self.left <= 0 or method != "GET":
            return ""
        self.left -= 1
        return self.fault


def spoil(body: bytes, fault: str) -> bytes:
    """Half of it, or a bit of it changed."""
    half = len(body) // 2
    if fault == "half":
        return body[:half]
    return body[:half] + bytes([body[half] ^ 1]) + body[half + 1 :] if fault == "flip" else body


def make_handler(faulty: Faulty) -> type[BaseHTTPRequestHandler]:
    """What answers for this server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_said: Any) -> None:
            """Nothing."""

        def _carry(self) -> None:
            faulty.requests.append((self.command, self.path, self.headers.get("Range", "")))
            fault = faulty.take(self.command)
            if fault == "500":
                return self._say(500, {}, b"<Error><Code>InternalError</Code></Error>")
            length = int(self.headers.get("Content-Length") or 0)
            upstream = http.client.HTTPConnection(faulty.target, timeout=20)
            try:
                upstream.request(
                    self.command, self.path, self.rfile.read(length), dict(self.headers)
                )
                answer = upstream.getresponse()
                return self._say(answer.status, dict(answer.getheaders()), answer.read(), fault)
            finally:
                upstream.close()

        def _say(self, status: int, said: dict[str, str], body: bytes, fault: str = "") -> None:
            half = len(body) // 2
            if fault == "slow":
                time.sleep(3)
            body = spoil(body, fault)
            self.send_response(status)
            for name, value in said.items():
                if name.lower() not in {
                    "content-length",
                    "transfer-encoding",
                    "connection",
                    "date",
                }:
                    self.send_header(name, value)
            kept = said.get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
            self.send_header("Content-Length", kept)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body[:half] if fault == "cut" else body)
            if fault == "cut":
                self.close_connection = True
                self.connection.close()

        do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = _carry  # noqa: N815 - http.server's names

    return Handler


@contextmanager
def stand_before(url: str) -> Iterator[Faulty]:
    """A faulty server before the one at `url`."""
    faulty = Faulty(url)
    server = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(faulty))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    faulty.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield faulty
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
