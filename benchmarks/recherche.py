"""Search at scale: time of a page with its facets, totals and passages; indexing; size.

`python -m benchmarks.recherche 200000 [folder]`: a folder keeps the index from one run to the next.
"""

import hashlib
import math
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from itertools import accumulate
from pathlib import Path

from orc.access import Clearance
from orc.index.engines.tantivy import TantivyEngine
from orc.index.fields import Genre
from orc.index.query import DemandeFacette, Hits, Query
from orc.index.record import Record, Value
from orc.search.find import Question, make_query
from orc.search.passages import find_passages
from orc.storage import Storage

Row = tuple[str, float, str]
Values = dict[str, tuple[Value, ...]]

CELLULES = 400
TEXTS = 2_000
BATCH = 5_000
# What the search page asks for (web/pages/facettes.py).
FACETTES = tuple(
    DemandeFacette(champ, 9)
    for champ in (
        *("exercice", "collectivite", "budget", "sens", "compte", "tiers", "mois", "type_piece"),
        *("nature", "mode_reglement", "type_pj", "format", "presence", "etat_texte"),
    )
)
SUBJECTS = re.findall(
    r"\w+",
    "facture électricité école travaux voirie fourniture administrative mairie prestation service "
    "nettoyage bâtiment entretien chauffage gaz eau assainissement marché lot paiement montant "
    "total hors taxe règlement virement échéance client compte adresse commune département budget "
    "délibération conseil municipal convention subvention association location matériel logiciel",
)
SYLLABLES = re.findall(r"\w+", "ba co de fi gu la me no pu ri sa te vi ze cha tro pli nou")
COMPTES = re.findall(
    r"\w+", "60611 60612 60631 6068 615221 61551 6184 6232 6262 64111 6574 2135 2151 2188 2315"
)

QUESTIONS: tuple[tuple[str, str], ...] = (
    ("un mot fréquent", "électricité"),
    ("trois mots", "facture nettoyage école"),
    ("une phrase de mots fréquents", '"facture électricité"'),
    ("un début de mot", "assain*"),
    ("une référence", "F2021-004242"),
    ("un montant", "1 234,56"),
    ("un groupe", "(gaz OU chauffage) mairie SAUF voirie"),
    ("des champs", "compte:606* montant:1000..3000 exercice:2021..2022"),
    ("tout, par montant", "*"),
)


class Corpus:
    """Pieces as the demonstration silo has them: Zipf's words, one PJ of about 1.9 kB each."""

    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)
        words = SUBJECTS + ["".join(self._random.choices(SYLLABLES, k=3)) for _ in range(20_000)]
        self._words = words
        self._weights = list(accumulate(1 / (rank + 5) for rank in range(len(words))))
        self.texts = [(self._text(130), self._text(130)) for _ in range(TEXTS)]

    def _text(self, words: int) -> str:
        return " ".join(self._random.choices(self._words, cum_weights=self._weights, k=words))

    def make(self, number: int) -> Iterator[Record]:
        """The records of one piece."""
        pick = self._random
        cellule = pick.randrange(CELLULES)
        exercice = 2019 + cellule % 5
        montant = pick.randrange(1_000, 500_000)
        comptes = tuple(pick.sample(COMPTES, pick.choice((1, 1, 1, 2))))
        common = self._make_common(number, cellule, exercice, montant)
        pages = self.texts[number % TEXTS]
        pj: Values = {
            "id_unique": (f"PJ{number:09d}",),
            "type_pj": ("003",),
            "nom_pj": (f"Facture_{number}.pdf",),
            "presence": ("recue",),
            "format": (pick.choice(("pdf", "pdf", "pdf", "docx", "tiff")),),
            "etat_texte": ("extrait",),
            "texte": ("\n".join((*pages, f"Facture F{exercice}-{number:06d} du 12/04/2023")),),
        }
        lignes = [(c, montant // len(comptes)) for c in comptes]
        yield Record(Genre.PIECE, number, number, cellule, common | pj | {"compte": comptes})
        for rank, (compte, part) in enumerate(lignes):
            values: Values = {"compte": (compte,), "montant": (part,), "montant_ligne": (part,)}
            yield Record(Genre.LIGNE, number * 4 + rank, number, cellule, common | values)
        yield Record(Genre.PJ, number, number, cellule, common | pj | {"compte": comptes})

    def _make_common(self, number: int, cellule: int, exercice: int, montant: int) -> Values:
        pick = self._random
        day = date(exercice, pick.randint(1, 12), pick.randint(1, 28))
        siren = f"9990{cellule // 10:05d}"
        return {
            "collectivite": (siren,),
            "nom_collectivite": (f"Commune de Sainte-{SYLLABLES[cellule % 18].title()}",),
            "budget": (f"{siren}00011-101-0{cellule % 2}",),
            "exercice": (exercice,),
            "sens": (pick.choice(("depense", "depense", "depense", "recette")),),
            "bordereau": (str(number // 20),),
            "type_bordereau": ("01",),
            "date": (day,),
            "mois": (day.year * 100 + day.month,),
            "piece": (str(number),),
            "type_piece": (pick.choice(("01", "01", "01", "08", "09")),),
            "nature": (pick.choice(("01", "01", "02", "11")),),
            "objet": (self._text(5),),
            "montant": (montant,),
            "ht": (montant * 5 // 6,),
            "nb_pj": (1,),
            "tiers": (f"SOCIETE {pick.randrange(5_000)} SARL",),
            "siret": (f"{pick.randrange(10**13):014d}",),
            "facture": (f"F{exercice}-{number:06d}",),
            "mode_reglement": (pick.choice(("03", "03", "10")),),
        }


def fill(engine: TantivyEngine, pieces: int) -> Iterator[Row]:
    """Index them, in commits of BATCH pieces; the rate of each tenth tells if it stays flat."""
    corpus = Corpus()
    began = at = time.perf_counter()
    tenth = max(BATCH, pieces // 10)
    for start in range(0, pieces, BATCH):
        batch = range(start, min(start + BATCH, pieces))
        engine.put(record for number in batch for record in corpus.make(number))
        engine.commit()
        if batch.stop in (tenth, pieces):
            now = time.perf_counter()
            done = tenth if batch.stop == tenth else pieces - tenth
            label = "le premier dixième" if batch.stop == tenth else "le reste"
            yield (f"Indexation, {label}", done / (now - at), "pièces/s")
            at = now
    engine.release()
    yield ("Indexation, fusions comprises", pieces / (time.perf_counter() - began), "pièces/s")


def time_calls(call: Callable[[], object], times: int = 20) -> tuple[float, float]:
    """(median, 95th percentile) in milliseconds, after two calls to warm up."""
    spent = []
    for _ in range(times + 2):
        began = time.perf_counter()
        call()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent[2:]), find_p95(spent[2:])


def find_p95(times: Sequence[float]) -> float:
    """What nineteen of twenty do not exceed."""
    return sorted(times)[math.ceil(len(times) * 0.95) - 1]


def answer(engine: TantivyEngine, storage: Storage, query: Query, allowed: Clearance) -> Hits:
    """What a result page costs beside SQL: hits and facets, totals of the pieces, passages."""
    hits = engine.search(query, clearance=allowed)
    by_sens = (DemandeFacette("sens", 2, somme=True),)
    pieces = Query(query.expression, Genre.PIECE, query.filtres, by_sens, taille=0)
    engine.search(pieces, clearance=allowed)
    for hit in hits.hits:
        find_passages(storage.get_pages(make_digest(hit.numero % TEXTS)), query.expression)
    return hits


def make_digest(number: int) -> str:
    """The digest under which the pages of a text are kept."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def measure(pieces: int = 200_000, folder: Path | None = None) -> list[Row]:
    """What was measured: its name, its value, its unit."""
    with tempfile.TemporaryDirectory() as name:
        return list(_measure(pieces, folder or Path(name)))


def _measure(pieces: int, folder: Path) -> Iterator[Row]:
    kept = (folder / "index").exists()
    engine = TantivyEngine(folder / "index")
    storage = Storage(str(folder / "textes"))
    if not kept:
        for number, pages in enumerate(Corpus().texts):
            storage.put_pages(make_digest(number), pages)
        yield from fill(engine, pieces)
    size = sum(f.stat().st_size for f in (folder / "index").iterdir())
    yield ("Taille de l’index", size / pieces, "octets/pièce")
    readers = {
        "profil d’une collectivité": Clearance(frozenset(range(10))),
        "profil d’un poste": Clearance(frozenset(range(CELLULES // 10))),
        "tout voir": Clearance(frozenset(range(CELLULES))),
    }
    for reader, allowed in readers.items():
        yield from _measure_reader(engine, storage, reader, allowed)
    engine.close()


def _measure_reader(
    engine: TantivyEngine, storage: Storage, reader: str, allowed: Clearance
) -> Iterator[Row]:
    spent = []
    for label, texte in QUESTIONS:
        tri = "montant_fort" if texte == "*" else ""
        query = make_query(Question(texte, tri=tri, facettes=FACETTES))
        found = engine.search(query, clearance=allowed).total
        median, p95 = time_calls(partial(answer, engine, storage, query, allowed))
        spent.append(p95)
        yield (f"{reader}, {label} ({found} PJ), médiane", median, "ms")
        yield (f"{reader}, {label} ({found} PJ), p95", p95, "ms")
    yield (f"{reader}, la plus lente des p95", max(spent), "ms")


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    for nom, valeur, unite in measure(wanted, Path(sys.argv[2]) if len(sys.argv) > 2 else None):
        print(f"{nom:<72} {valeur:>10.1f} {unite}")
