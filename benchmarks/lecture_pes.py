"""Reading of PES flows: MB/s of parsing, decoding and hashing on one core, memory on a 1 GB flow.

`python benchmarks/lecture_pes.py [--grand]`; each measure runs alone in a process of its own.
Beside ORC, what people would build: lxml.iterparse, base64, gzip and hashlib.
"""

import argparse
import base64
import gzip
import hashlib
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

Row = tuple[str, float, str]
MO = 1_000_000
NS = "http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/aller"
HEAD = (
    '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
    f'<n:PES_Aller xmlns:n="{NS}"><Enveloppe><Parametres><Version V="2"/><TypFic V="PESALR2"/>'
    '<NomFic V="MESURE"/></Parametres></Enveloppe><EnTetePES><DteStr V="2023-04-05"/>'
    '<IdPost V="044003"/><IdColl V="21440001100017"/><CodCol V="012"/><CodBud V="00"/></EnTetePES>'
    '<PES_DepenseAller><EnTeteDepense><IdVer V="2"/></EnTeteDepense><Bordereau><BlocBordereau>'
    '<Exer V="2023"/><IdBord V="12"/><DteBordEm V="2023-04-05"/><TypBord V="01"/></BlocBordereau>\n'
)
LIGNE = (
    '<LigneDePiece><BlocLignePiece><InfoLignePce><IdLigne V="{n}"/><Nature V="60612"/>'
    '<Fonction V="020"/><LibVir1 V="Facture {n} électricité"/><ModRegl V="03"/>'
    '<TVAIntraCom V="0"/><MtHT V="100.25"/><MtTVA V="20.05"/></InfoLignePce></BlocLignePiece>'
    '<Tiers><InfoTiers><IdTiers V="99999999900017"/><NatIdTiers V="01"/><CatTiers V="50"/>'
    '<NatJur V="03"/><Nom V="ENERGIES DU PAYS"/></InfoTiers><Adresse><TypAdr V="1"/>'
    '<Adr2 V="1 rue de la Paix"/><CP V="44000"/><Ville V="NANTES"/><CodRes V="0"/></Adresse>'
    '<CpteBancaire><BIC V="ABCDFRPPXXX"/><IBAN V="FR7630001007941234567890185"/>'
    '<TitCpte V="ENERGIES"/></CpteBancaire></Tiers></LigneDePiece>\n'
)


def make_piece(rank: int, lignes: int) -> bytes:
    body = "".join(LIGNE.format(n=n + 1) for n in range(lignes))
    return (
        f'<Piece><BlocPiece><InfoPce><IdPce V="{rank}"/><TypPce V="01"/><NatPce V="01"/>'
        f'<Obj V="Achats du mois"/><PJRef><Support V="01"/><IdUnique V="PJ{rank}"/></PJRef>'
        f"</InfoPce></BlocPiece>{body}</Piece>\n"
    ).encode("latin-1")


def make_contents(seed: int = 7) -> list[bytes]:
    """Forty PDF-like attachments of 30 to 300 kB, encoded: text streams and compressed ones."""
    rng = random.Random(seed)
    encoded = []
    for size in range(30_000, 300_000, 6_750):
        text = b"BT /F1 11 Tf 72 720 Td (Facture de la commune, article) Tj ET\n" * (size // 400)
        octets = b"%PDF-1.4\n" + text + rng.randbytes(size - len(text)) + b"\n%%EOF"
        encoded.append(base64.b64encode(gzip.compress(octets, 6)))
    return encoded


def write_flux(path: Path, taille: int, *, pj: bool = True) -> None:
    """A flow of about `taille` bytes: pieces of two lines, then a PJ each."""
    contents = make_contents() if pj else []
    mean = sum(map(len, contents)) // len(contents) + 1_900 if contents else 1_700
    with path.open("wb") as file:
        file.write(HEAD.encode("latin-1"))
        count = taille // mean
        for rank in range(count):
            file.write(make_piece(rank, 2))
        file.write(b"</Bordereau></PES_DepenseAller><PES_PJ>\n")
        for rank in range(count if contents else 0):
            file.write(b'<PJ><Contenu><Fichier MIMEType="application/pdf">')
            file.write(contents[rank % len(contents)])
            file.write(f'</Fichier></Contenu><IdUnique V="PJ{rank}"/>'.encode())
            file.write(b'<NomPJ V="facture.pdf"/><Description V="Facture"/></PJ>\n')
        file.write(b"</PES_PJ></n:PES_Aller>")


def read_by_orc(path: Path) -> int:
    from orc.ingest.pes.flux import read_flux  # noqa: PLC0415 - not in the peer’s memory

    return sum(1 for _ in read_flux(path))


def read_by_lxml(path: Path) -> int:
    """What one would write first: whole subtrees by lxml, then the standard library."""
    from lxml import etree  # noqa: PLC0415 - not in ORC’s memory

    count = 0
    for _, element in etree.iterparse(str(path), tag=("Piece", "Fichier"), huge_tree=True):
        if element.tag == "Fichier":
            hashlib.sha256(gzip.decompress(base64.b64decode(element.text))).hexdigest()
        else:
            for field in element.iter():
                field.get("V")
        element.clear()
        count += 1
    return count


def run_child(reader: str, path: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--lire", reader, str(path)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {name: float(value) for name, value in json.loads(out).items()}


def read_once(reader: str, path: Path) -> None:
    """In the child: read, then print elements, CPU seconds and the peak of memory in MB."""
    start = time.process_time()
    count = {"orc": read_by_orc, "lxml": read_by_lxml}[reader](path)
    cpu = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"elements": count, "cpu": cpu, "memoire": peak}))


def _rows(folder: Path, *, grand: bool) -> Iterator[Row]:
    path = folder / "pj.xml"
    write_flux(path, 200 * MO)
    size = path.stat().st_size / MO
    for reader, name in (("orc", "ORC"), ("lxml", "lxml.iterparse + base64 + gzip + hashlib")):
        found = run_child(reader, path)
        yield f"lecture, décodage et empreinte : {name}", size / found["cpu"], "Mo/s"
        yield f"mémoire sur {size:.0f} Mo : {name}", found["memoire"], "Mo"
    path.unlink()
    path = folder / "lignes.xml"
    write_flux(path, 20 * MO, pj=False)
    found = run_child("orc", path)
    yield "lecture de pièces sans PJ", path.stat().st_size / MO / found["cpu"], "Mo/s"
    yield "pièces de deux lignes, sans PJ", found["elements"] / found["cpu"], "pièces/s"
    path.unlink()
    if grand:
        path = folder / "grand.xml"
        write_flux(path, 1_000 * MO)
        found = run_child("orc", path)
        size = path.stat().st_size / MO
        yield f"lecture d’un flux de {size:.0f} Mo", size / found["cpu"], "Mo/s"
        yield f"mémoire sur un flux de {size:.0f} Mo", found["memoire"], "Mo"


def measure(*, grand: bool = False) -> list[Row]:
    """Rows (name, value, unit); `grand` adds the flow of 1 GB. Per CPU second of one process."""
    with tempfile.TemporaryDirectory() as folder:
        return list(_rows(Path(folder), grand=grand))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--grand", action="store_true")
    parser.add_argument("--lire", nargs=2)
    args = parser.parse_args()
    if args.lire:
        read_once(args.lire[0], Path(args.lire[1]))
        return
    for name, value, unit in measure(grand=args.grand):
        print(f"{name:70} {value:10.1f} {unit}")


if __name__ == "__main__":
    main()
