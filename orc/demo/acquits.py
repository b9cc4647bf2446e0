"""PES_ACQUIT, v2 for most, v1 for one collectivité: OK, refused for a piece or for a PJ."""

from __future__ import annotations

import datetime as dt

from orc.demo.cellule import DEPENSE, Cellule
from orc.demo.valeurs import Bordereau, Flux, Piece
from orc.demo.xml_pes import close_root, entete, enveloppe, open_root, tag

CODCOL_V1 = "115"
_DOUBLON = ("ERREUR_DOUBLON_PJ", "L'identifiant unique de la PJ a déjà été intégré dans HELIOS")
_FONCTION = ("ERREUR_AUTRE", "1971 - Compte fonction présent à tort")


def _erreur(erreur: tuple[str, str]) -> str:
    return f"<Erreur>\n{tag('NumAnoAck', erreur[0])}{tag('LibelleAnoAck', erreur[1])}</Erreur>\n"


def _element(domaine: str, corps: str, *, ok: bool = True) -> str:
    etat = "1" if ok else "0"
    return (
        f"<ElementACQUIT>\n{tag('DomaineAck', domaine)}{tag('EtatAck', etat)}{corps}"
        "</ElementACQUIT>\n"
    )


def _refused(bordereau: Bordereau) -> list[Piece]:
    return [p for p in bordereau.pieces if p.sort == "acquit_ko"]


def _bordereau(b: Bordereau, domaine: str, *, v1: bool) -> str:
    refusees = _refused(b)
    if v1:
        corps = tag("ExerciceBord", b.exercice) + tag("NumBord", b.numero)
        return _element(domaine, corps)
    corps = tag("NumBord", b.numero) + tag("ExerciceBord", b.exercice)
    for piece in refusees:
        corps += (
            "<DetailPiece>\n" + tag("NumPiece", piece.numero) + "<DetailLigne>\n"
            + tag("NumLigne", 1) + _erreur(_FONCTION) + "</DetailLigne>\n</DetailPiece>\n"
        )  # fmt: skip
    return _element(domaine, corps, ok=not refusees)


def _pjs(flux: Flux) -> str:
    refusees = {p.pj_refusee for b in flux.bordereaux for p in b.pieces if p.pj_refusee}
    elements = []
    for pj in flux.pjs:
        ko = pj.doublon or pj.id_unique in refusees
        erreur = _erreur(_DOUBLON) if ko else ""
        elements.append(_element("4", tag("IdUnique", pj.id_unique) + erreur, ok=not ko))
    return "".join(elements)


def make_acquit(c: Cellule, flux: Flux) -> bytes:
    """The acknowledgement of a flow, which repeats its NomFic."""
    v1 = c.budget.codcol == CODCOL_V1
    domaine = "5" if c.sens == DEPENSE else "6"
    corps = _pjs(flux) + "".join(_bordereau(b, domaine, v1=v1) for b in flux.bordereaux)
    if flux.marches:
        corps += "".join(
            _element("11", "" if v1 else tag("IdMarche", m.contrat)) for m in c.marches
        )  # fmt: skip
    texte = (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
        + open_root("PES_ACQUIT", "retour" if v1 else "retour/v2", "n")
        + enveloppe(flux.typ_fic, flux.nom, "HELIOS", "Acquit 2.1")
        + entete(c.budget, flux.date + dt.timedelta(days=1))
        + '<ACQUIT>\n<EnTeteAcquit>\n<IdVer V="2"/>\n</EnTeteAcquit>\n' + corps + "</ACQUIT>\n"
        + close_root("PES_ACQUIT", "n")
    )  # fmt: skip
    return texte.encode("iso-8859-1", "xmlcharrefreplace")


def make_acquit_retour(c: Cellule, nom: str, date: dt.date) -> bytes:
    """PES_ACQUIT_RETOUR: the collectivité acknowledges a retour."""
    texte = (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
        + open_root("PES_ACQUIT_RETOUR", "aller/ack", "n")
        + enveloppe("PES2R_DEP", nom, "Ateliers du Grand Livre", "Compta Locale 7.2.1")
        + entete(c.budget, date)
        + '<ACQUIT_RETOUR>\n<EnTeteAcquit_Retour>\n<IdVer V="2"/>\n</EnTeteAcquit_Retour>\n'
        + "<ElementACQUIT_RETOUR>\n" + tag("DomaineAckRetour", "13")
        + tag("NomFichierRetour", nom) + tag("TypRestit", "02") + tag("DateAcquit", date)
        + "</ElementACQUIT_RETOUR>\n</ACQUIT_RETOUR>\n" + close_root("PES_ACQUIT_RETOUR", "n")
    )  # fmt: skip
    return texte.encode("iso-8859-1", "xmlcharrefreplace")
