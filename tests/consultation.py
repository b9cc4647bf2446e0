"""A small archive in SQL rows and one real flow in a silo folder: what the pages show is here."""

import base64
import gzip
import hashlib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from orc.access import Clearance
from orc.db import Writing
from orc.domain import CleBudget, Domaine, Sens
from orc.ingest.clotures import (
    Exercice,
    record_clotures,
)
from orc.ingest.referentiel import BudgetConnu, Cellules, Libelles, get_budget
from orc.journal import Auteur
from orc.models import (
    Anomalie,
    Base,
    Bordereau,
    Cellule,
    Emplacement,
    Fichier,
    Flux,
    Lien,
    Ligne,
    Marche,
    Piece,
    PieceJustificative,
    Texte,
    Tiers,
    read_now,
)

COMMUNE, VOISINE = "999000001", "999000002"
POSTE = "033012"
FLUX_XML = "flux_2022.xml"


@dataclass(frozen=True, slots=True)
class Document:
    """A PJ to write in the flow: its id in the tests, its bytes."""

    id: int
    nom: str
    octets: bytes
    type_reel: str = "application/pdf"
    brut: bytes = b""
    etat: str = "ok"


@dataclass(slots=True)
class Archive:
    """The ids of what was made."""

    silo: Path
    commune: BudgetConnu
    voisine: BudgetConnu
    cellules: dict[tuple[int, int, Domaine], int] = field(default_factory=dict)

    def clearance(self, *domaines: Domaine, exercice: int = 2022) -> Clearance:
        """What an ordonnateur of the commune holds; the open exercice is only counted."""
        named = {Domaine.ORDINAIRE, *domaines}
        held = {c for (b, e, d), c in self.cellules.items() if b == self.commune.id and d in named}
        closed = {c for (_, e, _), c in self.cellules.items() if e == exercice}
        sensibles = frozenset({(self.commune.id, exercice)} if domaines else ())
        return Clearance(frozenset(held & closed), frozenset(held - closed), sensibles)


def make_archive(session: Writing, silo: Path, documents: list[Document]) -> Archive:
    """Two collectivités, a closed and an open exercice, dépense and recette, reserved pieces."""
    commune = get_budget(
        session,
        CleBudget(f"{COMMUNE}00011", "101", "00"),
        Libelles(POSTE, "Sainte-Anne-des-Essais", "Service de gestion comptable"),
    )
    voisine = get_budget(
        session, CleBudget(f"{VOISINE}00011", "102", "00"), Libelles(POSTE, "Voisine", "Poste")
    )
    archive = Archive(silo, commune, voisine)
    _make_flux(session, archive)
    _make_pieces(session, archive)
    _make_documents(session, archive, documents)
    _make_liens(session)
    for budget in (commune, voisine):
        record_clotures(
            session,
            [Exercice(budget.id, 2022)],
            close_le=date(2023, 3, 1),
            auteur=Auteur("comptable"),
        )
    archive.cellules = {
        (c.budget_id, c.exercice, Domaine(c.domaine)): c.id
        for c in session.scalars(select(Cellule))
    }
    return archive


def put(session: Writing, table: type[Base], **values: Any) -> None:
    """One row."""
    session.execute(insert(table).values(**values))


def _make_flux(session: Writing, archive: Archive) -> None:
    fichier = {"silo": archive.silo.as_uri(), "genre": "xml", "taille": 10, "vu_le": read_now()}
    put(session, Fichier, id=1, chemin="ancien.xml", **fichier, disparu_le=read_now(), etat="lu")
    put(session, Fichier, id=2, chemin=FLUX_XML, **fichier, etat="lu")
    put(session, Fichier, id=3, chemin="casse.xml", **fichier, etat="quarantaine", motif="Tronqué")
    flux = {"taille": 10, "recu_le": read_now(), "lu_le": read_now(), "forme": "aller"}
    for i, budget in ((1, archive.commune.id), (2, archive.commune.id), (3, archive.voisine.id)):
        put(
            session,
            Flux,
            id=i,
            sha256=f"{i:064x}",
            etat="quarantaine" if i == 3 else "lu",
            motif="Le flux est tronqué (ligne 12)." if i == 3 else "",
            nom_fic=f"FLUX{i}",
            budget_id=budget,
            date_flux=date(2022, 4, i),
            nb_pieces=3,
            nb_pj=2,
            nb_anomalies=1,
            **flux,
        )
        put(
            session,
            Anomalie,
            id=i,
            flux_id=i,
            gravite="alerte",
            code="date",
            message=f"Date illisible dans FLUX{i}",
            chemin="/PES_Aller/Date",
            ligne=12,
        )
    for fichier_id, flux_id in ((1, 2), (2, 2), (2, 1)):
        put(session, Emplacement, fichier_id=fichier_id, membre=str(flux_id), flux_id=flux_id)


# By id: flux, bordereau, sens, numéro, type, nature, domaine, exercice, version, courante.
PIECES: dict[int, tuple[int, int, Sens, str, str, str, Domaine, int, int, bool]] = {
    126: (1, 11, Sens.DEPENSE, "127", "01", "01", Domaine.ORDINAIRE, 2022, 1, False),
    127: (2, 12, Sens.DEPENSE, "127", "01", "01", Domaine.ORDINAIRE, 2022, 2, True),
    128: (2, 12, Sens.DEPENSE, "128", "01", "11", Domaine.PAIE, 2022, 1, True),
    129: (2, 13, Sens.DEPENSE, "129", "01", "11", Domaine.PAIE, 2022, 1, True),
    130: (2, 14, Sens.DEPENSE, "130", "02", "06", Domaine.ORDINAIRE, 2022, 1, True),
    145: (2, 15, Sens.RECETTE, "45", "01", "01", Domaine.ORDINAIRE, 2022, 1, True),
    200: (2, 16, Sens.DEPENSE, "1", "01", "01", Domaine.ORDINAIRE, 2023, 1, True),
    300: (3, 17, Sens.DEPENSE, "127", "01", "01", Domaine.ORDINAIRE, 2022, 1, True),
}
# By id: flux, exercice, sens, type, numéro, pièces, HT, date.
BORDEREAUX: dict[int, tuple[int, int, Sens, str, str, int, int, date]] = {
    11: (1, 2022, Sens.DEPENSE, "01", "12", 1, 90_000, date(2022, 4, 5)),
    12: (2, 2022, Sens.DEPENSE, "01", "12", 2, 300_000, date(2022, 4, 12)),
    13: (2, 2022, Sens.DEPENSE, "01", "13", 1, 200_000, date(2022, 5, 2)),
    14: (2, 2022, Sens.DEPENSE, "02", "14", 1, 150_350, date(2022, 12, 30)),
    15: (2, 2022, Sens.RECETTE, "01", "5", 1, 120_000, date(2022, 6, 1)),
    16: (2, 2023, Sens.DEPENSE, "01", "1", 1, 5_000, date(2023, 1, 9)),
    17: (3, 2022, Sens.DEPENSE, "01", "12", 1, 7_000, date(2022, 4, 12)),
}
AMOUNTS = {126: 90_000, 130: -150_350, 145: 120_000, 200: 5_000, 300: 7_000}


def _make_pieces(session: Writing, archive: Archive) -> None:
    for i, (flux, exercice, sens, kind, numero, nb, ht, day) in BORDEREAUX.items():
        put(
            session,
            Bordereau,
            id=i,
            flux_id=flux,
            budget_id=_budget(archive, flux).id,
            exercice=exercice,
            sens=sens.value,
            type_bordereau=kind,
            numero=numero,
            date_emission=day,
            nb_pieces_declare=nb,
            ht_declare=ht,
            signe=True,
        )
    put(
        session,
        Tiers,
        id=1,
        siren=COMMUNE,
        nom="ÉLECTRICITÉ DU SUD",
        identifiant="12345678200010",
        nature_identifiant="01",
        categorie="50",
        nature_juridique="03",
        adresse="1 rue des Essais",
        code_postal="97227",
        ville="Sainte-Anne",
        iban="FR7630001007941234567890185",
    )
    put(session, Tiers, id=2, siren=COMMUNE, nom="MARTIN", prenom="Zoé", civilite="Mme")
    put(
        session,
        Marche,
        id=1,
        flux_id=2,
        budget_id=archive.commune.id,
        siren=COMMUNE,
        cle="2015015",
        id_contrat="2015-015",
        objet="Éclairage public",
        nature="01",
        procedure="01",
        montant=12_000_000,
        acteurs="Titulaire : ÉLECTRICITÉ DU SUD",
    )
    for i, row in PIECES.items():
        _make_piece(session, archive, i, row)


def _budget(archive: Archive, flux: int) -> BudgetConnu:
    return archive.voisine if flux == 3 else archive.commune


def _make_piece(
    session: Writing,
    archive: Archive,
    i: int,
    row: tuple[int, int, Sens, str, str, str, Domaine, int, int, bool],
) -> None:
    flux, bordereau, sens, numero, kind, nature, domaine, exercice, version, courante = row
    budget = _budget(archive, flux)
    # Mandat 127: two lines of 1 003,50 and 500,00 HT, 20 % of TVA.
    lignes = [(100_350, 20_070), (50_000, 10_000)] if i == 127 else [(AMOUNTS.get(i, 1_000), 0)]
    put(
        session,
        Piece,
        id=i,
        flux_id=flux,
        bordereau_id=bordereau,
        budget_id=budget.id,
        cellule_id=Cellules().get(session, budget.id, exercice, domaine),
        domaine=domaine.value,
        exercice=exercice,
        sens=sens.value,
        type_bordereau=BORDEREAUX[bordereau][3],
        numero_bordereau=BORDEREAUX[bordereau][4],
        numero=numero,
        type_piece=kind,
        nature_piece=nature,
        objet="Éclairage de l’école" if i == 127 else f"Objet {i}",
        ht=sum(ht for ht, _ in lignes),
        tva=sum(tva for _, tva in lignes),
        nb_lignes=len(lignes),
        date_echeance=date(2022, 5, 12),
        version=version,
        courante=courante,
        ligne_xml=40 + i,
    )
    for rank, (ht, tva) in enumerate(lignes, start=1):
        put(
            session,
            Ligne,
            id=i * 10 + rank,
            piece_id=i,
            numero=str(rank),
            compte="60612" if sens is Sens.DEPENSE else "7067",
            fonction="211",
            libelle=f"Ligne {rank} de {i}",
            facture="F2022-00127" if i == 127 else "",
            mode_reglement="03",
            ht=ht,
            tva=tva,
            marche="2015-015" if i in {127, 130} else "",
            marche_cle="2015015" if i in {127, 130} else "",
            origine_nature="01" if i == 130 else "",
            origine_exercice=2022 if i == 130 else None,
            origine_piece="0127" if i == 130 else "",
            tiers_id=1 if i != 145 else 2,
        )


def _make_documents(session: Writing, archive: Archive, documents: list[Document]) -> None:
    """Write the real flow, and a row for each document where its base64 lies."""
    flow = b'<?xml version="1.0" encoding="UTF-8"?>\n<n:PES_Aller xmlns:n="urn:x"><PES_PJ>'
    for document in documents:
        payload = document.brut or base64.b64encode(gzip.compress(document.octets))
        flow += b"<PJ><Contenu><Fichier>"
        start = len(flow)
        flow += payload + b"</Fichier></Contenu></PJ>"
        sha256 = hashlib.sha256(document.octets).hexdigest()
        put(
            session,
            PieceJustificative,
            id=document.id,
            flux_id=2,
            budget_id=archive.commune.id,
            siren=COMMUNE,
            id_unique=f"PJ{document.id}",
            nom=document.nom,
            type_pj="003",
            description="Facture du fournisseur",
            mime_declare="application/pdf",
            type_reel=document.type_reel,
            debut=start,
            longueur=len(payload),
            sha256=sha256,
            taille=len(document.octets),
            etat=document.etat,
            motif="" if document.etat == "ok" else "Le contenu n’est pas compressé par gzip.",
            domaine="ordinaire",
            ligne_xml=90,
        )
        if not session.get(Texte, sha256):
            put(
                session,
                Texte,
                sha256=sha256,
                etat="extrait",
                type_reel=document.type_reel,
                nb_pages=2,
                nir="nir" in document.nom,
            )
    archive.silo.mkdir(parents=True, exist_ok=True)
    flow += b"</PES_PJ></n:PES_Aller>"
    (archive.silo / FLUX_XML).write_bytes(flow)
    digest = hashlib.sha256(flow).hexdigest()
    flux = session.get_one(Flux, 2)
    flux.sha256, flux.taille = digest, len(flow)
    session.get_one(Fichier, 2).taille = len(flow)
    session.get_one(Emplacement, (2, "2")).membre = ""
    session.flush()


def _make_liens(session: Writing) -> None:
    found = session.scalars(select(PieceJustificative.id).order_by(PieceJustificative.id)).all()
    cells = {i: session.get_one(Piece, i).cellule_id for i in PIECES}
    liens: list[dict[str, Any]] = [
        {"piece_id": 127, "id_unique": f"PJ{i}", "pj_id": i} for i in found
    ]
    liens += [
        {"piece_id": 127, "id_unique": "JAMAIS", "nom": "devis.pdf"},
        {"piece_id": 127, "id_unique": "PAPIER", "nom": "plan", "support": "02"},
        {"piece_id": 127, "id_unique": "DISQUE", "nom": "photos", "support": "03"},
        {"piece_id": 145, "id_unique": f"PJ{found[0]}", "pj_id": found[0]} if found else {},
        {"piece_id": 128, "id_unique": f"PJ{found[0]}", "pj_id": found[0]} if found else {},
        {"piece_id": 200, "id_unique": f"PJ{found[0]}", "pj_id": found[0]} if found else {},
    ]
    for rank, lien in enumerate(filter(None, liens), start=1):
        values = {"flux_id": 2, "siren": COMMUNE, "nom": "", "origine": "pj_ref", **lien}
        put(session, Lien, id=rank, cellule_id=cells[lien["piece_id"]], **values)
