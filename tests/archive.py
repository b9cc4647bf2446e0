"""A small archive for tests: two collectivités, three budgets, real bytes in a silo, real rows.

`with make_archive(folder) as archive:` gives an open Orc and the names of what is in it.
"""

import base64
import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from fpdf import FPDF
from sqlalchemy import select

from orc.bootstrap import Orc, make_orc
from orc.db import Writing
from orc.domain import Domaine, Droit, Role
from orc.identity.comptes import NouveauCompte, Octroi, create_compte, grant_habilitation
from orc.index.jobs import index_pieces
from orc.index.outbox import mark_pieces
from orc.models import (
    FLUX_BITS,
    Bordereau,
    Budget,
    Cellule,
    Cloture,
    Collectivite,
    Emplacement,
    Fichier,
    Flux,
    Lien,
    Ligne,
    Piece,
    PieceJustificative,
    Texte,
    Tiers,
    read_now,
)
from orc.settings import Settings
from tests.sql import prepare_data

MOT_DE_PASSE = "un mot de passe de test"
COMMUNE, COMMUNAUTE = "999000018", "999000026"
POSTE, AUTRE_POSTE = "033012", "033014"

COMPTES = {
    "comptable": Octroi(Role.COMPTABLE, "poste", POSTE),
    "ordonnateur": Octroi(Role.ORDONNATEUR, "collectivite", COMMUNE),
    "paie": Octroi(Role.ORDONNATEUR, "collectivite", COMMUNE, domaines=(Domaine.PAIE,)),
    "juge": Octroi(Role.JUGE, "collectivite", COMMUNAUTE, 2022, 2022),
    "archiviste": Octroi(Role.ARCHIVISTE, "collectivite", COMMUNE, droits=(Droit.CONTENU,)),
    "administrateur": Octroi(Role.ADMINISTRATEUR),
    "partenaire": Octroi(Role.PARTENAIRE),
}


@dataclass
class Archive:
    """What is in it: ids by the names tests use."""

    orc: Orc
    silo: Path
    budgets: dict[str, int] = field(default_factory=dict)
    pieces: dict[str, int] = field(default_factory=dict)
    bordereaux: dict[str, int] = field(default_factory=dict)
    pj: dict[str, int] = field(default_factory=dict)
    contenus: dict[str, bytes] = field(default_factory=dict)
    personnes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """A PJ to put: its bytes, its pages of text, the state of that text."""

    nom: str
    octets: bytes
    pages: tuple[str, ...] = ()
    etat_texte: str = "extrait"
    type_reel: str = "application/pdf"
    type_pj: str = "003"
    description: str = ""
    motif: str = ""


def make_pdf(pages: tuple[str, ...]) -> bytes:
    """A PDF of these pages, always the same bytes."""
    pdf = FPDF()
    pdf.set_creation_date(read_now().replace(2022, 1, 1, 0, 0, 0, 0))
    pdf.set_font("Helvetica", size=12)
    for page in pages:
        pdf.add_page()
        pdf.multi_cell(0, 8, page)
    return bytes(pdf.output())


def make_facture(nom: str, *pages: str, description: str = "") -> Document:
    """A text PDF."""
    return Document(nom, make_pdf(pages), pages, description=description)


ELECTRICITE = make_facture(
    "Facture_Energie_2022-04.pdf",
    "Énergie du Bocage - Facture F2022-00127 - page 1 - Conditions générales de vente.",
    "Détail : consommation d'électricité de l'école Jules-Ferry, période du 01/03/2022 "
    "au 31/03/2022. Total TTC 1 804,20.",
    description="Facture d’électricité de mars",
)
FOURNITURES = make_facture(
    "Facture_fournitures.pdf",
    "Papeterie Lenoir - Facture 2023/127 - ramettes de papier pour l'école maternelle.",
)
SCAN = Document("Scan_devis.pdf", make_pdf(("",)), ("",), "a_oceriser", description="Devis signé")
ABIME = Document(
    "illisible.pdf",
    b"%PDF-1.4 puis rien",
    (),
    "illisible",
    motif="Le PDF est abîmé : aucune page n’a pu être lue.",
)
CONVENTION = make_facture(
    "Convention.pdf", "Convention de participation aux charges de l'école intercommunale."
)
BULLETINS = Document(
    "paie_2022_03.xhl",
    b"<DocumentPaye/>",
    ("Bulletins de paie du mois de mars 2022 - service des écoles",),
    type_reel="application/xml",
    type_pj="004",
)
DEVIS_OUVERT = make_facture("Devis_2024.pdf", "Devis 2024 - électricité de la mairie.")


@contextmanager
def make_archive(folder: Path, **settings: object) -> Iterator[Archive]:
    """An archive under this folder, indexed, its Orc closed at the end."""
    # Tests of pages log in by the password alone, unless they say otherwise.
    settings.setdefault("second_facteur_roles", "")
    silo = folder / "silo"
    silo.mkdir(parents=True)
    if "database" not in settings:
        prepare_data(folder / "orc")
    orc = make_orc(Settings(data=str(folder / "orc"), silo=f"file://{silo}", **settings))  # type: ignore[arg-type]  # settings by name
    try:
        archive = Archive(orc, silo)
        with orc.database.writing() as session:
            put_referentiel(session, archive)
            put_personnes(session, archive)
            put_commune(session, archive)
            put_communaute(session, archive)
            mark_pieces(session, select(Piece.id).where(Piece.id > 0))
        index_pieces(orc.database, orc.storage, orc.engine)
        yield archive
    finally:
        orc.close()


def put_referentiel(session: Writing, archive: Archive) -> None:
    """Collectivités, budgets, closures: 2024 is open everywhere."""
    session.add_all(
        [
            Collectivite(siren=COMMUNE, libelle="Commune de Sainte-Anne", departement="33"),
            Collectivite(siren=COMMUNAUTE, libelle="Communauté du Bocage", departement="33"),
        ]
    )
    session.flush()
    for nom, siren, nic, cod_col, cod_bud, poste, libelle in (
        ("principal", COMMUNE, "00012", "101", "00", POSTE, "Budget principal"),
        ("assainissement", COMMUNE, "00020", "101", "01", POSTE, "Assainissement"),
        ("communaute", COMMUNAUTE, "00015", "200", "00", AUTRE_POSTE, "Budget principal"),
    ):
        budget = Budget(
            siren=siren,
            siret=siren + nic,
            cod_col=cod_col,
            cod_bud=cod_bud,
            id_post=poste,
            libelle=libelle,
            libelle_poste=f"Trésorerie {poste}",
            nomenclature="M57",
        )
        session.add(budget)
        session.flush()
        archive.budgets[nom] = budget.id
        for exercice in (2022, 2023):
            session.add(
                Cloture(
                    budget_id=budget.id,
                    exercice=exercice,
                    close_le=date(exercice + 1, 6, 30),
                    enregistree_le=read_now(),
                    enregistree_par="test",
                )
            )
    session.flush()


def put_personnes(session: Writing, archive: Archive) -> None:
    """One account per rôle, named by it, all with MOT_DE_PASSE."""
    for nom, octroi in COMPTES.items():
        compte = NouveauCompte(nom, f"{nom.capitalize()} de test", MOT_DE_PASSE)
        archive.personnes[nom] = create_compte(session, compte, par="test")
        grant_habilitation(session, archive.personnes[nom], octroi, par="test")


def put_commune(session: Writing, archive: Archive) -> None:
    """The commune: dépense 2022 and 2023, recette 2022, paie, an open exercice."""
    f22 = Envoi(session, archive, "principal", 2022)
    f22.put_bordereau("12", date(2022, 4, 12))
    f22.put_piece("127", "Électricité de l’école", 150350, 30070, tiers="ÉNERGIE DU BOCAGE")
    f22.put_pj("127", ELECTRICITE)
    f22.put_pj("127", SCAN)
    f22.put_piece("128", "Travaux de voirie", 1000000, 200000, compte="2151", tiers="TP DE L’OUEST")
    f22.put_pj("128", ABIME)
    f22.put_pj("128", None, id_unique="CITEE-JAMAIS-RECUE", nom="Facture_manquante.pdf")
    f22.put_pj("128", None, id_unique="PAPIER-1", nom="Plan.pdf", support="02")
    f22.put_piece(
        "129", "Paie de mars", 4500000, 0, compte="64111", nature="11", domaine=Domaine.PAIE
    )
    f22.put_pj("129", BULLETINS)
    f22.put_bordereau("13", date(2022, 6, 2), type_bordereau="02")
    f22.put_piece("14", "Annulation partielle", -20000, -4000, type_piece="02", nature="06")
    f22.put_bordereau("3", date(2022, 5, 3), sens="recette")
    f22.put_piece("45", "Cantine d’avril", 8250, 0, compte="7067", tiers="MARTIN", prenom="Jeanne")
    f22.close()
    f23 = Envoi(session, archive, "principal", 2023)
    f23.put_bordereau("2", date(2023, 1, 20))
    f23.put_piece("9", "Fournitures scolaires", 12000, 2400, compte="6067", tiers="LENOIR")
    f23.put_pj("9", FOURNITURES)
    f23.close()
    f24 = Envoi(session, archive, "principal", 2024)
    f24.put_bordereau("1", date(2024, 1, 15))
    f24.put_piece("1", "Électricité de la mairie", 50000, 10000, tiers="ÉNERGIE DU BOCAGE")
    f24.put_pj("1", DEVIS_OUVERT)
    f24.close()
    annexe = Envoi(session, archive, "assainissement", 2022)
    annexe.put_bordereau("1", date(2022, 3, 1))
    annexe.put_piece("5", "Électricité de la station", 99900, 19980, tiers="ÉNERGIE DU BOCAGE")
    annexe.close()


def put_communaute(session: Writing, archive: Archive) -> None:
    """The communauté: one mandat that no reader of the commune may see."""
    envoi = Envoi(session, archive, "communaute", 2022)
    envoi.put_bordereau("7", date(2022, 9, 9))
    envoi.put_piece("70", "Participation école", 300000, 0, compte="6558", tiers="SYNDICAT")
    envoi.put_pj("70", CONVENTION)
    envoi.close()


class Envoi:
    """One flow under construction: its rows, and its file in the silo when it closes."""

    def __init__(self, session: Writing, archive: Archive, budget: str, exercice: int) -> None:
        self.session, self.archive = session, archive
        self.nom, self.exercice = budget, exercice
        self.budget = session.get_one(Budget, archive.budgets[budget])
        self.flux = Flux(
            sha256=hashlib.sha256(f"{budget}{exercice}".encode()).hexdigest(),
            taille=0,
            etat="lu",
            recu_le=read_now(),
            lu_le=read_now(),
            forme="aller",
            nom_fic=f"PESALR2_{budget}_{exercice}.xml",
            typ_fic="PESALR2",
            encodage="UTF-8",
            date_flux=date(exercice, 6, 1),
            budget_id=self.budget.id,
        )
        session.add(self.flux)
        session.flush()
        self.rang = 0
        self.xml = bytearray(b'<?xml version="1.0" encoding="UTF-8"?>\n<PES_Aller>\n')
        self.bordereau: Bordereau | None = None

    def number(self) -> int:
        """The next id of this flow."""
        self.rang += 1
        return self.flux.id << FLUX_BITS | self.rang

    def get_cellule(self, domaine: Domaine) -> int:
        """The cellule of this budget, exercice and domaine, made when first met."""
        keys = {"budget_id": self.budget.id, "exercice": self.exercice, "domaine": domaine.value}
        found = self.session.scalar(select(Cellule.id).filter_by(**keys))
        if found is None:
            cellule = Cellule(**keys)
            self.session.add(cellule)
            self.session.flush()
            found = cellule.id
        return found

    def put_bordereau(
        self, numero: str, jour: date, *, sens: str = "depense", type_bordereau: str = "01"
    ) -> None:
        """A bordereau: the pieces put next are its own."""
        self.bordereau = Bordereau(
            id=self.number(),
            flux_id=self.flux.id,
            budget_id=self.budget.id,
            exercice=self.exercice,
            sens=sens,
            type_bordereau=type_bordereau,
            numero=numero,
            date_emission=jour,
            signe=True,
            nb_pieces_declare=0,
            ht_declare=0,
            tva_declare=0,
        )
        self.session.add(self.bordereau)
        self.session.flush()
        self.archive.bordereaux[f"{self.nom}/{self.exercice}/{sens}/{numero}"] = self.bordereau.id

    def put_piece(
        self,
        numero: str,
        objet: str,
        ht: int,
        tva: int,
        *,
        compte: str = "60612",
        tiers: str = "DIVERS",
        prenom: str = "",
        type_piece: str = "01",
        nature: str = "01",
        domaine: Domaine = Domaine.ORDINAIRE,
    ) -> None:
        """A piece of one line in the bordereau put last."""
        bordereau = self.bordereau
        assert bordereau is not None
        piece = Piece(
            id=self.number(),
            flux_id=self.flux.id,
            bordereau_id=bordereau.id,
            budget_id=self.budget.id,
            cellule_id=self.get_cellule(domaine),
            domaine=domaine.value,
            exercice=self.exercice,
            sens=bordereau.sens,
            type_bordereau=bordereau.type_bordereau,
            numero_bordereau=bordereau.numero,
            numero=numero,
            type_piece=type_piece,
            nature_piece=nature,
            objet=objet,
            ht=ht,
            tva=tva,
            nb_lignes=1,
        )
        self.session.add(piece)
        self.session.flush()
        bordereau.nb_pieces_declare = (bordereau.nb_pieces_declare or 0) + 1
        bordereau.ht_declare = (bordereau.ht_declare or 0) + abs(ht)
        bordereau.tva_declare = (bordereau.tva_declare or 0) + abs(tva)
        self.archive.pieces[f"{self.nom}/{self.exercice}/{numero}"] = piece.id
        self.session.add(
            Ligne(
                id=self.number(),
                piece_id=piece.id,
                numero="1",
                compte=compte,
                libelle=objet,
                facture=f"F{self.exercice}-00{numero}",
                mode_reglement="03",
                ht=ht,
                tva=tva,
                tiers_id=self.get_tiers(tiers, prenom),
            )
        )
        self.session.flush()

    def get_tiers(self, nom: str, prenom: str) -> int:
        """The tiers of that name in this collectivité, made when first met."""
        digest = hashlib.sha256(f"{self.budget.siren}{nom}{prenom}".encode()).digest()
        number = int.from_bytes(digest[:8], "big") >> 2
        if self.session.get(Tiers, number) is None:
            tiers = Tiers(
                id=number,
                siren=self.budget.siren,
                nom=nom,
                prenom=prenom,
                identifiant="" if prenom else "99988877700011",
                nature_identifiant="" if prenom else "01",
                categorie="01" if prenom else "50",
                nature_juridique="01" if prenom else "03",
                iban="FR7630001007941234567890185",
            )
            self.session.add(tiers)
            self.session.flush()
        return number

    def put_pj(
        self,
        numero: str,
        document: Document | None,
        *,
        id_unique: str = "",
        nom: str = "",
        support: str = "01",
    ) -> None:
        """A PJ cited by this piece; without a document: cited only."""
        piece = self.session.get_one(
            Piece, self.archive.pieces[f"{self.nom}/{self.exercice}/{numero}"]
        )
        nom = nom or (document.nom if document else "")
        id_unique = id_unique or f"{self.nom}-{self.exercice}-{nom}"
        pj_id = self._put_document(document, id_unique, piece) if document else None
        self.session.add(
            Lien(
                id=self.number(),
                flux_id=self.flux.id,
                piece_id=piece.id,
                siren=self.budget.siren,
                id_unique=id_unique,
                nom=nom,
                support=support,
                origine="pj_ref",
                pj_id=pj_id,
                cellule_id=piece.cellule_id,
            )
        )
        self.session.flush()

    def _put_document(self, document: Document, id_unique: str, piece: Piece) -> int:
        sha256 = hashlib.sha256(document.octets).hexdigest()
        encoded = base64.b64encode(gzip.compress(document.octets, mtime=0))
        self.xml += b"<PJ><Contenu><Fichier>"
        debut = len(self.xml)
        self.xml += encoded + b"</Fichier></Contenu></PJ>\n"
        pj = PieceJustificative(
            id=self.number(),
            flux_id=self.flux.id,
            budget_id=self.budget.id,
            siren=self.budget.siren,
            id_unique=id_unique,
            nom=document.nom,
            type_pj=document.type_pj,
            description=document.description,
            type_reel=document.type_reel,
            debut=debut,
            longueur=len(encoded),
            sha256=sha256,
            taille=len(document.octets),
            etat="ok",
            domaine=piece.domaine,
        )
        self.session.add(pj)
        if self.session.get(Texte, sha256) is None:
            self.session.add(self._make_texte(document, sha256))
            if document.pages:
                self.archive.orc.storage.put_pages(sha256, document.pages)
        self.session.flush()
        self.archive.pj[document.nom] = pj.id
        self.archive.contenus[document.nom] = document.octets
        return pj.id

    def _make_texte(self, document: Document, sha256: str) -> Texte:
        return Texte(
            sha256=sha256,
            etat=document.etat_texte,
            motif=document.motif,
            type_reel=document.type_reel,
            extracteur="test",
            nb_pages=len(document.pages),
            nb_caracteres=sum(map(len, document.pages)),
            pages_a_oceriser="1" if document.etat_texte == "a_oceriser" else "",
            extrait_le=read_now(),
        )

    def close(self) -> None:
        """Write the file in the silo, and say where the flow lies."""
        self.xml += b"</PES_Aller>\n"
        path = self.archive.silo / self.flux.nom_fic
        path.write_bytes(self.xml)
        self.flux.sha256 = hashlib.sha256(self.xml).hexdigest()
        self.flux.taille = len(self.xml)
        fichier = Fichier(
            silo=f"file://{self.archive.silo}",
            chemin=self.flux.nom_fic,
            genre="xml",
            taille=len(self.xml),
            mtime=path.stat().st_mtime,
            vu_le=read_now(),
            etat="lu",
        )
        self.session.add(fichier)
        self.session.flush()
        self.session.add(Emplacement(fichier_id=fichier.id, membre="", flux_id=self.flux.id))
        self.session.flush()
