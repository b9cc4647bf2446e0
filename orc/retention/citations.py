"""The pieces that cite a PJ, with what the last retour says of each: what tests 9 and 10 read."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, case, exists, or_, select
from sqlalchemy.orm import Session

from orc.db import cut
from orc.domain import Sens
from orc.models import Bordereau, Budget, Flux, Lien, Ligne, Piece, RefCompta, was_read
from orc.retention.events import Paiement, Retour, Suivi, find_suivis
from orc.retention.facts import Citation, Emargement, LignePayee, Preuve

ANNULATION = "02"
NOMS = {Sens.DEPENSE.value: "mandat", Sens.RECETTE.value: "titre"}
LIBELLES_RESTITUTIONS = {
    "01": "retour de rejets",
    "02": "retour périodique",
    "03": "retour de stock",
}


@dataclass(frozen=True, slots=True)
class Citante:
    """A piece as its last sending says it, for a PJ that it cites."""

    piece_id: int
    siren: str
    budget_id: int
    sens: str
    exercice: int
    type_bordereau: str
    bordereau: str
    numero: str
    type_piece: str
    emise_le: date | None
    nom_fic: str
    support: str
    # The budget by its codes, which no order of arrival changes.
    budget: tuple[str, str, str]

    @property
    def rang(self) -> tuple[object, ...]:
        """An order that no arrival changes."""
        return (
            self.exercice,
            self.budget,
            self.sens,
            self.type_bordereau,
            self.bordereau,
            self.numero,
        )


def find_citantes(session: Session, pj_ids: Collection[int]) -> dict[int, list[Citante]]:
    """The pieces that cite each of these PJ in their last sending, in an order of their own.

    A piece sent again without the citation cites it no more; of those that have no number, nobody
    knows which was sent again.
    """
    found: dict[int, dict[int, Citante]] = defaultdict(dict)
    for lot in cut(pj_ids):
        query = (
            select(Lien.pj_id, Lien.support, Piece, Bordereau.date_emission)
            .add_columns(Flux.nom_fic, Budget.siren, Budget.siret, Budget.cod_col, Budget.cod_bud)
            .join(Piece, Piece.id == Lien.piece_id)
            .join(Bordereau, Bordereau.id == Piece.bordereau_id)
            .join(Flux, Flux.id == Piece.flux_id)
            .join(Budget, Budget.id == Piece.budget_id)
            .where(Lien.pj_id.in_(lot), or_(Piece.courante, Piece.numero == ""))
            .where(was_read(Flux))
        )
        for pj_id, support, piece, emise_le, nom_fic, siren, *codes in session.execute(query):
            had = found[pj_id].get(piece.id)
            # Paper once is paper: it did not come by the flow alone.
            worst = max(support, had.support) if had else support
            found[pj_id][piece.id] = _make_citante(piece, emise_le, nom_fic, worst, siren, codes)
    return {pj_id: sorted(c.values(), key=lambda c: c.rang) for pj_id, c in found.items()}


def _make_citante(
    piece: Piece, emise_le: date | None, nom_fic: str, support: str, siren: str, codes: list[str]
) -> Citante:
    siret, cod_col, cod_bud = codes
    return Citante(
        piece_id=piece.id,
        siren=siren,
        budget_id=piece.budget_id,
        sens=piece.sens,
        exercice=piece.exercice,
        type_bordereau=piece.type_bordereau,
        bordereau=piece.numero_bordereau,
        numero=piece.numero,
        type_piece=piece.type_piece,
        emise_le=emise_le,
        nom_fic=nom_fic,
        support=support,
        budget=(siret, cod_col, cod_bud),
    )


# Domaine of a RefCompta: what it says that it proves.
DOMAINES = {"01": Sens.DEPENSE.value, "02": Sens.RECETTE.value}
RATTACHEMENTS = {"01": "au mandat", "02": "au titre"}


def find_absentes(session: Session, pj_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """What each of these PJ says itself that it proves (RefCompta) and that never came, in words.

    What came cites it: the reading of flows makes a citation of every RefCompta that meets one.
    """
    met = exists().where(
        Lien.pj_id == RefCompta.pj_id,
        Piece.id == Lien.piece_id,
        Piece.budget_id == RefCompta.budget_id,
        Piece.exercice == RefCompta.exercice,
        Piece.sens == case(DOMAINES, value=RefCompta.domaine_compta, else_=""),
        or_(RefCompta.type_objet == "", Piece.type_bordereau == RefCompta.type_objet),
        RefCompta.identifiant.in_([Piece.numero, Piece.numero_bordereau]),
    )
    found: dict[int, set[tuple[int, str, str]]] = defaultdict(set)
    for lot in cut(pj_ids):
        query = select(RefCompta).where(
            and_(RefCompta.pj_id.in_(lot), RefCompta.domaine_compta.in_(DOMAINES)),
            ~met.correlate(RefCompta),
        )
        for row in session.scalars(query):
            found[row.pj_id].add((row.exercice or 0, row.domaine_compta, row.identifiant))
    return {
        pj_id: tuple(
            f"{RATTACHEMENTS[domaine]} {numero or 'sans numéro'}, {exercice or 'sans exercice'}"
            for exercice, domaine, numero in sorted(said)
        )
        for pj_id, said in found.items()
    }


def find_lignes(session: Session, piece_ids: Collection[int]) -> dict[int, list[Ligne]]:
    """The lines of these pieces, in the order of their flow."""
    found: dict[int, list[Ligne]] = defaultdict(list)
    for lot in cut(piece_ids):
        query = select(Ligne).where(Ligne.piece_id.in_(lot)).order_by(Ligne.id)
        for ligne in session.scalars(query):
            found[ligne.piece_id].append(ligne)
    return found


def find_citations(
    session: Session,
    citantes: Collection[Citante],
    lignes: dict[int, list[Ligne]],
) -> dict[int, Citation]:
    """Each of these pieces as a decision reads it, by its id."""
    suivis = find_suivis(session, {c.piece_id for c in citantes})
    return {
        c.piece_id: make_citation(c, lignes.get(c.piece_id, []), suivis.get(c.piece_id))
        for c in citantes
    }


def make_citation(citante: Citante, lignes: Sequence[Ligne], suivi: Suivi | None) -> Citation:
    """A piece that cites the PJ: what it is, and what the last retour says of it."""
    designation = designate(citante)
    modes = {ligne.mode_reglement for ligne in lignes}
    mode = modes.pop() if len(modes) == 1 else ""
    if suivi is None:
        preuve = Preuve("envoi de la pièce", citante.emise_le, f"flux {citante.nom_fic}")
        return Citation(
            Sens(citante.sens), designation, citante.type_piece, preuve,
            mode_reglement=mode, lignes=_make_lignes(citante, lignes, Suivi((), (), ())),
        )  # fmt: skip
    dernier = suivi.dernier
    return Citation(
        sens=Sens(citante.sens),
        designation=designation,
        type_piece=citante.type_piece,
        preuve=make_preuve(find_first_of_state(suivi)),
        etat=dernier.etat,
        forme_v20=dernier.forme_v20,
        mode_reglement=mode,
        prise_en_charge_le=dernier.prise_en_charge_le,
        rejetee_le=dernier.rejet_le,
        lignes=_make_lignes(citante, lignes, suivi),
        doute=suivi.doute,
    )


def designate(citante: Citante) -> str:
    """How a person names it: `mandat 127, bordereau 12, 2022`."""
    nom = NOMS.get(citante.sens, "pièce")
    return f"{nom} {citante.numero}, bordereau {citante.bordereau}, {citante.exercice}"


def find_first_of_state(suivi: Suivi) -> Retour:
    """The first retour since which the state is what it is: those that repeat it prove nothing."""
    last = suivi.dernier
    first = last
    for retour in reversed(suivi.retours):
        if _say(retour) != _say(last):
            break
        first = retour
    return first


def _say(retour: Retour) -> tuple[object, ...]:
    return retour.etat, retour.forme_v20, retour.prise_en_charge_le, retour.rejet_le


def make_preuve(retour: Retour) -> Preuve:
    """What a retour proves: its kind, its day, its flow."""
    nom = LIBELLES_RESTITUTIONS.get(retour.type_restitution, "retour")
    return Preuve(nom, retour.jour, f"flux {retour.nom_fic}")


def _make_lignes(citante: Citante, lignes: Sequence[Ligne], suivi: Suivi) -> tuple[LignePayee, ...]:
    """Every line of the piece, with what settled it. Retours write amounts without their sign.

    Lines of one number are one: what is paid of it is said of them all. A line that only retours
    know is worth nothing: what they say of it is not left out.
    """
    sign = -1 if citante.type_bordereau == ANNULATION else 1
    cessions = {ligne.numero: ligne.cession_opposition for ligne in suivi.lignes}
    totals = {ligne.numero: ligne.total for ligne in suivi.lignes}
    amounts: dict[str, int] = defaultdict(int)
    for ligne in lignes:
        amounts[ligne.numero] += ligne.ht + ligne.tva
    by_line: dict[str, list[Paiement]] = defaultdict(list)
    for paiement in suivi.paiements:
        by_line[paiement.ligne].append(paiement)
    for numero in sorted({*by_line, *cessions} if amounts else ()):
        amounts.setdefault(numero, 0)
    return tuple(
        LignePayee(
            numero,
            montant,
            tuple(_make_emargement(p, sign) for p in by_line[numero]),
            cessions.get(numero, ""),
            None if totals.get(numero) is None else sign * (totals[numero] or 0),
        )
        for numero, montant in amounts.items()
    )


def _make_emargement(paiement: Paiement, sign: int) -> Emargement:
    montant = None if paiement.montant is None else sign * paiement.montant
    return Emargement(paiement.origine, montant, paiement.jour)
