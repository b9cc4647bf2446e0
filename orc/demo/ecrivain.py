"""Flows written to disk, with their acquits and retours, each one counted in the manifest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from orc.demo.acquits import make_acquit
from orc.demo.archives import make_gzip, make_zip, write_bytes
from orc.demo.cellule import DEPENSE, Cellule
from orc.demo.ecriture import close_domaine, open_domaine, write_bordereau
from orc.demo.manifeste import Manifeste
from orc.demo.referentiel import EXERCICE_OUVERT
from orc.demo.retours import draw_sorts, make_retour, name_retour
from orc.demo.valeurs import Bordereau, Flux, Pj
from orc.demo.xml_pes import close_root, encode_text, entete, enveloppe, open_root, pj_block

_EDITEURS = (
    ("Ateliers du Grand Livre", "Compta Locale 7.2.1"), ("Cadastre et Cie", "MAGISTER 12.04"),
    ("Éditions de la Régie", "e-Budget 2022.3"), ("Coop'Logiciel Public", "Ariane finances 5.1"),
)  # fmt: skip
# Encoding, byte order mark, prefix, all on one line, width of the base64.
_ALLURES = (
    ("iso-8859-1", False, "n", False, 0), ("utf-8", False, "p", False, 0),
    ("utf-8", True, "n", False, 76), ("iso-8859-1", False, "n", True, 0),
    ("iso-8859-1", False, "pes", False, 76), ("utf-8", False, "n", False, 0),
)  # fmt: skip


def write_xml(flux: Flux) -> Iterator[bytes]:
    """The bytes of a PES_Aller, block by block, PJ by PJ."""
    sigle, adresse = _EDITEURS[int(flux.budget.codcol) % len(_EDITEURS)]
    if flux.bom:
        yield b"\xef\xbb\xbf"
    yield f'<?xml version="1.0" encoding="{flux.encodage.upper()}"?>\n'.encode()
    tete = open_root("PES_Aller", "aller", flux.prefixe)
    tete += enveloppe(flux.typ_fic, flux.nom, sigle, adresse) + entete(flux.budget, flux.date)
    yield encode_text(tete, flux)
    if flux.bordereaux:
        yield encode_text(open_domaine(flux.sens), flux)
        for bordereau in flux.bordereaux:
            yield encode_text(write_bordereau(bordereau, flux.sens), flux)
        yield encode_text(close_domaine(flux.sens), flux)
    if flux.marches:
        marches = f'<PES_Marche>\n<EnTeteMarche>\n<IdVer V="2"/>\n</EnTeteMarche>\n{flux.marches}'
        yield encode_text(f"{marches}</PES_Marche>\n", flux)
    if flux.pjs:
        yield encode_text('<PES_PJ>\n<EnTetePES_PJ>\n<IdVer V="1"/>\n</EnTetePES_PJ>\n', flux)
        for pj in flux.pjs:
            yield pj_block(pj, flux)
        yield encode_text("</PES_PJ>\n", flux)
    yield encode_text(close_root("PES_Aller", flux.prefixe), flux)


class Ecrivain:
    """Writes flows under `racine`, keeping the manifest."""

    def __init__(self, racine: Path, manifeste: Manifeste) -> None:
        self.racine, self.manifeste = racine, manifeste
        self.rang = 0
        self.dernier: Flux | None = None

    def make_flux(
        self, c: Cellule, bordereaux: list[Bordereau], pjs: list[Pj], date: dt.date,
        typ_fic: str = "PESALR1",
    ) -> Flux:  # fmt: skip
        """A flow; its look (encoding, prefix, envelope) turns with its rank."""
        self.rang += 1
        lettre = "DEP" if c.sens == DEPENSE else "REC"
        nom = f"{typ_fic}_{c.budget.siret}_{lettre}_{date:%Y%m%d}_{self.rang:06d}"
        encodage, bom, prefixe, compact, largeur = _ALLURES[self.rang % len(_ALLURES)]
        boite = ("xml", "xml.gz", "xml", "zip", "xml")[self.rang % 5]
        return Flux(c.budget, c.exercice, c.sens, date, nom, bordereaux, pjs, "", encodage, bom,
                    prefixe, compact, largeur, boite, typ_fic)  # fmt: skip

    def write_flux(self, c: Cellule, flux: Flux, *, renvoi: bool = False) -> str:
        """Write a flow and its answers; gives its path. A `renvoi` repeats counted pieces."""
        if not renvoi:
            draw_sorts(c, flux.bordereaux)
        chemin, taille = self._write_aller(flux)
        for bordereau in flux.bordereaux:
            for piece in bordereau.pieces:
                if not renvoi:
                    self.manifeste.record_piece(c, piece)
                    self.manifeste.record_marks(c, bordereau, piece, chemin)
        for pj in flux.pjs:
            self.manifeste.record_pj(pj)
        self.manifeste.record_fichier("flux_aller", taille)
        self._write_answers(c, flux)
        if flux.bordereaux:
            self.dernier = flux
        return chemin

    def _write_aller(self, flux: Flux) -> tuple[str, int]:
        base = f"{flux.budget.collectivite.siren}/{flux.exercice}/{flux.nom}"
        if flux.enveloppe != "xml":
            octets = b"".join(write_xml(flux))
            gz = flux.enveloppe == "xml.gz"
            boite = make_gzip(octets) if gz else make_zip([(f"{flux.nom}.xml", octets)])
            chemin = f"{base}.{flux.enveloppe}"
            return chemin, write_bytes(self.racine / chemin, boite)
        chemin = f"{base}.xml"
        (self.racine / chemin).parent.mkdir(parents=True, exist_ok=True)
        with (self.racine / chemin).open("wb") as sortie:
            return chemin, sum(sortie.write(morceau) for morceau in write_xml(flux))

    def _write_answers(self, c: Cellule, flux: Flux) -> None:
        """The acquit; then, once the comptable has looked at it, the retours."""
        if flux.exercice == EXERCICE_OUVERT and self.rang % 2:
            return
        dossier = f"{flux.budget.poste.codique}/{flux.exercice}"
        reponses = [(f"ACK_{flux.nom}.xml", "acquit", make_acquit(c, flux))]
        if flux.bordereaux:
            for rejets, lettre in ((True, "R"), (False, "P")):
                nom = name_retour(c, flux, lettre)
                retour = make_retour(c, flux, rejets=rejets, nom=nom)
                if retour:
                    reponses.append((nom, "retour", retour))
        for nom, genre, octets in reponses:
            self.manifeste.compteurs[genre] += 1
            if self.rang % 4:
                self.manifeste.record_fichier(
                    f"fichier_{genre}", write_bytes(self.racine / dossier / nom, octets)
                )
        if self.rang % 4 == 0:
            archive = make_zip([(nom, octets) for nom, _, octets in reponses])
            chemin = self.racine / dossier / f"reponses_{self.rang:06d}.zip"
            self.manifeste.record_fichier("zip_reponses", write_bytes(chemin, archive))

    def write_fichier(self, genre: str, chemin: str, octets: bytes) -> None:
        """Write a file of the silo that is not an ordinary flow."""
        self.manifeste.record_fichier(genre, write_bytes(self.racine / chemin, octets))
