"""A remote file as an open one: blocks read by ranges, one kept."""

import io
from collections.abc import Callable
from typing import Final

# A PJ in a .xml.gz takes half a MiB of it, from the nearest point of its index.
BLOCK: Final = 512 * 1024


class RangesFile(io.RawIOBase):
    """Reads through `fetch(offset, longueur)`; a block shorter than the file says is the end."""

    def __init__(
        self, fetch: Callable[[int, int], bytes], taille: int, *, block: int = BLOCK
    ) -> None:
        super().__init__()
        self._fetch = fetch
        self._taille = taille
        self._size = block
        self._at = 0
        self._start, self._held = 0, b""

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next reading starts."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; nothing is read yet."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._taille}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """At most `size` bytes, fewer only at the end of the file."""
        left = self._taille - self._at if size is None or size < 0 else size
        left = max(0, min(left, self._taille - self._at))
        parts = []
        while left:
            part = self._read_held(left) or self._read_more(left)
            if not part:
                break
            parts.append(part)
            left -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer is one
        """The same, into a buffer."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _read_held(self, left: int) -> bytes:
        shift = self._at - self._start
        if not 0 <= shift < len(self._held):
            return b""
        part = self._held[shift : shift + left]
        self._at += len(part)
        return part

    def _read_more(self, left: int) -> bytes:
        self._start, self._held = self._at, b""
        wanted = min(max(self._size, min(left, 8 * self._size)), self._taille - self._at)
        self._held = self._fetch(self._at, wanted)
        return self._read_held(left)
