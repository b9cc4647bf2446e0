"""What was made, so that a test or a demonstration can check it was found."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from orc.demo.cellule import Cellule
from orc.demo.valeurs import Flux, Piece, Pj

Valeur = object


@dataclass(slots=True)
class Manifeste:
    """Totals by cell, PJ by kind, what is broken and how it must be seen, needles to find."""

    seed: int
    pieces: int
    totaux: dict[tuple[str, ...], dict[str, int]] = field(default_factory=dict)
    pj: Counter[str] = field(default_factory=Counter)
    flux: list[dict[str, Valeur]] = field(default_factory=list)
    casses: list[dict[str, Valeur]] = field(default_factory=list)
    reperes: list[dict[str, Valeur]] = field(default_factory=list)
    compteurs: Counter[str] = field(default_factory=Counter)

    def record_piece(self, c: Cellule, piece: Piece) -> None:
        """Count a piece in its cell; amounts in cents, minus when TypBord is 02."""
        b = c.budget
        cle = (b.collectivite.siren, b.siret, b.codcol, b.codbud, str(c.exercice), c.sens)
        total = self.totaux.setdefault(cle, {"pieces": 0, "ht": 0, "tva": 0, "lignes": 0})
        signe = -1 if piece.typ_bord == "02" else 1
        total["pieces"] += 1
        total["lignes"] += len(piece.lignes)
        total["ht"] += signe * piece.ht
        total["tva"] += signe * piece.tva

    def record_pj(self, pj: Pj) -> None:
        """Count a PJ of a flow by its kind."""
        self.pj[pj.genre] += 1

    def record_flux(self, chemin: str, flux: Flux, octets: int) -> None:
        """A flow aller written at `chemin`."""
        self.compteurs["flux_aller"] += 1
        self.compteurs["octets"] += octets
        del flux, chemin

    def as_json(self) -> dict[str, Valeur]:
        """The manifest as `manifeste.json` holds it."""
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
            "reperes": self.reperes,
        }

    def write(self, chemin: Path) -> None:
        """Write it, in UTF-8, indented."""
        texte = json.dumps(self.as_json(), ensure_ascii=False, indent=1)
        chemin.write_text(texte + "\n", encoding="utf-8")
