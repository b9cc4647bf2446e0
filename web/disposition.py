"""Documents to save: their names and bytes come from others, so they may be anything."""

import re
import unicodedata
from urllib.parse import quote

from starlette.responses import Response

OCTETS = "application/octet-stream"
# A document that is not ours runs nothing, loads nothing, and is of no origin.
CSP_DOCUMENT = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"
LONGEST = 120
NAMELESS = "piece_justificative"
# Controls, and the marks that reverse what is read after them (U+202E).
_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_RESERVED = re.compile(r'[<>:"|?*;%\\/]')
_DEVICES = re.compile(r"(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?:\.|$)", re.IGNORECASE)

EXTENSIONS = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg", ".jpe"),
    "image/png": (".png",),
    "image/tiff": (".tif", ".tiff"),
    "image/gif": (".gif",),
    "image/bmp": (".bmp",),
    "image/webp": (".webp",),
    "application/rtf": (".rtf",),
    "application/zip": (".zip",),
}


def make_file_name(nom: str, type_reel: str = "") -> str:
    """A name that is one, on every system: no path, no control, no reversed text, no device.

    Where the true type is known and the name says another, the true extension is added.
    """
    last = re.split(r"[/\\]", nom)[-1]
    kept = "".join(c for c in last if unicodedata.category(c) not in _UNWANTED)
    kept = _RESERVED.sub("_", unicodedata.normalize("NFC", kept)).strip(" .")
    if not kept.strip("_ "):
        kept = NAMELESS
    if _DEVICES.match(kept):
        kept = f"_{kept}"
    known = EXTENSIONS.get(type_reel)
    suffix = known[0] if known and not kept.lower().endswith(known) else ""
    return _shorten(kept, LONGEST - len(suffix)) + suffix


def _shorten(name: str, longest: int) -> str:
    if len(name) <= longest:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 10:
        return name[:longest]
    return f"{stem[: longest - len(extension) - 1]}.{extension}"


def make_disposition(nom: str, type_reel: str, *, inline: bool = False) -> str:
    """The Content-Disposition header (RFC 6266): an ASCII name, and the true one (RFC 8187)."""
    name = make_file_name(nom, type_reel)
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    ascii_name = re.sub(r"[^A-Za-z0-9._ ()+=@,-]", "_", bare) or NAMELESS
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"


def save_as(nom: str, octets: bytes, type_reel: str = "") -> Response:
    """Bytes to save under this name: never shown by the browser, whatever they are."""
    headers = {
        "content-disposition": make_disposition(nom, type_reel),
        "content-security-policy": CSP_DOCUMENT,
    }
    return Response(octets, media_type=OCTETS, headers=headers)
