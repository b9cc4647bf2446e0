"""PES_Marche: public contracts and concessions, what a search and a retention rule need of them."""

from orc.ingest.pes.blocs import Bloc, Lecture
from orc.ingest.pes.tiers import read_pj_refs
from orc.ingest.pes.values import Acteur, Concession, Marche, PjRef


def read_marche(lecture: Lecture, bloc: Bloc) -> Marche:
    """Read a Marche as it stands after its last modification."""
    ident = bloc.find("IdentifiantMarche")
    conditions = bloc.find("ConditionsExecution")
    return Marche(
        identifiant=lecture.exige(ident, "IdContrat"),
        numero_modification=lecture.texte(ident, "NumeroOrdreModification"),
        sequence=lecture.numero(ident, "SequenceEnvoi"),
        correctif=lecture.booleen(ident, "CaractereCorrectifEnregistrement"),
        objet=lecture.texte(bloc, "Objet"),
        nature=lecture.code(bloc, "NatureMarche", "nature_marche"),
        procedure=lecture.code(bloc, "ProcedureMarche", "procedure_marche"),
        code_cpv=lecture.texte(bloc, "CodeCPV"),
        codes_cpv_secondaires=tuple(
            cpv.v for cpv in conditions.find("CodesCPVSec").find_all("CodeCPVSec") if cpv.v
        ),
        lieu=_read_lieu(lecture, bloc),
        duree_mois=lecture.entier(bloc, "DureeEnMois"),
        montant_ht=lecture.montant(bloc, "MontantHTNotifie"),
        montant_tva=lecture.montant(bloc, "MontantTVANotifie"),
        montant_ht_estime=lecture.montant(bloc, "MontantHTEstime"),
        date_notification=lecture.date(bloc, "DateNotification"),
        date_signature=lecture.date(bloc, "DateSignature"),
        date_debut=lecture.date(bloc, "DateDebutExecution", "DateDebutMarche"),
        acteurs=_read_acteurs(lecture, bloc),
        objets_modifications=_read_modifications(bloc),
        accord_cadre=lecture.texte(conditions, "IdAccordCadre"),
        pj_refs=_read_pj(lecture, bloc),
        ligne_xml=bloc.ligne,
    )


def read_concession(lecture: Lecture, bloc: Bloc) -> Concession:
    """Read a Concession."""
    ident = bloc.find("IdentifiantConcession")
    return Concession(
        identifiant=lecture.exige(ident, "IdContrat"),
        numero_modification=lecture.texte(ident, "NumeroOrdreModification"),
        sequence=lecture.numero(ident, "SequenceEnvoi"),
        correctif=lecture.booleen(ident, "CaractereCorrectifEnregistrement"),
        objet=lecture.texte(bloc, "Objet"),
        nature=lecture.code(bloc, "NatureConcession", "nature_concession"),
        procedure=lecture.code(bloc, "ProcedureConcession", "procedure_concession"),
        lieu=_read_lieu(lecture, bloc),
        duree_mois=lecture.entier(bloc, "DureeMoisInitiale"),
        montant_ht=lecture.montant(bloc, "ValeurGlobale"),
        subvention=lecture.montant(bloc, "MontantSubventionPublique"),
        date_signature=lecture.date(bloc, "DateSignature"),
        date_debut=lecture.date(bloc, "DateDebutExecution"),
        acteurs=tuple(
            _read_acteur(lecture, acteur, "concessionnaire", "Concessionnaire")
            for acteur in bloc.find("Concessionnaires").find_all("Concessionnaire")
        ),
        objets_modifications=_read_modifications(bloc),
        pj_refs=_read_pj(lecture, bloc),
        ligne_xml=bloc.ligne,
    )


def _read_lieu(lecture: Lecture, bloc: Bloc) -> str:
    lieu = bloc.find("LieuExecution")
    texts = [lecture.texte(lieu, champ) for champ in ("CodeLieuExecution", "NomLieuExecution")]
    return " ".join(text for text in texts if text)


def _read_acteurs(lecture: Lecture, bloc: Bloc) -> tuple[Acteur, ...]:
    operateurs = bloc.find("Operateurs")
    groups = (
        ("acheteur", "Acheteur", bloc.find("Acheteurs").find_all("Acheteur")),
        ("pouvoir_adjudicateur", "PA", bloc.find_all("PA")),
        ("titulaire", "Titulaire", operateurs.find_all("Titulaire")),
        ("sous_traitant", "SousTraitant", operateurs.find_all("SousTraitantPaiementDirect")),
    )
    return tuple(
        _read_acteur(lecture, acteur, role, suffix)
        for role, suffix, acteurs in groups
        for acteur in acteurs
    )


def _read_acteur(lecture: Lecture, bloc: Bloc, role: str, suffix: str) -> Acteur:
    return Acteur(
        role=role,
        nom=lecture.texte(bloc, "DenominationSociale", f"Nom{suffix}"),
        identifiant=lecture.texte(bloc, f"Id{suffix}", "Id"),
        nature_identifiant=lecture.texte(bloc, f"NatId{suffix}", "NatId"),
        montant_ht=lecture.montant(bloc, "MontantHTNotifie", "MontantHTEstime"),
    )


def _read_modifications(bloc: Bloc) -> tuple[str, ...]:
    return tuple(objet.v for objet in bloc.walk("ObjetModification") if objet.v)


def _read_pj(lecture: Lecture, bloc: Bloc) -> tuple[PjRef, ...]:
    """Citations stand in PJRefs; the schema of 2018 and that of today name their fields apart."""
    return read_pj_refs(lecture, bloc.find("PJRefs") or bloc)
