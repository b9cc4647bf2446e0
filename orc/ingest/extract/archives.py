"""Archives (zip, gz, tar), a member at a time and in memory: nothing is written. Child only."""

import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO

from orc.ingest.extract.joints import Allowance, Joint
from orc.ingest.extract.values import EtatTexte
from orc.ingest.type_reel import GZIP, TAR, ZIP

ARCHIVES = frozenset({ZIP, GZIP, TAR})
_UTF8 = 0x800
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
)
_PROTECTED = "Il est protégé par un mot de passe."
_UNKNOWN = "Sa méthode de compression n’est pas prise en charge."
_DAMAGED = "Il est abîmé dans l’archive."
_LINK = "C’est un lien vers un autre fichier : il n’est pas suivi."


class BadArchive(Exception):
    """The archive itself cannot be opened; says why in French."""


def open_archive(octets: bytes, type_reel: str, nom: str, allowance: Allowance) -> Iterator[Joint]:
    """The members of an archive, each with its bytes or the reason why not; BadArchive if broken.

    `nom` is the archive's own name: what a gz holds is called after it.
    """
    reader: Callable[[bytes, str, Allowance], Iterator[Joint]]
    reader = {ZIP: _read_zip, TAR: _read_tar, GZIP: _read_gzip}[type_reel]
    return reader(octets, nom, allowance)


def _read_zip(octets: bytes, nom: str, allowance: Allowance) -> Iterator[Joint]:
    del nom
    try:
        archive = zipfile.ZipFile(io.BytesIO(octets))
    except (*_BROKEN, NotImplementedError) as error:
        raise BadArchive("Le fichier est abîmé : son archive zip ne s’ouvre pas.") from error
    with archive:
        for member in archive.infolist():
            if not member.is_dir():
                yield _read_member(archive, member, allowance)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, allowance: Allowance) -> Joint:
    name = _read_name(member)
    if member.flag_bits & 1:
        return Joint(name, b"", EtatTexte.PROTEGE, _PROTECTED)
    if refused := allowance.refuse(member.file_size, member.compress_size):
        return Joint(name, b"", EtatTexte.TROP_GRAND, refused)
    try:
        with archive.open(member) as packed:
            return _read_bounded(name, packed, allowance)
    except NotImplementedError:
        return Joint(name, b"", EtatTexte.NON_PRIS_EN_CHARGE, _UNKNOWN)
    except _BROKEN:
        return Joint(name, b"", EtatTexte.ILLISIBLE, _DAMAGED)


def _read_bounded(name: str, packed: IO[bytes] | gzip.GzipFile, allowance: Allowance) -> Joint:
    """Unpack no more than there is room for, whatever was announced."""
    room = allowance.find_room()
    unpacked = packed.read(room + 1)
    allowance.take(len(unpacked))
    if len(unpacked) > room:
        motif = f"Une fois décompressé il dépasse {room // 1_000_000} Mo : il n’a pas été lu."
        return Joint(name, b"", EtatTexte.TROP_GRAND, motif)
    return Joint(name, unpacked)


def _read_name(member: zipfile.ZipInfo) -> str:
    """A name that does not say its encoding is UTF-8 when it can be: some systems forget to."""
    if member.flag_bits & _UTF8:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename


def _read_gzip(octets: bytes, nom: str, allowance: Allowance) -> Iterator[Joint]:
    name = nom[:-3] if nom.lower().endswith(".gz") else nom
    if nom.lower().endswith(".tgz"):
        name = nom[:-3] + "tar"
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(octets)) as packed:
            yield _read_bounded(name, packed, allowance)
    except _BROKEN as error:
        raise BadArchive("Le fichier est abîmé : sa compression gzip ne s’ouvre pas.") from error


def _read_tar(octets: bytes, nom: str, allowance: Allowance) -> Iterator[Joint]:
    del nom
    try:
        with tarfile.open(fileobj=io.BytesIO(octets), mode="r:") as archive:
            for member in archive:
                if not member.isdir():
                    yield _read_entry(archive, member, allowance)
    except _BROKEN as error:
        raise BadArchive("Le fichier est abîmé : son archive tar ne se lit pas.") from error


def _read_entry(archive: tarfile.TarFile, member: tarfile.TarInfo, allowance: Allowance) -> Joint:
    if not member.isreg() or member.issparse():
        return Joint(member.name, b"", EtatTexte.NON_PRIS_EN_CHARGE, _LINK)
    if refused := allowance.refuse(member.size, member.size):
        return Joint(member.name, b"", EtatTexte.TROP_GRAND, refused)
    held = archive.extractfile(member)
    return _read_bounded(member.name, held, allowance) if held else Joint(member.name)
