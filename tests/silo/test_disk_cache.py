"""What is kept of a silo on the local disk: made once, whatever asks for it meanwhile."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from orc.silo.disk_cache import DiskCache


@pytest.mark.timeout(20)
def test_making_one_file_may_ask_for_any_other(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 1_000_000)

    def write(data: bytes) -> Callable[[BinaryIO], None]:
        return lambda out: out.write(data) and None

    def make(key: str) -> Callable[[BinaryIO], None]:
        """The index of a file asks for the file."""

        def index(out: BinaryIO) -> None:
            with cache.open(key, write(key.encode())) as file:
                out.write(file.read())

        return index

    for number in range(200):
        inner, outer = f"{number:064x}", f"{number % 64 + 4096:064x}"
        with cache.open(outer, make(inner)) as file:
            assert file.read() == f"{number % 64:064x}".encode()
