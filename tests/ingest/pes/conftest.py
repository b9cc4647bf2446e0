"""Small flows of our own to read, and a way to read them."""

import base64
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from orc.ingest.pes.flux import read_flux
from orc.ingest.pes.limits import Limits
from orc.ingest.pes.values_retour import Element

Read = Callable[..., list[Element]]


@pytest.fixture(scope="session")
def encode() -> Callable[[bytes], bytes]:
    """Bytes of a PJ as they travel in a Fichier."""
    return lambda octets: base64.b64encode(gzip.compress(octets, mtime=0))


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write bytes to a file and read them as a flow."""

    def read_bytes(octets: bytes | str, limits: Limits | None = None) -> list[Element]:
        path = tmp_path / "flux.xml"
        path.write_bytes(octets if isinstance(octets, bytes) else octets.encode())
        return list(read_flux(path, limits=limits or Limits()))

    return read_bytes


ENTETE = (
    '<Enveloppe><Parametres><Version V="2"/><TypFic V="PESALR2"/><NomFic V="flux un"/>'
    '</Parametres><Emetteur><Sigle V="GF"/><Adresse V="GF 1.0"/></Emetteur></Enveloppe>'
    '<EnTetePES><DteStr V="2023-04-05"/><IdPost V="4403"/><IdColl V="21440001100017"/>'
    '<CodCol V="12"/><CodBud V="00"/></EnTetePES>'
)
LIGNE = (
    "<LigneDePiece><BlocLignePiece><InfoLignePce>"
    '<IdLigne V="1"/><Nature V="60612"/><TVAIntraCom V="0"/><MtHT V="100.00"/>'
    "</InfoLignePce></BlocLignePiece></LigneDePiece>"
)
MANDAT = (
    '<Piece><BlocPiece><InfoPce><IdPce V="7"/><TypPce V="01"/><NatPce V="01"/>'
    f'<Obj V="Électricité de l’école"/></InfoPce></BlocPiece>{LIGNE}</Piece>'
)


@pytest.fixture(scope="session")
def make_flux() -> Callable[..., str]:
    """An aller of one bordereau of dépense; each part may be replaced."""

    def make(
        *,
        entete: str = ENTETE,
        pieces: str = MANDAT,
        bloc: str = (
            '<BlocBordereau><Exer V="2023"/><IdBord V="12"/><DteBordEm V="2023-04-05"/>'
            '<TypBord V="01"/><NbrPce V="1"/><MtBordHT V="100.00"/></BlocBordereau>'
        ),
        pjs: str = "",
        fin: str = "",
        declaration: str = '<?xml version="1.0" encoding="UTF-8"?>',
        prefixe: str = "n:",
    ) -> str:
        ns = "http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/aller"
        xmlns = f"xmlns:{prefixe[:-1]}" if prefixe else "xmlns"
        return (
            f'{declaration}<{prefixe}PES_Aller {xmlns}="{ns}">{entete}'
            '<PES_DepenseAller><EnTeteDepense><IdVer V="2"/></EnTeteDepense>'
            f"<Bordereau>{bloc}{pieces}</Bordereau></PES_DepenseAller>"
            f'<PES_PJ><EnTetePES_PJ><IdVer V="1"/></EnTetePES_PJ>{pjs}</PES_PJ>{fin}'
            f"</{prefixe}PES_Aller>"
        )

    return make


@pytest.fixture(scope="session")
def make_pj(encode: Callable[[bytes], bytes]) -> Callable[..., str]:
    """A PJ block; `texte` replaces the encoded content."""

    def make(octets: bytes = b"%PDF-1.4 un", ident: str = "PJ1", **more: str) -> str:
        texte = more.get("texte", encode(octets).decode())
        id_unique = f'<IdUnique V="{ident}"/>' if ident else ""
        return (
            f'<PJ><Contenu><Fichier MIMEType="application/pdf">{texte}</Fichier></Contenu>'
            f'{id_unique}<NomPJ V="{more.get("nom", "facture.pdf")}"/><TypePJ V="003"/>'
            f'<Description V="Facture"/>{more.get("refs", "")}</PJ>'
        )

    return make
