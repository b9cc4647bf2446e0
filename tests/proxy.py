"""A TCP proxy between a client and a real server: it cuts, slows, freezes, stops half-way.

`with Proxy("127.0.0.1", 9200) as proxy:` listens on `proxy.port`; the states below may change while
connections live. Threads and sockets are gone at the end.
"""

import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

CHUNK = 64 * 1024
TICK = 0.02


class Proxy:
    """Bytes pass both ways until told otherwise."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.delay = 0.0
        self.frozen = False
        self.refusing = False
        # Bytes the server may still send before its connections are cut; None: no limit.
        self.allowed: int | None = None
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(TICK)
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._over.set()
        self._listener.close()
        self._close_all()
        for thread in self._threads:
            thread.join(timeout=5)

    def cut(self) -> None:
        """Close what is open and refuse what comes: the network cable is out."""
        self.refusing = True
        self._close_all()

    def cut_after(self, size: int) -> None:
        """Let the server send that many bytes more, all connections counted, then cut: a half."""
        self.allowed = size

    def slow(self, seconds: float) -> None:
        """Keep each piece of what passes that long."""
        self.delay = seconds

    def freeze(self) -> None:
        """Accept, and let nothing pass: a hung server, a full firewall."""
        self.frozen = True

    def heal(self) -> None:
        """Let everything pass again."""
        self.delay, self.frozen, self.refusing, self.allowed = 0.0, False, False, None

    def _begin(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            self.connections += 1
            if self.refusing:
                client.close()
                continue
            self._begin(self._carry, client)

    def _carry(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self.target, timeout=5)
        except OSError:
            client.close()
            return
        self._open |= {client, server}
        try:
            with suppress(OSError, ValueError):
                self._pump(client, server)
        finally:
            for end in (client, server):
                self._open.discard(end)
                end.close()

    def _pump(self, client: socket.socket, server: socket.socket) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ, (client, server))
            ready.register(server, selectors.EVENT_READ, (server, client))
            while not self._over.is_set():
                if self.frozen:
                    time.sleep(TICK)
                    continue
                for key, _ in ready.select(TICK):
                    source, destination = key.data
                    if not self._pass(source, destination, from_server=source is server):
                        return

    def _pass(
        self, source: socket.socket, destination: socket.socket, *, from_server: bool
    ) -> bool:
        """Carry one piece; False when the connection is over."""
        piece = source.recv(CHUNK)
        if not piece:
            return False
        if self.delay:
            self._over.wait(self.delay)
        if from_server and self.allowed is not None:
            piece = piece[: self.allowed]
            self.allowed -= len(piece)
            if not self.allowed:
                destination.sendall(piece)
                self.refusing = True
                return False
        destination.sendall(piece)
        return True

    def _close_all(self) -> None:
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
