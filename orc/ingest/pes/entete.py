"""Enveloppe and EnTetePES: which flow it is, of which budget, sent by whom."""

from orc.ingest.pes.blocs import Bloc, Lecture
from orc.ingest.pes.values import Entete, Forme, Gravite


def read_entete(
    lecture: Lecture, enveloppe: Bloc, entete: Bloc, racine: Bloc, forme: Forme
) -> Entete:
    """Read both blocks, either of which may be empty; CodCol and CodColl are the same thing."""
    parametres = enveloppe.find("Parametres")
    emetteur = enveloppe.find("Emetteur")
    nom_fic = lecture.texte(parametres, "NomFic")
    if not nom_fic:
        message = "Le flux n’a pas de nom (NomFic)."
        lecture.signal("nom_fic_absent", message, parametres, champ="NomFic", gravite=Gravite.INFO)
    id_post = lecture.texte(entete, "IdPost")
    return Entete(
        forme=forme,
        nom_fic=nom_fic,
        typ_fic=lecture.texte(parametres, "TypFic"),
        version=lecture.texte(parametres, "Version"),
        version_acquit=_version_acquit(racine, forme),
        date_str=lecture.date(entete, "DteStr"),
        id_post=id_post.zfill(6) if id_post else "",
        libelle_poste=lecture.texte(entete, "LibellePoste"),
        id_coll="".join(lecture.texte(entete, "IdColl").split()),
        finess=lecture.texte(entete, "FinJur"),
        cod_col=_pad(lecture.texte(entete, "CodCol", "CodColl"), 3),
        cod_bud=_pad(lecture.texte(entete, "CodBud"), 2),
        libelle_collectivite_budget=lecture.texte(entete, "LibelleColBud"),
        emetteur=lecture.texte(emetteur, "Sigle"),
        emetteur_application=lecture.texte(emetteur, "Adresse"),
        encodage=racine.attrs.get("", ""),
        id_xml=racine.attrs.get("Id", ""),
    )


def signal_manques(lecture: Lecture, entete: Bloc) -> None:
    """Signal what the identity of a budget lacks, and the block itself when it is missing."""
    if not entete:
        message = "Le flux n’a pas d’en-tête (EnTetePES) : le budget est inconnu."
        lecture.signal("entete_absente", message, gravite=Gravite.ERREUR)
        return
    for champ in ("DteStr", "IdPost", "IdColl", "CodBud"):
        lecture.exige(entete, champ)
    if not lecture.texte(entete, "CodCol", "CodColl"):
        lecture.exige(entete, "CodCol")


def _pad(text: str, width: int) -> str:
    return text.zfill(width) if text else ""


def _version_acquit(racine: Bloc, forme: Forme) -> int:
    """Acquits v1 and v2 differ by their namespace; both say IdVer 2."""
    if forme is not Forme.ACQUIT:
        return 0
    return 2 if any(uri.endswith("/retour/v2") for uri in racine.attrs.values()) else 1
