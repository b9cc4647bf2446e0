"""Acquits: PES_ACQUIT v1 (flat) and v2 (with details), PES_ACQUIT_RETOUR, and those of PES V1."""

from collections.abc import Iterator

from orc.ingest.pes.blocs import Bloc, Lecture
from orc.ingest.pes.values_retour import (
    ElementAcquit,
    ElementAcquitRetour,
    ErreurAcquit,
    LienPj,
)


def read_element_acquit(lecture: Lecture, bloc: Bloc, rang: int) -> ElementAcquit:
    """Read an ElementACQUIT of either version, with its errors at every level."""
    exercice = lecture.texte(bloc, "ExerciceBord")
    return ElementAcquit(
        domaine=lecture.code(bloc, "DomaineAck", "domaine_acquit", requis=True),
        ok=_read_etat(lecture, bloc),
        exercice=lecture.exercice(bloc, "ExerciceBord") if exercice else 0,
        numero_bordereau=lecture.numero(bloc, "NumBord"),
        id_unique=lecture.texte(bloc, "IdUnique"),
        id_marche=lecture.texte(bloc, "IdMarche"),
        erreurs=tuple(_read_erreurs(lecture, bloc)),
        rang=rang,
        ligne_xml=bloc.ligne,
    )


def _read_etat(lecture: Lecture, bloc: Bloc) -> bool | None:
    lecture.exige(bloc, "EtatAck")
    return lecture.booleen(bloc, "EtatAck")


def _read_erreurs(lecture: Lecture, bloc: Bloc) -> Iterator[ErreurAcquit]:
    """Every error of an element; a piece or a line named without any is one without code."""
    piece, ligne = lecture.numero(bloc, "NumPiece"), lecture.numero(bloc, "NumLigne")
    flat = _errors_at(lecture, bloc, piece, ligne)
    if lecture.texte(bloc, "NumAnoAck", "LibelleAnoAck") or (piece and not flat):
        flat.insert(0, _read_erreur(lecture, bloc, piece, ligne))
    yield from flat
    for detail in bloc.find_all("DetailPiece"):
        piece = lecture.numero(detail, "NumPiece")
        found = _errors_at(lecture, detail, piece, "")
        for detail_ligne in detail.find_all("DetailLigne"):
            ligne = lecture.numero(detail_ligne, "NumLigne")
            on_line = _errors_at(lecture, detail_ligne, piece, ligne)
            found += on_line or [ErreurAcquit("", "", piece, ligne)]
        yield from found or [ErreurAcquit("", "", piece, "")]


def _errors_at(lecture: Lecture, bloc: Bloc, piece: str, ligne: str) -> list[ErreurAcquit]:
    return [_read_erreur(lecture, erreur, piece, ligne) for erreur in bloc.find_all("Erreur")]


def _read_erreur(lecture: Lecture, bloc: Bloc, piece: str, ligne: str) -> ErreurAcquit:
    return ErreurAcquit(
        lecture.texte(bloc, "NumAnoAck"), lecture.texte(bloc, "LibelleAnoAck"), piece, ligne
    )


def read_element_acquit_retour(lecture: Lecture, bloc: Bloc) -> ElementAcquitRetour:
    """Read an ElementACQUIT_RETOUR."""
    return ElementAcquitRetour(
        domaine=lecture.code(bloc, "DomaineAckRetour", "domaine_acquit", requis=True),
        nom_fichier_retour=lecture.exige(bloc, "NomFichierRetour"),
        type_restitution=lecture.code(bloc, "TypRestit", "type_restitution"),
        date_acquit=lecture.date(bloc, "DateAcquit"),
        ligne_xml=bloc.ligne,
    )


def make_acquit_pes_v1(racine: str, libelles: list[str], ligne: int) -> ElementAcquit:
    """Make the one element of an acquit of PES V1, whose root alone says yes or no."""
    ok = racine == "PES_Acquit"
    erreurs = () if ok else tuple(ErreurAcquit("", text) for text in libelles[:100])
    return ElementAcquit(domaine="0", ok=ok, erreurs=erreurs, rang=1, ligne_xml=ligne)


def read_lien_pj(lecture: Lecture, bloc: Bloc, exercice: str) -> LienPj:
    """Read a `lien` of liensPj: everything is in attributes."""
    attrs = bloc.attrs
    return LienPj(
        id_unique=attrs.get("idUnique", ""),
        domaine=attrs.get("domaine", ""),
        type_objet=attrs.get("typeObjet", ""),
        exercice=int(exercice) if len(exercice) == 4 and exercice.isdigit() else 0,
        identifiant=attrs.get("identifiant", ""),
        complement=attrs.get("complementIdentifiant", ""),
        statut=attrs.get("statut", ""),
        nom=attrs.get("nomPj", ""),
        id_atlas=attrs.get("idAtlas", ""),
        support=attrs.get("support", ""),
        ligne_xml=bloc.ligne or lecture.unite.ligne,
    )
