"""PES_Facture, in its own block or alone in a PJ of type 006: one value per FactureIndiv."""

from orc.ingest.pes.blocs import VIDE, Bloc, Lecture
from orc.ingest.pes.tiers import read_tiers
from orc.ingest.pes.values import Facture, LigneFacture, Tiers

_TEXTES = ("ModalitesReglement", "ModalitesContestation", "TexteGenerateur", "ConditionsGen")


def read_facture(lecture: Lecture, bloc: Bloc, commun: dict[str, Bloc]) -> Facture:
    """Read a FactureIndiv; `commun` holds the blocks said once for all of them, by name."""
    total = bloc.find("TotalAPayer")
    titre = bloc.find("RefTitre")
    tete = Bloc("PES_Facture", "", bloc.ligne, {})
    tete.enfants = {nom: [child] for nom, child in commun.items()}
    numero = lecture.texte(bloc, "NumeroFacture")
    if not numero:
        lecture.exige(bloc, "NumeroFacture")
    return Facture(
        numero=numero,
        objet=lecture.texte(bloc, "Objet"),
        date_emission=lecture.date(bloc, "DateEmission"),
        date_reglement=lecture.date(bloc, "DateReglement"),
        exercice=lecture.exercice(tete, "Annee") if "Annee" in commun else 0,
        sequence=lecture.numero(tete, "NumSequence"),
        type_facture=lecture.code(tete, "TypeFact", "type_facture"),
        emetteur=_read_tiers(lecture, commun.get("Emetteur", VIDE)),
        debiteur=_read_tiers(lecture, bloc.find("Debiteur")),
        destinataire=_read_tiers(lecture, bloc.find("Destinataire")),
        lignes=tuple(
            _read_ligne(lecture, ligne)
            for nom in ("LigneFacture", "LigneFacturePatient")
            for ligne in bloc.find_all(nom)
        ),
        montant_ht=lecture.montant(total, "MtTotalHT"),
        montant_tva=lecture.montant(total, "MtTotalTVA"),
        montant_ttc=lecture.montant(total, "MtTotalTTC"),
        titre_exercice=lecture.exercice(titre, "Exercice") if titre else 0,
        titre_bordereau=lecture.numero(titre, "NumBordereau"),
        titre_numero=lecture.numero(titre, "NumTitre"),
        titre_ligne=lecture.numero(titre, "NumLigne"),
        textes=tuple(text for text in (lecture.texte(bloc, nom) for nom in _TEXTES) if text),
        ligne_xml=bloc.ligne,
    )


def _read_tiers(lecture: Lecture, bloc: Bloc) -> Tiers | None:
    return read_tiers(lecture, bloc) if bloc else None


def _read_ligne(lecture: Lecture, bloc: Bloc) -> LigneFacture:
    return LigneFacture(
        libelle=lecture.texte(bloc, "Libelle", "LibellePresta"),
        quantite=lecture.texte(bloc, "Quantite"),
        unite=lecture.texte(bloc, "Unite1", "Unite"),
        montant_unitaire=lecture.montant(bloc, "MtUnitaire"),
        montant_ht=lecture.montant(bloc, "MtHT"),
        taux_tva=lecture.texte(bloc, "TauxTVA"),
        montant_tva=lecture.montant(bloc, "MtTVA"),
        montant_ttc=lecture.montant(bloc, "MtTTC", "MtRestantDu"),
        debut=lecture.date(bloc, "DateDebut", "Date"),
        fin=lecture.date(bloc, "DateFin"),
    )
