"""A silo on an SFTP server: host key always checked, one connection kept and made again."""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

from fsspec.asyn import FSTimeoutError, sync

from orc.errors import Invalid, OrcError, Unavailable
from orc.remote.acces import Acces
from orc.remote.faults import AccesRefuse, Passing
from orc.silo.protocols.values import Entry, Extrait

T = TypeVar("T")

_PORT: Final = 22
# Seconds a range may take beyond the delay of one answer, per MiB.
_SECONDS_PER_MIB: Final = 8
# A connection that says nothing for so many seconds is asked whether it lives, twice.
_KEEPALIVE: Final = 10


class SftpDepot:
    """The files under sftp://[user@]host[:port]/folder (the path is absolute)."""

    def __init__(self, url: str, acces: Acces) -> None:
        authority, _, path = url.partition("://")[2].partition("/")
        self._user, _, host = authority.rpartition("@")
        self._host, self._port = _split_port(host)
        self._root = "/" + path.strip("/")
        self._acces = acces
        self._lock = threading.Lock()
        self._fs: Any = None
        self.name = f"Le silo SFTP « {self._host} »"
        _check_files(acces)

    def list_folder(self, path: str) -> list[Entry]:
        """The direct children; links are shown and not followed."""
        found = self._run(lambda fs: fs._ls(self._full(path)), 3)  # noqa: SLF001 - fsspec's coroutine
        return [_make_entry(info, path) for info in found]

    def find(self, path: str) -> Entry:
        """By a stat, which follows links."""
        info = self._run(lambda fs: fs._info(self._full(path)), 1)  # noqa: SLF001 - the same
        entry = _make_entry(info, path)
        if entry.is_dir:
            raise FileNotFoundError(path)
        return Entry(path, taille=entry.taille, mtime=entry.mtime)

    def read(self, path: str, offset: int, longueur: int) -> Extrait:
        """Open, seek, read: sshfs' `cat_file` would give the whole file, without a word."""
        full = self._full(path)

        async def get(fs: Any) -> bytes:
            async with (
                fs._pool.get() as channel,  # noqa: SLF001 - sshfs shares its channels there
                channel.open(full, "rb") as file,
            ):
                return bytes(await file.read(longueur, offset))

        return Extrait(self._run(get, 1 + _SECONDS_PER_MIB * longueur / 2**20))

    def stream(self, path: str) -> BinaryIO | None:  # noqa: ARG002 - SFTP always gives ranges
        """Ranges do."""
        return None

    def _full(self, path: str) -> str:
        return f"{self._root.rstrip('/')}/{path}" if path else self._root

    def _run(self, work: Callable[[Any], Any], more: float) -> Any:
        fs = self._connect()
        try:
            return sync(fs.loop, work, fs, timeout=self._acces.secondes + more)
        except (OrcError, FileNotFoundError):
            raise
        except Exception as error:  # asyncssh and sshfs have a family of errors each
            fault = _explain(error, self._host, self._acces)
            if isinstance(fault, Passing):
                self._drop(fs)
            raise fault from error

    def _connect(self) -> Any:
        with self._lock:
            if self._fs is None:
                self._fs = _open(self._host, self._port, self._user, self._acces)
            return self._fs

    def _drop(self, fs: Any) -> None:
        """Forget a connection that failed: the next try makes another."""
        with self._lock:
            if self._fs is fs:
                self._fs = None
        with suppress(Exception):  # it is already gone, most of the time
            fs.client.abort()

    def has_md5(self, path: str) -> bool:  # noqa: ARG002 - SFTP has no ETag
        """No."""
        return False

    def close(self) -> None:
        """Let the connection go."""
        if (fs := self._fs) is not None:
            self._drop(fs)


def _split_port(host: str) -> tuple[str, int]:
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        name, port = host, str(_PORT)
    if not name or not port.isdecimal():
        raise Invalid("Une adresse SFTP nomme un serveur : sftp://compte@serveur/dossier.")
    return name.strip("[]"), int(port)


def _check_files(acces: Acces) -> None:
    known = acces.setting("SFTP_KNOWN_HOSTS")
    if not acces.sftp_known_hosts:
        raise Invalid(
            f"Le réglage {known} manque : c’est le fichier known_hosts où se trouve la clé du "
            "serveur SFTP (« ssh-keyscan serveur », puis vérifiez l’empreinte auprès de "
            "l’exploitant)."
        )
    for name, path in ((known, acces.sftp_known_hosts), ("SFTP_CLE", acces.sftp_cle)):
        if path and not Path(path).is_file():
            said = name if name == known else acces.setting(name)
            raise Invalid(f"Le fichier du réglage {said} n’existe pas.", path)


def _open(host: str, port: int, user: str, acces: Acces) -> Any:
    try:
        from sshfs import SSHFileSystem  # noqa: PLC0415 - the embedded default has it not
    except ImportError as error:
        raise Unavailable(
            "Un silo SFTP demande les compléments d’ORC : pip install 'orc-archives[grand]'."
        ) from error
    by_key = {"client_keys": [acces.sftp_cle], "passphrase": acces.sftp_secret or None}
    by_password = {"client_keys": None, "password": acces.sftp_secret or None}
    try:
        return SSHFileSystem(
            host,
            port=port,
            **({"username": user} if user else {}),
            **(by_key if acces.sftp_cle else by_password),
            # Without it asyncssh would believe any server; without `config`, read ~/.ssh/config.
            known_hosts=acces.sftp_known_hosts,
            config=None,
            agent_path=None,
            connect_timeout=acces.secondes,
            login_timeout=acces.secondes,
            keepalive_interval=_KEEPALIVE,
            keepalive_count_max=2,
            sftp_client_kwargs={"path_errors": "surrogateescape"},
            timeout=2 * acces.secondes,
            skip_instance_cache=True,
        )
    except Exception as error:  # asyncssh has a family of errors of its own
        raise _explain(error, host, acces) from error


def _explain(error: Exception, host: str, acces: Acces) -> Exception:
    import asyncssh  # noqa: PLC0415 - the embedded default has it not

    ssh = asyncssh
    known: list[tuple[tuple[type[Exception], ...], Exception]] = [
        ((ssh.HostKeyNotVerifiable,), AccesRefuse(_say_host_key(host, acces))),
        ((ssh.KeyImportError, ssh.KeyEncryptionError), AccesRefuse(_say_private_key(acces))),
        ((ssh.SFTPPermissionDenied,), PermissionError("le compte SFTP n’en a pas le droit")),
        ((ssh.PermissionDenied, PermissionError), AccesRefuse(_say_account(host, acces))),
        (
            (ssh.SFTPNoSuchFile, ssh.SFTPNoSuchPath, ssh.SFTPNotADirectory),
            FileNotFoundError(str(error)),
        ),
        (
            (ssh.SFTPFailure, ssh.SFTPOpUnsupported),
            OSError(f"le serveur SFTP refuse ({error})"),
        ),
        (
            (ssh.Error, TimeoutError, FSTimeoutError, OSError, EOFError),
            Passing(f"{str(error).rstrip('.') or 'délai dépassé'}."),
        ),
    ]
    return next((said for kinds, said in known if isinstance(error, kinds)), error)


def _say_host_key(host: str, acces: Acces) -> str:
    return (
        f"La clé du serveur SFTP « {host} » n’est pas celle de "
        f"{acces.setting('SFTP_KNOWN_HOSTS')} : si l’exploitant l’a changée, mettez ce fichier "
        "à jour ; sinon, ne vous y connectez pas."
    )


def _say_private_key(acces: Acces) -> str:
    return (
        f"La clé privée de {acces.setting('SFTP_CLE')} ne peut pas être lue : vérifiez-la, et "
        f"sa phrase de passe ({acces.setting('SFTP_SECRET')})."
    )


def _say_account(host: str, acces: Acces) -> str:
    return (
        f"Le serveur SFTP « {host} » refuse ce compte : vérifiez le nom dans l’adresse, "
        f"{acces.setting('SFTP_CLE')} et {acces.setting('SFTP_SECRET')}."
    )


def _make_entry(info: dict[str, Any], folder: str) -> Entry:
    name = str(info["name"]).rstrip("/").rpartition("/")[2]
    path = f"{folder}/{name}" if folder else name
    kind, mtime = info["type"], info.get("mtime")
    motifs = {"link": "lien symbolique : il n’est pas suivi", "other": "pas un fichier ordinaire"}
    return Entry(
        path,
        kind == "directory",
        info.get("size") or 0,
        mtime=mtime.timestamp() if mtime else None,
        motif="" if kind in {"directory", "file"} else motifs.get(kind, motifs["other"]),
    )
