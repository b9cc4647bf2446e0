"""The bytes of a flow, by place. Read, not mapped: a mapped file cut short kills its reader."""

import os
from typing import Final, Protocol

from orc.errors import Unavailable

_WINDOW: Final = 256 * 1024


class Octets(Protocol):
    """Bytes by place, as many as there are: fewer than asked where the file ends."""

    def __len__(self) -> int:
        """How many there were at the start."""

    def __getitem__(self, place: slice) -> bytes:
        """Those of a slice of step 1, its bounds not negative."""


class FichierOuvert:
    """The bytes of an open file; one that grows is read up to its size at the start."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._size = os.fstat(fd).st_size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, place: slice) -> bytes:
        start, end = place.start or 0, self._size if place.stop is None else place.stop
        left = min(end, self._size) - start
        parts: list[bytes] = []
        try:
            while left > 0 and (read := os.pread(self._fd, left, start)):
                parts.append(read)
                start, left = start + len(read), left - len(read)
        except OSError as error:
            raise Unavailable(f"Le flux ne peut pas être lu : {error.strerror}.") from error
        return parts[0] if len(parts) == 1 else b"".join(parts)


def find_octet(data: Octets, octet: bytes, start: int) -> int:
    """Where this byte first stands from `start`, -1 when it does not."""
    for at in range(start, len(data), _WINDOW):
        if (found := data[at : at + _WINDOW].find(octet)) >= 0:
            return at + found
    return -1
