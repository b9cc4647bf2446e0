"""What was made, so that a test or a demonstration can check it was found."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from orc.demo.cellule import Cellule
from orc.demo.valeurs import Bordereau, Casse, Flux, Piece, Pj, Repere

Valeur = object


@dataclass(slots=True)
class Manifeste:
    """Totals by cell, PJ by kind, what is broken and how it must be seen, needles to find."""

    seed: int
    pieces: int
    totaux: dict[tuple[str, ...], dict[str, int]] = field(default_factory=dict)
    pj: Counter[str] = field(default_factory=Counter)
    compteurs: Counter[str] = field(default_factory=Counter)
    casses: list[dict[str, Valeur]] = field(default_factory=list)
    reperes: list[dict[str, Valeur]] = field(default_factory=list)
    hors_schema: list[str] = field(default_factory=list)

    def record_piece(self, c: Cellule, piece: Piece) -> None:
        """Count a piece in its cell; amounts in cents, minus when TypBord is 02."""
        b = c.budget
        cle = (b.collectivite.siren, b.siret, b.codcol, b.codbud, str(c.exercice), c.sens)
        total = self.totaux.setdefault(cle, {"pieces": 0, "lignes": 0, "ht": 0, "tva": 0})
        signe = -1 if piece.typ_bord == "02" else 1
        total["pieces"] += 1
        total["lignes"] += len(piece.lignes)
        total["ht"] += signe * piece.ht
        total["tva"] += signe * piece.tva

    def record_pj(self, pj: Pj) -> None:
        """Count a PJ of a flow by its kind."""
        self.pj[pj.genre] += 1

    def record_fichier(self, genre: str, octets: int) -> None:
        """Count a file of the silo."""
        self.compteurs[genre] += 1
        self.compteurs["octets"] += octets

    def record_marks(self, c: Cellule, b: Bordereau, piece: Piece, chemin: str) -> None:
        """Keep the needles and the broken PJ of a piece, with all that says where they are."""
        if not piece.reperes and not piece.casses:
            return
        lieu = {**_place(c), "typ_bord": b.typ, "bordereau": b.numero, "piece": piece.numero,
                "chemin": chemin}  # fmt: skip
        for repere in piece.reperes:
            self.reperes.append({**_describe(repere), **lieu, **_pj(repere.pj)})
        for casse in piece.casses:
            self.casses.append({**_casse(casse, "pj"), **lieu, **_id(casse.pj)})
            if casse.genre == "pj_pas_base64":
                self.hors_schema.append(chemin)

    def record_flux_casse(
        self, c: Cellule, genre: str, attendu: dict[str, Valeur], chemin: str, flux: Flux, *,
        compte: bool,
    ) -> None:  # fmt: skip
        """A whole flow planted broken; `compte` says whether its pieces are in the totals."""
        bord = flux.bordereaux[0]
        lieu = {**_place(c), "chemin": chemin, "bordereau": bord.numero,
                "pieces": len(bord.pieces), "ht": sum(p.ht for p in bord.pieces),
                "tva": sum(p.tva for p in bord.pieces)}  # fmt: skip
        self.casses.append({**_casse(Casse(genre, attendu), "flux"), **lieu, "compte": compte})
        self.hors_schema.append(chemin)

    def as_json(self) -> dict[str, Valeur]:
        """The manifest as `manifeste.json` holds it; amounts in cents."""
        noms = ("siren", "siret", "codcol", "codbud", "exercice", "sens")
        totaux = [
            {**dict(zip(noms, cle, strict=True)), "exercice": int(cle[4]), **total}
            for cle, total in sorted(self.totaux.items())
        ]
        return {
            "seed": self.seed,
            "pieces": self.pieces,
            "compteurs": dict(sorted(self.compteurs.items())),
            "totaux": totaux,
            "pj": dict(sorted(self.pj.items())),
            "casses": self.casses,
            "hors_schema": self.hors_schema,
            "reperes": self.reperes,
        }

    def write(self, chemin: Path) -> None:
        """Write it, in UTF-8, indented."""
        texte = json.dumps(self.as_json(), ensure_ascii=False, indent=1)
        chemin.write_text(texte + "\n", encoding="utf-8")


def _place(c: Cellule) -> dict[str, Valeur]:
    b = c.budget
    return {
        "poste": b.poste.codique, "siren": b.collectivite.siren, "siret": b.siret,
        "codcol": b.codcol, "codbud": b.codbud, "exercice": c.exercice, "sens": c.sens,
    }  # fmt: skip


def _describe(repere: Repere) -> dict[str, Valeur]:
    return {
        "cle": repere.cle, "description": repere.description, "recherche": repere.recherche,
        "trouvable": repere.trouvable, "page": repere.page,
    }  # fmt: skip


def _pj(pj: Pj | None) -> dict[str, Valeur]:
    if pj is None:
        return {}
    octets = pj.make()
    return {**_id(pj), "sha256": hashlib.sha256(octets).hexdigest(), "taille": len(octets)}


def _id(pj: Pj | None) -> dict[str, Valeur]:
    return {"id_unique": pj.id_unique, "nom_pj": pj.nom} if pj else {}


def _casse(casse: Casse, portee: str) -> dict[str, Valeur]:
    return {"genre": casse.genre, "portee": portee, "attendu": casse.attendu}
