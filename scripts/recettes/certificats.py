"""A certificate authority of one test and the certificate it gives to 127.0.0.1, by openssl."""

from pathlib import Path

from scripts.recettes import systeme

NAMES = "subjectAltName=IP:127.0.0.1,DNS:localhost\n"


def make_certificate(folder: Path, days: int = 30) -> None:
    """Write `ca.pem`, `http.pem` and `http.key` in the folder."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(
        "req",
        "-x509",
        *key,
        "-days",
        str(days),
        "-subj",
        "/CN=ORC essais",
        folder=folder,
        out=["-keyout", "ca.key", "-out", "ca.pem"],
    )
    openssl(
        "req",
        "-new",
        *key,
        "-subj",
        "/CN=127.0.0.1",
        folder=folder,
        out=["-keyout", "http.key", "-out", "http.csr"],
    )
    (folder / "noms").write_text(NAMES, encoding="ascii")
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "noms"]
    openssl(
        "x509",
        "-req",
        "-in",
        "http.csr",
        *signed,
        "-days",
        str(days),
        folder=folder,
        out=["-out", "http.pem"],
    )


def make_client(folder: Path, name: str, *, usage: str = "clientAuth", days: int = 30) -> None:
    """Write `<name>.pem` and `<name>.key`, of this folder's authority, for a person."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(
        "req",
        "-new",
        *key,
        "-subj",
        f"/C=FR/O=Mairie d'essai/CN={name}",
        folder=folder,
        out=["-keyout", f"{name}.key", "-out", f"{name}.csr"],
    )
    (folder / "usage").write_text(f"extendedKeyUsage={usage}\n", encoding="ascii")
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "usage"]
    openssl(
        "x509",
        "-req",
        "-in",
        f"{name}.csr",
        *signed,
        "-days",
        str(days),
        folder=folder,
        out=["-out", f"{name}.pem"],
    )


def openssl(*argv: str, folder: Path, out: list[str]) -> None:
    """One openssl command in that folder."""
    systeme.run([systeme.find_program("openssl") or "openssl", *argv, *out], folder=folder)
