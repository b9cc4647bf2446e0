"""Acquits and retours become rows of SQL, beside those of a flow's pieces; read twice, the same."""

from dataclasses import dataclass, field
from datetime import date

from orc.domain import Sens
from orc.ingest.pes.tiers import mask_nir
from orc.ingest.pes.values_retour import (
    BordereauRetour,
    ElementAcquit,
    LigneRetour,
    OrmcGlobal,
    PieceRetour,
)
from orc.ingest.rows import RowMaker

# An event on a whole bordereau of ORMC says no state: these, by the date it gives.
_ETATS_ORMC = {"rejet_le": "04", "prise_en_charge_le": "02", "instance_le": "01"}
SANS_NUMERO = "?"
TYPE_ORMC = "06"


@dataclass(slots=True)
class RetourMaker:
    """Adds the events of one flow to its rows. `jour` and `nom_fic` are those of its header."""

    rows: RowMaker
    nom_fic: str
    jour: date | None
    _bordereau: BordereauRetour = field(
        default_factory=lambda: BordereauRetour(Sens.DEPENSE, 0, "")
    )

    def add_acquit(self, element: ElementAcquit) -> None:
        """An element of an acquit, with its errors."""
        acquit_id = self.rows.make_id("acquit")
        self.rows.add(
            "acquit",
            {
                **self._head(acquit_id),
                "siren": self.rows.budget.siren,
                "nom_fic": self.nom_fic,
                "domaine": element.domaine,
                "accepte": element.ok,
                "exercice": element.exercice,
                "numero_bordereau": element.numero_bordereau,
                "id_unique": element.id_unique,
                "id_marche": element.id_marche,
                "ligne_xml": element.ligne_xml,
            },
        )
        for erreur in element.erreurs:
            self.rows.add(
                "erreur_acquit",
                {
                    "id": self.rows.make_id("erreur_acquit"),
                    "acquit_id": acquit_id,
                    "code": erreur.code,
                    "libelle": mask_nir(erreur.libelle),
                    "numero_piece": erreur.numero_piece,
                    "numero_ligne": erreur.numero_ligne,
                },
            )

    def begin_bordereau(self, bordereau: BordereauRetour) -> None:
        """The pieces that follow are of this bordereau."""
        self._bordereau = bordereau

    def add_piece(self, piece: PieceRetour) -> None:
        """What the retour says of a piece, of its lines, and what settled them."""
        head = self._bordereau
        retour_id = self.rows.make_id("retour_piece")
        self.rows.add(
            "retour_piece",
            {
                **self._head(retour_id),
                "type_restitution": head.type_restitution,
                "forme_v20": piece.forme_v20,
                "sens": piece.sens.value,
                "exercice": head.exercice,
                "type_bordereau": head.type_bordereau,
                "numero_bordereau": head.numero,
                # Nameless is said of no piece: empty is a whole bordereau of ORMC.
                "numero": piece.numero or SANS_NUMERO,
                "etat": piece.etat,
                "type_piece": piece.type_piece,
                "prise_en_charge_le": piece.date_prise_en_charge,
                "rejet_le": piece.date_rejet,
                "instance_le": piece.date_instance,
                "motifs": ",".join(piece.motifs),
                "commentaire": mask_nir(piece.commentaire),
                "ligne_xml": piece.ligne_xml,
            },
        )
        for ligne in piece.lignes:
            self._add_ligne(ligne, retour_id)

    def add_ormc(self, event: OrmcGlobal) -> None:
        """An event on every titre of a bordereau of ORMC."""
        days = {
            "rejet_le": event.date_rejet,
            "prise_en_charge_le": event.date_prise_en_charge,
            "instance_le": event.date_instance,
        }
        etat = next((code for name, code in _ETATS_ORMC.items() if days[name]), "")
        self.rows.add(
            "retour_piece",
            {
                **self._head(self.rows.make_id("retour_piece")),
                "type_restitution": self._bordereau.type_restitution,
                "forme_v20": False,
                "sens": Sens.RECETTE.value,
                "exercice": event.exercice,
                "type_bordereau": TYPE_ORMC,
                "numero_bordereau": event.numero,
                "numero": "",
                "etat": etat,
                "type_piece": "",
                **days,
                "motifs": "",
                "commentaire": "",
                "ligne_xml": event.ligne_xml,
            },
        )

    def _add_ligne(self, ligne: LigneRetour, retour_id: int) -> None:
        ligne_id = self.rows.make_id("retour_ligne")
        reste = ligne.recouvrement.solde_principal if ligne.recouvrement else None
        self.rows.add(
            "retour_ligne",
            {
                "id": ligne_id,
                "retour_id": retour_id,
                "numero": ligne.numero,
                "etat": ligne.etat,
                "motifs": ",".join(ligne.motifs),
                "ht": ligne.montant_ht,
                "tva": ligne.montant_tva,
                "cession_opposition": ligne.cession_opposition,
                "total": ligne.total_emargements,
                "reste": reste,
            },
        )
        for emargement in ligne.emargements:
            self.rows.add(
                "emargement",
                {
                    "id": self.rows.make_id("emargement"),
                    "ligne_id": ligne_id,
                    "origine": emargement.origine,
                    "jour": emargement.date_emargement,
                    "montant": emargement.montant,
                },
            )

    def _head(self, event_id: int) -> dict[str, object]:
        return {
            "id": event_id,
            "flux_id": self.rows.flux_id,
            "budget_id": self.rows.budget.id,
            "jour": self.jour,
        }
