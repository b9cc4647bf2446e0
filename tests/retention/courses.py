"""Gels placed while an elimination goes on, each in its thread: what was attested, and when."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

from orc.db import Database
from orc.models import BordereauElimination, Gel, GelObjet, LigneElimination
from orc.retention.decisions import decide_now
from orc.retention.eliminations import (
    Appel,
    Etat,
    Geste,
    Regles,
    Saisie,
    add_pj,
    create_bordereau,
    do_geste,
)
from orc.retention.verrou import hold_retention
from tests.retention.actes import put_gel
from tests.retention.eliminables import AUJOURD_HUI, COMMUNE, PV, Monde

THREADS = 4
LAST = 1000
REGLES = Regles(delai_jours=0, autorisation_generale="Arrêté 12")
DEMAIN = AUJOURD_HUI + timedelta(days=1)
CHEMIN = (
    (Geste.ANALYSER, "maire"),
    (Geste.PROPOSER, "maire"),
    (Geste.AUTORISER, "maire"),
    (Geste.OUVRIR_DELAI, "maire"),
    (Geste.ATTESTER, "maire"),
    (Geste.CONTRESIGNER, "secretaire"),
)


@dataclass
class Bilan:
    """What came of the trials, a gel and a line each. `tenues`: held, yet attested: none ever."""

    essais: int = 0
    ecartes: int = 0
    gels_apres: int = 0
    tenues: int = 0
    eliminations: int = 0


@dataclass
class Course:
    """One elimination of all the PJ, and when each of them is held: at a step, after a pause."""

    monde: Monde
    moments: dict[int, tuple[int, float]]
    step: int = -1
    # Of each PJ, whether its line was attested when its gel was placed.
    apres: dict[int, bool] = field(default_factory=dict)
    reached: threading.Condition = field(default_factory=threading.Condition)

    def go(self, step: int) -> None:
        """Let the gels of this step come."""
        with self.reached:
            self.step = step
            self.reached.notify_all()

    def place(self, some: list[int]) -> None:
        """Gels on these PJ, each at its moment, one transaction each."""
        for pj_id in sorted(some, key=self.moments.__getitem__):
            step, pause = self.moments[pj_id]
            with self.reached:
                self.reached.wait_for(lambda step=step: self.step >= step)  # type: ignore[misc]  # bound now
            time.sleep(pause)
            with self.monde.database.writing() as session:
                hold_retention(session)
                put_gel(session, pj=(pj_id,))
                attested = select(LigneElimination.id).where(
                    LigneElimination.pj_id == pj_id, LigneElimination.statut == "detruite"
                )
                # Under the lock: what is attested now was before the gel, the rest comes after.
                self.apres[pj_id] = session.scalar(attested) is not None


def run_courses(monde: Monde, essais: int, seed: int = 6) -> Bilan:
    """So many gels, as many to an elimination as there are PJ; all is given back between two."""
    chance = random.Random(seed)  # noqa: S311 - the same trials each time
    bilan = Bilan()
    pj = sorted(monde.pj.values())
    while bilan.essais < essais:
        # A quarter come after the end: something is attested each time.
        moments = {
            i: (chance.choice((0, 2, 4, 5, 6, 7, LAST, LAST)), chance.random() / 20) for i in pj
        }
        run_course(Course(monde, moments), bilan, chance)
        restore(monde.database, pj)
    return bilan


def run_course(course: Course, bilan: Bilan, chance: random.Random) -> None:
    """One elimination while threads place the gels."""
    pj = sorted(course.moments)
    with ThreadPoolExecutor(THREADS) as pool:
        placed = [pool.submit(course.place, pj[n::THREADS]) for n in range(THREADS)]
        try:
            ident = eliminate(course, pj, chance)
        finally:
            course.go(LAST)
        for done in placed:
            done.result()
    count(course, ident, bilan)


def eliminate(course: Course, pj: list[int], chance: random.Random) -> int:
    """Every step to the second attestation; what a gel sends back is signed again."""
    monde = course.monde
    with monde.database.writing() as session:
        maire = monde.gens["maire"]
        ident = create_bordereau(session, maire, COMMUNE, "Course", today=AUJOURD_HUI)
        add_pj(session, maire, ident, 1, pj, today=AUJOURD_HUI)
    for step in range(200):
        course.go(step)
        with monde.database.reading() as session:
            row = session.get_one(BordereauElimination, ident)
            etat, pas = Etat(row.etat), row.pas
        if etat in (Etat.ATTESTEE, Etat.ABANDONNEE):
            break
        geste, qui = NEXT[etat]
        day = AUJOURD_HUI if etat is not Etat.DELAI else DEMAIN
        saisie = Saisie(methode="Broyage", detruite_le=DEMAIN, piece=PV)
        with monde.database.writing() as session:
            appel = Appel(session, monde.storage, monde.gens[qui], ident, pas, REGLES, day)
            do_geste(appel, geste, saisie)
        # SQLite lets in who waits every tenth of a second only.
        time.sleep(chance.choice((0, 0.002, 0.12)))
    return ident


NEXT = {
    Etat.BROUILLON: CHEMIN[0],
    Etat.ANALYSEE: CHEMIN[1],
    Etat.PROPOSEE: CHEMIN[2],
    Etat.VISE: CHEMIN[3],
    Etat.DELAI: CHEMIN[4],
    Etat.A_CONTRESIGNER: CHEMIN[5],
}


def count(course: Course, ident: int, bilan: Bilan) -> None:
    """What became of the held lines."""
    with course.monde.database.reading() as session:
        query = select(LigneElimination.pj_id, LigneElimination.statut)
        lines = session.execute(query.where(LigneElimination.bordereau_id == ident)).all()
    bilan.eliminations += 1
    for pj_id, statut in lines:
        bilan.essais += 1
        bilan.ecartes += statut == "ecartee"
        bilan.gels_apres += course.apres[pj_id]
        bilan.tenues += statut == "detruite" and not course.apres[pj_id]


def restore(database: Database, pj: list[int]) -> None:
    """As before the trial: no gel, no line that keeps these PJ. Only a test may."""
    with database.writing() as session:
        session.query(LigneElimination).filter(LigneElimination.pj_id.in_(pj)).update(
            {"en_cours": False, "statut": "retiree"}
        )
        session.query(GelObjet).delete()
        session.query(Gel).delete()
        decide_now(session, pj, AUJOURD_HUI)
