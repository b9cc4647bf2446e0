"""Silos of every kind, on the same files: folder, memory, web servers with and without Range."""

import functools
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import pytest

from orc.silo import Silo


class _WholeFiles(SimpleHTTPRequestHandler):
    """Python's own server: it lists folders and ignores Range."""

    def log_message(self, *_args: Any) -> None:
        pass


class _Ranges(_WholeFiles):
    """A server that gives parts of files, and their ETag."""

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        path = Path(self.translate_path(self.path))
        if not wanted or not path.is_file():
            super().do_GET()
            return
        data = path.read_bytes()
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(data)), len(data) - 1)
        if start >= len(data):
            self.send_error(416)
            return
        part = data[start : end + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{end}/{len(data)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def end_headers(self) -> None:
        self.send_header("Accept-Ranges", "bytes")
        super().end_headers()


def _serve(handler: type[_WholeFiles], folder: Path) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(handler, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


KINDS = ("file", "memory", "http", "http_whole")
Opener = Callable[..., Silo]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder the silo shows."""
    folder = tmp_path / "silo"
    folder.mkdir()
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture(params=KINDS)
def open_silo(request: pytest.FixtureRequest, root: Path, cache: Path) -> Iterator[Opener]:
    """Open a silo of each kind on what `root` holds at that moment."""
    servers: list[ThreadingHTTPServer] = []

    def make(**options: Any) -> Silo:
        if request.param == "file":
            return Silo(str(root), cache=cache, **options)
        if request.param == "memory":
            memory = fsspec.filesystem("memory")
            memory.store.clear()
            memory.put(f"{root}/", "/silo", recursive=True)
            return Silo("memory://silo", cache=cache, **options)
        handler = _Ranges if request.param == "http" else _WholeFiles
        servers.append(_serve(handler, root))
        return Silo(f"http://127.0.0.1:{servers[-1].server_port}/", cache=cache, **options)

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()
