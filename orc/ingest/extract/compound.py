"""Compound files (OLE, what Outlook saves mails in): streams by path, under bounds. Child only.

[MS-CFB]: sectors chained by a table, small streams in a stream of their own, a directory tree.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFA  # from here on: no sector
_ENTRY = 128
_ENTRIES = 20_000
_STORAGE, _STREAM, _ROOT = 1, 2, 5


class BadCompound(Exception):
    """These bytes are no compound file, or a broken one."""


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


class Compound:
    """The streams of a compound file by path (`a/b`), read when asked for."""

    def __init__(self, octets: bytes) -> None:
        if len(octets) < 512 or not octets.startswith(_MAGIC):
            raise BadCompound
        self._octets = octets
        shift, mini_shift = struct.unpack_from("<HH", octets, 30)
        if shift not in {9, 12} or mini_shift != 6:
            raise BadCompound
        self._sector = 1 << shift
        self._mini = 1 << mini_shift
        directory, self._cutoff, minifat = struct.unpack_from("<I4xII", octets, 48)
        self._fat = self._read_fat()
        self._minifat = self._read_table(self._chain(minifat, self._fat))
        self._entries = self._read_entries(self._join(self._chain(directory, self._fat)))
        if not self._entries:
            raise BadCompound
        root = self._entries[0]
        self._ministream = self._join(self._chain(root.start, self._fat))[: root.size]
        self._paths = dict(self._walk())

    @property
    def paths(self) -> tuple[str, ...]:
        """The path of every stream, in the order of the directory tree."""
        return tuple(self._paths)

    def read(self, path: str) -> bytes | None:
        """The bytes of a stream; None where there is none."""
        entry = self._paths.get(path)
        if entry is None:
            return None
        if entry.size >= self._cutoff:
            return self._join(self._chain(entry.start, self._fat))[: entry.size]
        size = self._mini
        chain = self._chain(entry.start, self._minifat)
        found = b"".join(self._ministream[at * size : (at + 1) * size] for at in chain)
        return found[: entry.size]

    def _read_fat(self) -> list[int]:
        sectors = [*struct.unpack_from("<109I", self._octets, 76)]
        following, count = struct.unpack_from("<II", self._octets, 68)
        per_sector = self._sector // 4
        for _ in range(min(count, len(self._octets) // self._sector)):
            if following >= _END:
                break
            held = struct.unpack(f"<{per_sector}I", self._read_sector(following))
            sectors += held[:-1]
            following = held[-1]
        return self._read_table(sector for sector in sectors if sector < _END)

    def _read_table(self, sectors: Iterator[int]) -> list[int]:
        table: list[int] = []
        for sector in sectors:
            table += struct.unpack(f"<{self._sector // 4}I", self._read_sector(sector))
        return table

    def _read_sector(self, sector: int) -> bytes:
        start = (sector + 1) * self._sector
        found = self._octets[start : start + self._sector]
        if not found:
            raise BadCompound
        return found.ljust(self._sector, b"\0")

    def _chain(self, sector: int, table: list[int]) -> Iterator[int]:
        """The sectors of a stream; a chain that loops ends with the table."""
        for _ in range(len(table)):
            if sector >= len(table):
                return
            yield sector
            sector = table[sector]

    def _join(self, sectors: Iterator[int]) -> bytes:
        """The bytes of these sectors: never more than the file has, even where they loop."""
        found, room = [], len(self._octets)
        for sector in sectors:
            found.append(self._read_sector(sector))
            room -= self._sector
            if room < 0:
                break
        return b"".join(found)

    def _read_entries(self, directory: bytes) -> list[_Entry]:
        count = min(len(directory) // _ENTRY, _ENTRIES)
        return [self._read_entry(directory[i * _ENTRY : (i + 1) * _ENTRY]) for i in range(count)]

    def _read_entry(self, raw: bytes) -> _Entry:
        length, kind, _, left, right, child = struct.unpack_from("<HBBIII", raw, 64)
        name = raw[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
        start, size = struct.unpack_from("<II", raw, 116)
        return _Entry(name, kind, left, right, child, start, min(size, len(self._octets)))

    def _walk(self) -> Iterator[tuple[str, _Entry]]:
        """Each stream once, with its path: a tree that loops is cut."""
        seen: set[int] = set()
        waiting = [(self._entries[0].child, "")]
        while waiting:
            index, prefix = waiting.pop()
            if index >= len(self._entries) or index in seen:
                continue
            seen.add(index)
            entry = self._entries[index]
            waiting += [(entry.right, prefix), (entry.left, prefix)]
            if entry.kind == _STORAGE:
                waiting.append((entry.child, f"{prefix}{entry.name}/"))
            elif entry.kind == _STREAM:
                yield prefix + entry.name, entry
