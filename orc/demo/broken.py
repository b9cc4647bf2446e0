"""What is planted broken: PJ that do not open, flows that are not flows, and what must be said."""

from __future__ import annotations

import base64
from collections.abc import Callable

from fpdf.enums import EncryptionMethod

from orc.demo.images import vary_pooled
from orc.demo.pdf import Papier
from orc.demo.valeurs import Flux, Pj
from orc.demo.xml_pes import encode_pj

Attendu = dict[str, object]
Casser = Callable[[Pj], tuple[str, Attendu]]


def _pas_base64(pj: Pj) -> tuple[str, Attendu]:
    pj.contenu = lambda _: b"*** piece non jointe : voir dossier papier (service finances) ***"
    return "pj_pas_base64", {"etat_contenu": "pas_base64", "anomalies": ["contenu_pas_base64"]}


def _pas_gzip(pj: Pj) -> tuple[str, Attendu]:
    pj.contenu = base64.b64encode
    return "pj_pas_gzip", {"etat_contenu": "pas_gzip", "anomalies": ["contenu_pas_gzip"]}


def _vide(pj: Pj) -> tuple[str, Attendu]:
    pj.contenu = lambda _: b""
    return "pj_vide", {"etat_contenu": "vide", "anomalies": ["contenu_vide"]}


def _tronquee(pj: Pj) -> tuple[str, Attendu]:
    def cut(octets: bytes) -> bytes:
        entier = base64.b64decode(encode_pj(octets, 0))
        return base64.b64encode(entier[: len(entier) * 2 // 3])

    pj.contenu = cut
    return "pj_tronquee", {"etat_contenu": "tronque", "anomalies": ["contenu_tronque"]}


def make_protected_pdf() -> bytes:
    """A PDF that asks for a password (RC4, so that the bytes never change)."""
    p = Papier("Confidentiel")
    p.set_encryption("proprietaire-demo", "ouverture-demo", EncryptionMethod.RC4)
    p.add_page()
    p.write_at(20, 40, "Rapport confidentiel du médiateur", 14, "B")
    return p.render()


def _protegee(pj: Pj) -> tuple[str, Attendu]:
    pj.make = make_protected_pdf
    return "pj_protegee", {"etat_contenu": "ok", "etat_texte": "protege"}


def _mauvaise_extension(pj: Pj) -> tuple[str, Attendu]:
    pj.make = lambda: vary_pooled("jpg", 5, "mauvaise extension")
    return "pj_mauvaise_extension", {"etat_contenu": "ok", "type_reel": "image/jpeg",
                                     "nom": pj.nom}  # fmt: skip


def _id_double(pj: Pj) -> tuple[str, Attendu]:
    return "pj_id_unique_double", {
        "etat_contenu": "ok",
        "exemplaires": 2,
        "anomalies": ["id_unique_double"],
        "id_unique": pj.id_unique,
    }


PJ_CASSEES: tuple[Casser, ...] = (
    _pas_base64, _pas_gzip, _vide, _tronquee, _protegee, _mauvaise_extension, _id_double,
)  # fmt: skip


def _tronque(xml: bytes, _: Flux) -> bytes:
    return xml[: len(xml) * 3 // 5]


def _non_pes(_: bytes, __: Flux) -> bytes:
    return (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:'
        b'pain.001.001.03"><CstmrCdtTrfInitn/></Document>\n'
    )


def _bombe(_: bytes, __: Flux) -> bytes:
    entites = "".join(
        f'<!ENTITY b{i} "{f"&b{i - 1};" * 10}">' if i else '<!ENTITY b0 "mandat ">'
        for i in range(9)
    )
    return (
        f'<?xml version="1.0"?>\n<!DOCTYPE PES_Aller [{entites}]>\n'
        '<n:PES_Aller xmlns:n="http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/aller">'
        '<Enveloppe><Parametres><Version V="2"/><TypFic V="PESALR1"/><NomFic V="&b8;"/>'
        "</Parametres></Enveloppe></n:PES_Aller>\n"
    ).encode()


def _mal_declare(xml: bytes, _: Flux) -> bytes:
    texte = xml.decode("iso-8859-1").replace("ISO-8859-1", "UTF-8", 1)
    return texte.encode("iso-8859-1")


def _vide_flux(_: bytes, __: Flux) -> bytes:
    return b""


def _pas_xml(_: bytes, __: Flux) -> bytes:
    return b"Faux fichier de test\r\nne pas traiter\r\n"


def _douteux(xml: bytes, flux: Flux) -> bytes:
    """Unknown codes, a date of no calendar, a PJ without its IdUnique: the rest must be read."""
    piece, pj = flux.bordereaux[0].pieces[0], flux.pjs[0]
    texte = xml.decode("iso-8859-1")
    texte = texte.replace(f'<TypPce V="{piece.typ}"/>', '<TypPce V="77"/>', 1)
    texte = texte.replace(
        f'<DteBordEm V="{flux.bordereaux[0].date}"/>', '<DteBordEm V="2023-02-30"/>', 1
    )
    coupe = texte.index("<PES_PJ>")
    fin = texte[coupe:].replace(f'<IdUnique V="{pj.id_unique}"/>\n', "", 1)
    return (texte[:coupe] + fin).encode("iso-8859-1")


_ECARTE = "quarantaine"
# Name, how it is broken, what must be said, and whether its pieces are read whole (and counted).
FLUX_CASSES: tuple[tuple[str, Callable[[bytes, Flux], bytes], Attendu, bool], ...] = (
    ("flux_tronque", _tronque, {"etat_flux": "lu jusqu’à la coupure, ou quarantaine",
                                "anomalies": ["xml_tronque"]}, False),
    ("flux_non_pes", _non_pes, {"etat_flux": _ECARTE, "motif": "pas un flux PES"}, False),
    ("flux_entites", _bombe, {"etat_flux": _ECARTE, "motif": "DTD et entités refusées"}, False),
    ("flux_encodage", _mal_declare, {"etat_flux": "lu", "anomalies": ["encodage_faux"]}, True),
    ("flux_vide", _vide_flux, {"etat_flux": _ECARTE, "motif": "fichier vide"}, False),
    ("flux_pas_xml", _pas_xml, {"etat_flux": _ECARTE, "motif": "pas du XML"}, False),
    ("flux_douteux", _douteux, {"etat_flux": "lu", "anomalies":
     ["code_inconnu", "date_illisible", "id_unique_absent"]}, True),
)  # fmt: skip
