"""Values of a flow become rows of SQL. Ids are the flow's own: reading it twice gives the same."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import count

from orc.domain import Domaine, Sens
from orc.ingest.domaines import decide_domaine, decide_domaine_pj
from orc.ingest.pes.tiers import mask_nir
from orc.ingest.pes.values import (
    Anomalie,
    Bordereau,
    Concession,
    FinBordereau,
    Ligne,
    Marche,
    Piece,
    PieceJustificative,
    PjRef,
    Tiers,
)
from orc.ingest.referentiel import BudgetConnu, CleCellule
from orc.models import FLUX_BITS

Row = dict[str, object]
ANNULATION = "02"
# Domaine of a RefCompta that names a contract.
DOMAINE_MARCHE = "06"
MAX_RANK = 1 << FLUX_BITS


def make_marche_cle(marche: str) -> str:
    """What meets an IdMarche and an IdContrat: no separators, no `-00` of a modification (INF)."""
    bare = re.sub(r"[\s_]+", "", marche.upper())
    bare = re.sub(r"-\d{2}$", "", bare)
    return bare.replace("-", "").replace("/", "").lstrip("0")


def make_digest_id(*parts: object) -> int:
    """62 bits of a digest: an id that the same values always have."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest()) >> 2


@dataclass(slots=True)
class RowMaker:
    """The rows of one flow, by table name, gathered until `take` hands them over."""

    flux_id: int
    budget: BudgetConnu
    compte_651_sensible: bool
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    totals: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    pending: int = 0
    bordereau: Bordereau | None = None
    bordereau_id: int = 0
    _ranks: dict[str, "count[int]"] = field(default_factory=lambda: defaultdict(lambda: count(1)))

    @property
    def holds_accounts(self) -> bool:
        """Whether the flow holds what others may cite, send again or prove: not all do."""
        return any(self.totals[table] for table in ("piece", "pj", "marche"))

    def take(self) -> dict[str, list[Row]]:
        """The rows gathered since the last time."""
        taken, self.rows, self.pending = self.rows, defaultdict(list), 0
        return taken

    def add_bordereau(self, bordereau: Bordereau) -> None:
        """A bordereau's head; the pieces that follow are its own."""
        self.bordereau = bordereau
        self.bordereau_id = self.make_id("bordereau")
        sign = self._sign()
        self.add(
            "bordereau",
            {
                "id": self.bordereau_id,
                "flux_id": self.flux_id,
                "budget_id": self.budget.id,
                "exercice": bordereau.exercice,
                "sens": bordereau.sens.value,
                "type_bordereau": bordereau.type_bordereau,
                "numero": bordereau.numero,
                "date_emission": bordereau.date_emission,
                "objet": mask_nir(bordereau.objet),
                "signe": False,
                "nb_pieces_declare": bordereau.nb_pieces,
                "ht_declare": _signed(sign, bordereau.montant_ht),
                "tva_declare": _signed(sign, bordereau.montant_tva),
                "cumul_annuel": bordereau.cumul_annuel,
                "ligne_xml": bordereau.ligne_xml,
            },
        )

    def end_bordereau(self, end: FinBordereau) -> None:
        """Whether the bordereau was signed is only known at its end."""
        if end.signe:
            self.add("signatures", {"id": self.bordereau_id})

    def add_piece(self, piece: Piece) -> None:
        """A mandat or titre, its lines, their tiers, its citations of PJ."""
        if self.bordereau is None:  # a stray piece, flagged by the reader
            self.add_bordereau(Bordereau(piece.sens, 0, ""))
        piece_id = self.make_id("piece")
        domaine = decide_domaine(
            depense=piece.sens is Sens.DEPENSE,
            nature_piece=piece.nature_piece,
            comptes=(ligne.compte for ligne in piece.lignes),
            nomenclature=self.budget.nomenclature,
            compte_651_sensible=self.compte_651_sensible,
        )
        self.add("piece", self._make_piece(piece, piece_id, domaine))
        for ligne in piece.lignes:
            self._add_ligne(ligne, piece_id)
        self._add_liens(piece, piece_id, domaine)

    def _make_piece(self, piece: Piece, piece_id: int, domaine: Domaine) -> Row:
        head, sign = self._head(), self._sign()
        dgp, recette = piece.dgp, piece.recette
        return {
            "id": piece_id,
            "flux_id": self.flux_id,
            "bordereau_id": self.bordereau_id,
            "budget_id": self.budget.id,
            # Rows name their cellule before its id is known.
            "cellule_id": CleCellule(self.budget.id, head.exercice, domaine),
            "domaine": domaine.value,
            "exercice": head.exercice,
            "sens": head.sens.value,
            "type_bordereau": head.type_bordereau,
            "numero_bordereau": head.numero,
            "numero": piece.numero,
            "type_piece": piece.type_piece,
            "nature_piece": piece.nature_piece,
            "objet": mask_nir(piece.objet),
            "service": mask_nir(piece.service),
            "reference_pj": mask_nir(piece.pj_libre),
            "date_echeance": piece.date_echeance,
            "dgp_debut": dgp.debut if dgp else None,
            "dgp_fin": dgp.fin if dgp else None,
            "ht": sign * piece.montant_ht,
            "tva": sign * piece.montant_tva,
            "nb_lignes": len(piece.lignes),
            "role": recette.role if recette else "",
            "date_asap": (recette.date_asap if recette else None) or head.date_asap,
            "edition_asap": recette.edition if recette else "",
            "periode": recette.periode if recette else "",
            "numero_dette": recette.numero_dette if recette else "",
            "numero_engagement": recette.numero_engagement if recette else "",
            "ligne_xml": piece.ligne_xml,
        }

    def _add_ligne(self, ligne: Ligne, piece_id: int) -> None:
        tiers = [self._add_tiers(tiers) for tiers in ligne.tiers]
        liens, origine, sign = ligne.liens, ligne.rattachement, self._sign()
        marche = liens.marche if liens else ""
        self.add(
            "ligne",
            {
                "id": self.make_id("ligne"),
                "piece_id": piece_id,
                "numero": ligne.numero,
                "compte": ligne.compte,
                "fonction": ligne.fonction,
                "operation": ligne.operation,
                "compte_analytique": ligne.compte_analytique,
                "compte_tiers": ligne.compte_tiers,
                "libelle": mask_nir(ligne.objet or ligne.libelle_virement),
                "facture": ligne.facture,
                "mode_reglement": ligne.mode_reglement,
                "ht": sign * (ligne.montant_ht or 0),
                "tva": sign * (ligne.montant_tva or 0),
                "marche": marche,
                "marche_cle": make_marche_cle(marche),
                "convention": liens.convention if liens else "",
                "emprunt": liens.emprunt if liens else "",
                "actif": liens.actif if liens else "",
                "regie": liens.regie if liens else "",
                "code_produit": ligne.code_produit,
                "majorable": "" if ligne.majorable is None else str(int(ligne.majorable)),
                "origine_nature": origine.nature if origine else "",
                "origine_exercice": origine.exercice if origine else None,
                "origine_piece": origine.numero_piece if origine else "",
                "origine_ligne": origine.numero_ligne if origine else "",
                "tiers_id": tiers[0] if tiers else None,
                "autres_tiers": ",".join(map(str, tiers[1:])),
            },
        )

    def _add_tiers(self, tiers: Tiers) -> int:
        values: Row = {
            "siren": self.budget.siren,
            "nom": mask_nir(tiers.nom),
            "complement": mask_nir(tiers.complement),
            "prenom": mask_nir(tiers.prenom),
            "civilite": tiers.civilite,
            "identifiant": tiers.identifiant,
            "nature_identifiant": tiers.nature_identifiant,
            "reference": mask_nir(tiers.reference),
            "categorie": tiers.categorie,
            "nature_juridique": tiers.nature_juridique,
            "adresse": mask_nir("\n".join(tiers.adresse)),
            "code_postal": tiers.code_postal,
            "ville": tiers.ville,
            "pays": tiers.pays,
            "iban": tiers.iban or tiers.rib,
            "bic": tiers.bic,
            "titulaire_compte": mask_nir(tiers.titulaire),
        }
        tiers_id = make_digest_id(*values.values())
        self.add("tiers", {"id": tiers_id, **values})
        return tiers_id

    def _add_liens(self, piece: Piece, piece_id: int, domaine: Domaine) -> None:
        cellule = CleCellule(self.budget.id, self._head().exercice, domaine)
        for ref in _distinct(piece.pj_refs):
            self.add(
                "lien",
                {
                    "id": self.make_id("lien"),
                    "flux_id": self.flux_id,
                    "piece_id": piece_id,
                    "siren": self.budget.siren,
                    "id_unique": ref.id_unique,
                    "nom": mask_nir(ref.nom),
                    "support": ref.support,
                    "origine": "pj_ref",
                    "ligne_numero": ref.numero_ligne,
                    "cellule_id": cellule,
                },
            )

    def add_pj(self, pj: PieceJustificative) -> None:
        """A PJ sent in this flow, what it says it proves, and the text to extract from it."""
        pj_id = self.make_id("pj")
        self.add(
            "pj",
            {
                "id": pj_id,
                "flux_id": self.flux_id,
                "budget_id": self.budget.id,
                "siren": self.budget.siren,
                "id_unique": pj.id_unique,
                "nom": mask_nir(pj.nom),
                "type_pj": pj.type_pj,
                "description": mask_nir(pj.description),
                "mime_declare": pj.mime_declare,
                "type_reel": pj.type_reel,
                "debut": pj.offset,
                "longueur": pj.longueur,
                "sha256": pj.sha256,
                "taille": pj.taille,
                "etat": pj.etat.value,
                "motif": pj.motif,
                "domaine": decide_domaine_pj(pj.type_pj).value,
                "ligne_xml": pj.ligne_xml,
            },
        )
        if pj.taille:  # even what is no base64 has bytes, which may be text and show a NIR
            values = {"sha256": pj.sha256, "etat": "a_extraire", "type_reel": pj.type_reel}
            self.add("texte", dict(values))
        for ref in pj.ref_comptas:
            self.add(
                "ref_compta",
                {
                    "id": self.make_id("ref_compta"),
                    "flux_id": self.flux_id,
                    "pj_id": pj_id,
                    "budget_id": self.budget.id,
                    "domaine_compta": ref.domaine,
                    "exercice": ref.exercice,
                    "type_objet": ref.type_objet,
                    "identifiant": (
                        make_marche_cle(ref.identifiant)
                        if ref.domaine == DOMAINE_MARCHE
                        else ref.identifiant
                    ),
                    "complement": ref.complement,
                },
            )

    def add_marche(self, marche: Marche | Concession) -> None:
        """A contract and the PJ it cites."""
        marche_id = self.make_id("marche")
        acteurs = (f"{a.role}\t{a.nom}\t{a.identifiant}" for a in marche.acteurs)
        self.add(
            "marche",
            {
                "id": marche_id,
                "flux_id": self.flux_id,
                "budget_id": self.budget.id,
                "siren": self.budget.siren,
                "cle": make_marche_cle(marche.identifiant),
                "id_contrat": marche.identifiant,
                "numero_modification": marche.numero_modification,
                "objet": mask_nir(marche.objet),
                "cpv": marche.code_cpv if isinstance(marche, Marche) else "",
                "nature": marche.nature,
                "procedure": marche.procedure,
                "montant": marche.montant_ht,
                "date_notification": (
                    marche.date_notification if isinstance(marche, Marche) else marche.date_debut
                ),
                "duree_mois": marche.duree_mois,
                "acteurs": mask_nir("\n".join(acteurs)),
                "ligne_xml": marche.ligne_xml,
            },
        )
        for ref in _distinct(marche.pj_refs):
            self.add(
                "lien_marche",
                {
                    "id": self.make_id("lien_marche"),
                    "marche_id": marche_id,
                    "siren": self.budget.siren,
                    "id_unique": ref.id_unique,
                    "nom": mask_nir(ref.nom),
                    "support": ref.support,
                },
            )

    def add_anomalie(self, anomalie: Anomalie) -> None:
        """Something wrong, with its place."""
        self.add(
            "anomalie",
            {
                "id": self.make_id("anomalie"),
                "flux_id": self.flux_id,
                "gravite": anomalie.gravite.value,
                "code": anomalie.code,
                "message": mask_nir(anomalie.message),
                "chemin": anomalie.chemin,
                "ligne": anomalie.ligne,
            },
        )

    def add(self, table: str, row: Row) -> None:
        """A row to insert."""
        self.rows[table].append(row)
        self.totals[table] += 1
        self.pending += 1

    def make_id(self, table: str) -> int:
        """The next id of this table in this flow: the same each time the flow is read."""
        rank = next(self._ranks[table])
        if rank >= MAX_RANK:
            raise OverflowError(f"Plus de {MAX_RANK} éléments ({table}) dans un flux.")
        return self.flux_id << FLUX_BITS | rank

    def _head(self) -> Bordereau:
        assert self.bordereau is not None  # noqa: S101 - add_piece made sure of it
        return self.bordereau

    def _sign(self) -> int:
        return -1 if self._head().type_bordereau == ANNULATION else 1


def _signed(sign: int, amount: int | None) -> int | None:
    return None if amount is None else sign * amount


def _distinct(refs: tuple[PjRef, ...]) -> list[PjRef]:
    """The same PJ cited by a piece and by its lines is one citation; paper ones have no name."""
    kept: dict[object, PjRef] = {}
    for rank, ref in enumerate(refs):
        kept.setdefault(ref.id_unique or rank, ref)
    return list(kept.values())
