"""Files of the silo: plain, gzip or zip, the same bytes anywhere (libdeflate, dates fixed)."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from pathlib import Path

import deflate

# 1 January 2022, in MS-DOS words: zip has no other clock.
_JOUR, _HEURE = (42 << 9) | (1 << 5) | 1, 0
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_FIN = struct.Struct("<4s4H2IH")
_UTF8 = 0x800


@lru_cache(maxsize=64)
def _deflate(octets: bytes) -> bytes:
    """Compressed once: most members of an office file never change."""
    return bytes(deflate.deflate_compress(octets, 1))


def make_zip(membres: list[tuple[str, bytes]], *, stored: frozenset[str] = frozenset()) -> bytes:
    """A zip of these (name, bytes), deflated save those in `stored`."""
    corps, index = bytearray(), bytearray()
    for nom, octets in membres:
        methode = 0 if nom in stored else 8
        donnees = octets if methode == 0 else _deflate(octets)
        brut, place = nom.encode(), len(corps)
        commun = (_UTF8, methode, _HEURE, _JOUR, zlib.crc32(octets), len(donnees), len(octets))
        corps += _LOCAL.pack(b"PK\x03\x04", 20, *commun, len(brut), 0) + brut + donnees
        index += (
            _CENTRAL.pack(b"PK\x01\x02", 20, 20, *commun, len(brut), 0, 0, 0, 0, 0, place) + brut
        )
    nombre = len(membres)
    return bytes(corps + index) + _FIN.pack(
        b"PK\x05\x06", 0, 0, nombre, nombre, len(index), len(corps), 0
    )


def write_bytes(chemin: Path, octets: bytes) -> int:
    """Write a whole file, its folder included; gives its size."""
    chemin.parent.mkdir(parents=True, exist_ok=True)
    chemin.write_bytes(octets)
    return len(octets)


def make_gzip(octets: bytes) -> bytes:
    """A gzip stream without a date."""
    return bytes(deflate.gzip_compress(octets, 1))
