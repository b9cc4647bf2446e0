"""Mails, archives and Outlook messages that carry documents, made here."""

import io
import struct
import tarfile
import zipfile
from email.message import EmailMessage


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def lock_zip(octets: bytes) -> bytes:
    """The same zip, its members marked as encrypted: what a reader without password meets."""
    locked = bytearray(octets)
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = locked.find(magic)
        while start >= 0:
            locked[start + at] |= 1
            start = locked.find(magic, start + 4)
    return bytes(locked)


def tar_of(members: dict[str, bytes], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]  # any mode of tarfile
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def mail_of(
    text: str, attached: dict[str, bytes] | None = None, *, subject: str = "Facture", html: str = ""
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "compta@fournisseur.fr"
    mail["To"] = "mairie@ville.fr"
    mail["Subject"] = subject
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    for name, content in (attached or {}).items():
        mail.add_attachment(content, "application", "octet-stream", filename=name)
    return mail


Tree = dict[str, "bytes | Tree"]


def compound_of(tree: Tree) -> bytes:
    """A compound file [MS-CFB] of these streams and storages: 512-byte sectors, a mini stream."""
    return _Compound(tree).make()


def msg_of(subject: str, body: str, attached: dict[str, "bytes | Tree"]) -> bytes:
    """A message saved by Outlook [MS-OXMSG], enough of it to be read by anyone."""
    return compound_of(make_message(subject, body, attached))


def make_message(
    subject: str, body: str, attached: dict[str, "bytes | Tree"], *, inside: bool = False
) -> Tree:
    tree: Tree = {"__properties_version1.0": bytes(24 if inside else 32)}
    if not inside:
        tree["__nameid_version1.0"] = {
            "__substg1.0_00020102": b"",
            "__substg1.0_00030102": b"",
            "__substg1.0_00040102": b"",
        }
    for name, value in (("001A", "IPM.Note"), ("0037", subject), ("1000", body), ("0C1A", "Alix")):
        tree[f"__substg1.0_{name}001F"] = value.encode("utf-16-le")
    for rank, (name, content) in enumerate(attached.items()):
        storage: Tree = {"__properties_version1.0": bytes(8)}
        storage["__substg1.0_3707001F"] = name.encode("utf-16-le")
        if isinstance(content, bytes):
            storage["__substg1.0_37010102"] = content
        else:
            storage["__substg1.0_3701000D"] = content
        tree[f"__attach_version1.0_#{rank:08X}"] = storage
    return tree


class _Compound:
    _FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD

    def __init__(self, tree: Tree) -> None:
        self.sectors: list[bytes] = []
        self.fat: list[int] = []
        self.mini = bytearray()
        self.minifat: list[int] = []
        self.entries: list[bytearray] = []
        self._add("Root Entry", 5, 0, 0)
        self._set_child(0, self._add_all(tree))
        start = self._put(bytes(self.mini))
        struct.pack_into("<II", self.entries[0], 116, start, len(self.mini))

    def _add(self, name: str, kind: int, start: int, size: int) -> int:
        entry = bytearray(128)
        raw = name.encode("utf-16-le") + b"\0\0"
        entry[: len(raw)] = raw
        struct.pack_into("<HBB3I", entry, 64, len(raw), kind, 1, *[self._FREE] * 3)
        struct.pack_into("<II", entry, 116, start, size)
        self.entries.append(entry)
        return len(self.entries) - 1

    def _add_all(self, tree: Tree) -> int:
        """Siblings in a balanced tree, shorter names first, as readers that search it need."""
        made = []
        for name in sorted(tree, key=lambda n: (len(n), n.upper())):
            content = tree[name]
            if isinstance(content, bytes):
                made.append(self._add(name, 2, *self._put_stream(content)))
            else:
                index = self._add(name, 1, 0, 0)
                self._set_child(index, self._add_all(content))
                made.append(index)
        return self._balance(made)

    def _balance(self, made: list[int]) -> int:
        if not made:
            return self._FREE
        middle = len(made) // 2
        left, right = self._balance(made[:middle]), self._balance(made[middle + 1 :])
        struct.pack_into("<II", self.entries[made[middle]], 68, left, right)
        return made[middle]

    def _set_child(self, index: int, child: int) -> None:
        struct.pack_into("<I", self.entries[index], 76, child)

    def _put_stream(self, content: bytes) -> tuple[int, int]:
        if len(content) >= 4096:
            return self._put(content), len(content)
        if not content:
            return self._END, 0
        start, count = len(self.minifat), -(-len(content) // 64)
        self.mini += content.ljust(64 * count, b"\0")
        self.minifat += [*range(start + 1, start + count), self._END]
        return start, len(content)

    def _put(self, content: bytes) -> int:
        if not content:
            return self._END
        start, count = len(self.sectors), -(-len(content) // 512)
        padded = content.ljust(512 * count, b"\0")
        self.sectors += [padded[i * 512 : (i + 1) * 512] for i in range(count)]
        self.fat += [*range(start + 1, start + count), self._END]
        return start

    def make(self) -> bytes:
        directory = self._put(b"".join(self.entries))
        packed = struct.pack(f"<{len(self.minifat)}I", *self.minifat)
        minifat = self._put(packed.ljust(-(-len(packed) // 512) * 512, b"\xff"))
        count = 1
        while len(self.fat) + count > 128 * count:
            count += 1
        places = list(range(len(self.sectors), len(self.sectors) + count))
        table = [*self.fat, *[self._FAT] * count]
        table += [self._FREE] * (128 * count - len(table))
        header = bytearray(512)
        header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
        struct.pack_into("<II", header, 44, count, directory)
        struct.pack_into("<IIIII", header, 56, 4096, minifat, -(-len(packed) // 512), self._END, 0)
        struct.pack_into("<109I", header, 76, *places, *[self._FREE] * (109 - count))
        return bytes(header) + b"".join(self.sectors) + struct.pack(f"<{len(table)}I", *table)
