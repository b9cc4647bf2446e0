"""The archive of tests with decisions, a bordereau d'élimination, a gel: what reports read."""

import json
from datetime import date

from sqlalchemy import select

from orc.access import Clearance, Lecteur
from orc.db import Writing
from orc.domain import Role
from orc.models import (
    BordereauElimination,
    CelluleElimination,
    Decision,
    DecisionCourante,
    EtapeElimination,
    Gel,
    Lien,
    LigneElimination,
    PieceJustificative,
    read_now,
)
from orc.retention.decisions import decide_now
from orc.retention.groupes import find_groupes
from orc.retention.regles import find_durees
from tests.archive import COMMUNAUTE, COMMUNE, Archive

JOUR = date(2026, 11, 23)
ELECTRICITE, SCAN, ABIME = "Facture_Energie_2022-04.pdf", "Scan_devis.pdf", "illisible.pdf"
FOURNITURES, PAIE, OUVERTE = "Facture_fournitures.pdf", "paie_2022_03.xhl", "Devis_2024.pdf"
CONVENTION = "Convention.pdf"


def put_decision(
    session: Writing, pj_id: int, statut: str, *raisons: dict[str, object], anomalie: bool = False
) -> int:
    """A decision on a PJ, as the task records it."""
    pj, duree = session.get_one(PieceJustificative, pj_id), find_durees(session, [pj_id], JOUR)
    known = duree.get(pj_id)
    row = Decision(
        pj_id=pj_id, decidee_le=read_now(), jour=JOUR, statut=statut,
        raisons=json.dumps(raisons), empreinte="e",
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.merge(
        DecisionCourante(
            pj_id=pj_id, decision_id=row.id, siren=pj.siren, statut=statut, anomalie=anomalie,
            groupe_id=find_groupes(session, [pj_id])[pj_id], octets=pj.taille,
            regle=known.code if known else "", sort_final=known.sort_final if known else "",
            libre=known.libre if known else None,
        )
    )  # fmt: skip
    session.flush()
    return row.id


def decide_all(archive: Archive) -> None:
    """What the background task does of every PJ."""
    with archive.orc.database.writing() as session:
        decide_now(session, list(archive.pj.values()), JOUR)


def raison(regle: str, statut: str, texte: str, **more: object) -> dict[str, object]:
    return {"regle": regle, "statut": statut, "texte": texte, **more}


def put_decisions(archive: Archive) -> None:
    """One of each statut in the commune, one in the communauté."""
    with archive.orc.database.writing() as session:
        put_decision(session, archive.pj[ELECTRICITE], "eligible", raison("1", "eligible", "oui"))
        put_decision(
            session, archive.pj[SCAN], "refus",
            raison("8", "refus", "aucune déclaration de numérisation conforme"),
            raison("10", "refus", "rubrique 5311 : original ou exemplaire unique exigé"),
            raison("6", "en_attente", "aucun acquit reçu", anomalie=True),
            raison("9a", "eligible", "mandat 127 : payé"),
            anomalie=True,
        )  # fmt: skip
        put_decision(
            session, archive.pj[ABIME], "refus",
            raison("7", "refus", "vide ou illisible dans l’archive", anomalie=True),
            raison("99", "refus", "=une règle qui n’est plus"),
            anomalie=True,
        )  # fmt: skip
        put_decision(session, archive.pj[FOURNITURES], "en_attente")
        put_decision(session, archive.pj[PAIE], "suspendu")
        put_decision(session, archive.pj[CONVENTION], "eligible")


def put_bordereau(
    archive: Archive, *noms: str, siren: str = COMMUNE, etat: str = "vise", refusee: str = ""
) -> int:
    """A bordereau d'élimination on these PJ, one of them refused by the archives."""
    with archive.orc.database.writing() as session:
        bordereau = BordereauElimination(
            numero=f"E-2026-{len(noms)}-{etat}", siren=siren, intitule="Factures de 2022",
            etat=etat, cree_par="Destructeur", cree_le=read_now(), liste_sha256="ab" * 32,
            autorisation="VISA 2026/12", observations_archives="Rien à signaler",
            delai_jusqu_a=date(2026, 12, 31), metrage_mm=1250,
            detruite_le=date(2026, 11, 2) if etat in {"attestee", "certifiee"} else None,
            methode="Broyage" if etat in {"attestee", "certifiee"} else "",
        )  # fmt: skip
        session.add(bordereau)
        session.flush()
        done = "detruite" if etat in {"attestee", "certifiee"} else "retenue"
        for rang, nom in enumerate(noms, 1):
            pj = session.get_one(PieceJustificative, archive.pj[nom])
            session.add(
                LigneElimination(
                    bordereau_id=bordereau.id, rang=rang, pj_id=pj.id, en_cours=False,
                    statut="refusee" if nom == refusee else done,
                    motif="Intérêt historique" if nom == refusee else "",
                    typologie="Factures" if nom != PAIE else "Paie", id_unique=pj.id_unique,
                    nom=pj.nom, sha256=pj.sha256, octets=pj.taille, exercice=2022,
                    date_min=date(2022, 4, rang), date_max=date(2022, 5, rang),
                    regle="PJ-DEPENSE Instruction",
                )
            )  # fmt: skip
        for acte in ("proposer", "viser", "attester"):
            session.add(
                EtapeElimination(
                    bordereau_id=bordereau.id, quand=read_now(), par="Destructeur", acte=acte,
                    avant="a", apres="b",
                )
            )  # fmt: skip
        ids = [archive.pj[nom] for nom in noms]
        for cellule_id in session.scalars(
            select(Lien.cellule_id).where(Lien.pj_id.in_(ids)).distinct()
        ):
            session.add(CelluleElimination(bordereau_id=bordereau.id, cellule_id=cellule_id))
        session.flush()
        return bordereau.id


def put_gel(archive: Archive, nom: str, **values: object) -> int:
    """A gel in force on the commune."""
    row = {
        "autorite": "Tribunal", "reference": "2025-114", "motif": "Recours", "portee": "exercices",
        "siren": COMMUNE, "depuis": date(2025, 1, 1), "revue_le": date(2027, 1, 1),
        "pose_par": "Archiviste", "qualite": "archiviste", "pose_le": read_now(), **values,
    }  # fmt: skip
    with archive.orc.database.writing() as session:
        gel = Gel(nom=nom, **row)
        session.add(gel)
        session.flush()
        return gel.id


def find_cellules(archive: Archive, nom: str) -> frozenset[int]:
    """What this person sees of retention."""
    from orc.access import make_lecteur

    with archive.orc.database.reading() as session:
        lecteur = make_lecteur(session, archive.personnes[nom], nom, nom, JOUR)
        return lecteur.clearance.retention


def find_all(archive: Archive) -> frozenset[int]:
    """Every cellule there is."""
    from orc.models import Cellule

    with archive.orc.database.reading() as session:
        return frozenset(session.scalars(select(Cellule.id)))


def make_lecteur_de(archive: Archive, nom: str, territoire: frozenset[int]) -> Lecteur:
    """This person, an archiviste of these cellules."""
    clearance = Clearance(frozenset(), territoire=territoire)
    roles = frozenset({Role.ARCHIVISTE})
    return Lecteur(archive.personnes.get(nom, 1), nom, nom.title(), roles, clearance)


AILLEURS = COMMUNAUTE
