"""One adapter per protocol: nothing is loaded of those that are not used."""

from collections.abc import Mapping

from orc.remote import Acces
from orc.remote.acces import check_address
from orc.silo.protocols.values import Depot, Entry, Extrait, Listed, Paged

__all__ = ["Depot", "Entry", "Extrait", "Listed", "Paged", "open_depot"]


def open_depot(url: str, acces: Acces, options: Mapping[str, object]) -> Listed | Paged:
    """The adapter of this address; nothing is asked of the store yet. `options` go to fsspec.

    Raises Invalid for an address or a setting that cannot be right, Unavailable without the
    libraries it takes.
    """
    check_address(url, acces)
    scheme = url.partition("://")[0].lower()
    if scheme in {"s3", "s3a"}:
        from orc.silo.protocols.s3 import S3Depot  # noqa: PLC0415 - 1 s, and an extra

        return S3Depot(url, acces)
    if scheme in {"sftp", "ssh"}:
        from orc.silo.protocols.sftp import SftpDepot  # noqa: PLC0415 - an extra

        return SftpDepot(url, acces)
    if scheme in {"http", "https"}:
        from orc.silo.protocols.http import HttpDepot  # noqa: PLC0415 - aiohttp takes 0.3 s

        return HttpDepot(url, acces)
    from orc.silo.protocols.other import OtherDepot  # noqa: PLC0415 - fsspec takes its time too

    return OtherDepot(url, options)
