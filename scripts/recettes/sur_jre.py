"""Elasticsearch on PyPI's JRE, where no JDK ≥ 21 is: two things a JRE leaves out are done without.

- jdk.jdi and jdk.jlink, whose classes its « entitlements » forbid to plugins: `requires` becomes
  `requires static` (JVMS 4.7.25: at run time, if present);
- Thai segmentation (the analyzer `thai` is made with every index): its refusal to start is undone.
"""

import struct
import zipfile
from collections.abc import Callable, Collection
from pathlib import Path

MODULES = ("jdk.jdi", "jdk.jlink")
THAI = "org/apache/lucene/analysis/th/ThaiTokenizer.class"
STATIC = b"\x00\x40"
NONE = b"\x00\x00"
# Bytes after the tag of each constant of a class file (JVMS 4.4), those of a string aside.
SIZES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2}
SIZES |= {17: 4, 18: 4, 19: 2, 20: 2}
UTF8, MODULE, WIDE = 1, 19, (5, 6)
IFEQ, IFNE, NEW, GETSTATIC = 0x99, 0x9A, 0xBB, 0xB2


def adapt(home: Path) -> None:
    """Rewrite the two jars of an unfinished folder. ValueError: this version has changed."""
    for jar in home.glob("lib/elasticsearch-entitlement-*.jar"):
        rewrite(jar, "module-info.class", lambda data: make_static(data, MODULES))
    for jar in home.rglob("lucene-analysis-common-*.jar"):
        rewrite(jar, THAI, undo_refusal)


def rewrite(jar: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """The same jar, one of its files changed."""
    rewritten = jar.with_suffix(".partiel")
    with zipfile.ZipFile(jar) as source, zipfile.ZipFile(rewritten, "w") as copy:
        for entry in source.infolist():
            data = source.read(entry)
            copy.writestr(entry, change(data) if entry.filename == name else data)
    rewritten.replace(jar)


def undo_refusal(data: bytes) -> bytes:
    """`if (!AVAILABLE) throw` becomes `if (AVAILABLE) throw`: one jump is turned."""
    for place in range(len(data) - 7):
        if data[place] == GETSTATIC and data[place + 3] == IFNE and data[place + 6] == NEW:
            return data[: place + 3] + bytes([IFEQ]) + data[place + 4 :]
    raise ValueError("ThaiTokenizer has changed")


def make_static(data: bytes, modules: Collection[str]) -> bytes:
    """The same class file that `requires static` these modules; ValueError where it has not one."""
    numbers, end = read_modules(data)
    head, tail = data[:end], data[end:]
    for module in modules:
        # An entry of `requires` (JVMS 4.7.25): the module's number, its flags, its version's.
        number = struct.pack(">H", numbers[module]) if module in numbers else b""
        before, found, after = tail.partition(number + NONE) if number else (tail, b"", b"")
        if not found:
            raise ValueError(f"{module} is not required")
        tail = before + number + STATIC + after
    return head + tail


def read_modules(data: bytes) -> tuple[dict[str, int], int]:
    """The number of each module's name among the constants, and where the constants end."""
    (count,) = struct.unpack_from(">H", data, 8)
    place, index = 10, 1
    texts: dict[int, str] = {}
    modules: dict[int, int] = {}
    while index < count:
        tag = data[place]
        (value,) = struct.unpack_from(">H", data, place + 1)
        if tag == UTF8:
            texts[index] = data[place + 3 : place + 3 + value].decode("utf-8", "replace")
            place += 3 + value
        else:
            if tag == MODULE:
                modules[index] = value
            place += 1 + SIZES[tag]
        index += 2 if tag in WIDE else 1
    return {texts[value]: index for index, value in modules.items()}, place
