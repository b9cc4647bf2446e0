"""Random acts by random people: whatever they try, nothing held or not eligible is attested."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from shutil import copyfile
from tempfile import mkdtemp

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, update

from orc.db import Database, Writing, open_engine
from orc.errors import Conflict, Forbidden, Invalid, NotFound
from orc.models import BordereauElimination, EtapeElimination, Gel, LigneElimination
from orc.retention.eliminations import (
    PASSAGES,
    Appel,
    Camp,
    Choix,
    Criteres,
    Etat,
    Geste,
    Regles,
    Saisie,
    add_eligibles,
    create_bordereau,
    do_geste,
    except_lines,
    hash_list,
    remove_lines,
)
from orc.retention.eliminations.gestes import GESTES
from orc.retention.gels import find_held
from orc.retention.verrou import hold_retention
from tests.retention.actes import put_gel
from tests.retention.eliminables import AUJOURD_HUI, COMMUNE, PV, make_monde
from tests.sql import make_database

REGLES = Regles(delai_jours=0, autorisation_generale="Arrêté 12")
PERSONNES = ("maire", "secretaire", "archiviste", "directrice", "comptable", "voisin")
# Those who may do something come often, so that the way is gone to its end.
QUI = st.sampled_from((*PERSONNES, "maire", "secretaire", "archiviste"))
MOTIFS = st.sampled_from(("", "X"))
REFUS = (Conflict, Forbidden, Invalid, NotFound)
PRODUCTEURS, ARCHIVISTES = ("maire", "secretaire"), ("archiviste", "directrice")
REACHED: set[Etat] = set()
FIGES = {e.value for e in Etat} - {
    Etat.BROUILLON.value, Etat.ANALYSEE.value, Etat.ABANDONNEE.value,
}  # fmt: skip


class Modele:
    """One archive, ingested once, copied for each example."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="orc-eliminations-"))
        database = make_database(self.folder / "modele")
        self.monde = make_monde(database, self.folder / "flux", 4)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        self.copies = 0

    def copy(self) -> Database:
        """The same archive, for one example."""
        self.copies += 1
        path = self.folder / f"{self.copies}.sqlite"
        copyfile(self.folder / "modele/orc.sqlite", path)
        return Database(open_engine(f"sqlite:///{path}"))


_modeles: list[Modele] = []


def get_modele() -> Modele:
    """The archive of this process."""
    if not _modeles:
        _modeles.append(Modele())
    return _modeles[0]


class Eliminations(RuleBasedStateMachine):
    """Two bordereaux, four PJ, gels that come and go, days that pass."""

    @initialize()
    def open(self) -> None:
        """A copy of the archive."""
        modele = get_modele()
        self.gens, self.pj = modele.monde.gens, modele.monde.pj
        self.storage = modele.monde.storage
        self.database = modele.copy()
        self.today = AUJOURD_HUI
        self.ids: list[int] = []
        self.gels: list[int] = []
        self.steps: dict[int, tuple[object, ...]] = {}
        self.attested: set[str] = set()
        with self.database.writing() as session:
            maire = self.gens["maire"]
            ident = create_bordereau(session, maire, COMMUNE, "Liste", today=self.today)
            add_eligibles(session, maire, ident, 1, Criteres(), today=self.today)
        self.ids.append(ident)

    def teardown(self) -> None:
        """Give the file back."""
        if hasattr(self, "database"):
            self.database.close()

    def pick(self, which: int) -> int | None:
        """One of the bordereaux."""
        return self.ids[which % len(self.ids)] if self.ids else None

    def attempt(self, which: int, stale: int, work: Callable[[Writing, int, int], object]) -> None:
        """An act on a bordereau, seen at a step that may be gone: done whole, or refused whole."""
        ident = self.pick(which)
        if ident is None:
            return
        before = self.count_steps()
        try:
            with self.database.writing() as session:
                held = self.find_held(session)
                pas = session.get_one(BordereauElimination, ident).pas - stale
                work(session, ident, pas)
                self.check_attested(session, held)
        except REFUS:
            assert self.count_steps() == before
        else:
            assert not stale
            assert self.count_steps() == before + 1

    def count_steps(self) -> int:
        """How many steps were ever written."""
        with self.database.reading() as session:
            return session.scalars(select(func.count()).select_from(EtapeElimination)).one()

    def find_held(self, session: Writing) -> frozenset[int]:
        """What a gel holds now."""
        return find_held(session, list(self.pj.values()), self.today)

    def check_attested(self, session: Writing, held: frozenset[int]) -> None:
        """What was just attested was free."""
        query = select(LigneElimination.id_unique, LigneElimination.pj_id).where(
            LigneElimination.statut == "detruite"
        )
        for id_unique, pj_id in session.execute(query):
            if id_unique not in self.attested:
                assert pj_id not in held
                self.attested.add(id_unique)

    @rule(qui=QUI)
    def create(self, qui: str) -> None:
        """A draft."""
        if len(self.ids) < 2:
            try:
                with self.database.writing() as session:
                    ident = create_bordereau(
                        session, self.gens[qui], COMMUNE, "Liste", today=self.today
                    )
            except REFUS:
                assert qui in ("comptable", "voisin")
            else:
                self.ids.append(ident)

    @rule(qui=QUI, which=st.integers(0, 1), stale=st.sampled_from((0, 0, 0, 1)))
    def add(self, qui: str, which: int, stale: int) -> None:
        """All that may go."""
        self.attempt(
            which,
            stale,
            lambda s, i, pas: add_eligibles(
                s, self.gens[qui], i, pas, Criteres(), today=self.today
            ),
        )

    @rule(qui=QUI, which=st.integers(0, 1), rank=st.integers(0, 3))
    def remove(self, qui: str, which: int, rank: int) -> None:
        """One line out of the list."""
        self.attempt(
            which,
            0,
            lambda s, i, pas: remove_lines(
                s, self.gens[qui], i, pas, [self.find_line(s, i, rank)], today=self.today
            ),
        )

    @rule(
        qui=QUI, which=st.integers(0, 1), rank=st.integers(0, 3), motif=st.sampled_from(("", "X"))
    )
    def except_line(self, qui: str, which: int, rank: int, motif: str) -> None:
        """A refusal prepared, or taken back."""
        self.attempt(
            which,
            0,
            lambda s, i, pas: except_lines(
                s,
                self.gens[qui],
                i,
                pas,
                Choix((self.find_line(s, i, rank),)),
                motif,
                today=self.today,
            ),
        )

    def find_line(self, session: Writing, ident: int, rank: int) -> int:
        """One of the lines, or none."""
        query = select(LigneElimination.id).where(LigneElimination.bordereau_id == ident)
        found = session.scalars(query.order_by(LigneElimination.id)).all()
        return found[rank] if rank < len(found) else 0

    @rule(
        qui=QUI,
        which=st.integers(0, 1),
        geste=st.sampled_from(list(GESTES)),
        stale=st.sampled_from((0, 0, 0, 0, 1)),
    )
    def act(self, qui: str, which: int, geste: Geste, stale: int) -> None:
        """Any act, whether or not it is its time."""
        self.do(qui, which, geste, stale)

    @rule(which=st.integers(0, 1), ranks=st.lists(st.integers(0, 5), min_size=2, max_size=9))
    def go_on(self, which: int, ranks: list[int]) -> None:
        """Acts whose time it is, by those who may."""
        for number, rank in enumerate(ranks):
            self.take_step(which, rank, number % 2)

    def take_step(self, which: int, rank: int, who: int) -> None:
        """One of them; a day passes."""
        self.today += timedelta(days=1)
        ident = self.pick(which)
        if ident is None:
            return
        with self.database.reading() as session:
            etat = Etat(session.get_one(BordereauElimination, ident).etat)
        REACHED.add(etat)
        gestes = [
            g
            for g in GESTES
            if (etat, g) in PASSAGES and g not in (Geste.ABANDONNER, Geste.RECUSER)
        ]
        if gestes:
            geste = gestes[rank % len(gestes)]
            mine = Camp.PRODUCTEUR in PASSAGES[etat, geste].camps and geste is not Geste.CERTIFIER
            self.do((PRODUCTEURS if mine else ARCHIVISTES)[who], which, geste, 0)

    def do(self, qui: str, which: int, geste: Geste, stale: int) -> None:
        """One act with all that it may want."""
        saisie = Saisie("Motif", "AD 1", "", "Broyage", self.today, None, PV)

        def work(session: Writing, ident: int, pas: int) -> None:
            appel = Appel(session, self.storage, self.gens[qui], ident, pas, REGLES, self.today)
            do_geste(appel, geste, saisie)

        self.attempt(which, stale, work)

    @rule(rank=st.integers(0, 3))
    def hold(self, rank: int) -> None:
        """A gel on one PJ."""
        with self.database.writing() as session:
            hold_retention(session)
            self.gels.append(put_gel(session, pj=(sorted(self.pj.values())[rank],)))

    @rule()
    def release(self) -> None:
        """The last gel ended yesterday."""
        if self.gels:
            with self.database.writing() as session:
                hold_retention(session)
                ended = {"leve_par": "x", "fin_le": self.today - timedelta(days=1)}
                session.execute(update(Gel).where(Gel.id == self.gels.pop()).values(**ended))

    @rule(days=st.integers(1, 4))
    def wait(self, days: int) -> None:
        """Days pass."""
        self.today += timedelta(days=days)

    @invariant()
    def the_frozen_list_is_the_one_that_was_signed(self) -> None:
        """The hash is there while the list is frozen, and is that of its lines."""
        if not hasattr(self, "database"):
            return
        with self.database.reading() as session:
            for row in session.scalars(select(BordereauElimination)):
                if row.etat in FIGES:
                    assert row.liste_sha256 == hash_list(session, row)
                if row.etat in ("attestee", "certifiee"):
                    self.check_signatures(session, row)

    def check_signatures(self, session: object, row: BordereauElimination) -> None:
        """An authorisation, two people, and the hash of what they attested."""
        assert row.autorisation
        query = select(EtapeElimination).where(EtapeElimination.bordereau_id == row.id)
        steps = list(session.scalars(query.order_by(EtapeElimination.id)))  # type: ignore[attr-defined]  # a session of either kind
        signed = [s for s in steps if s.acte in ("attester", "contresigner")][-2:]
        assert [s.acte for s in signed] == ["attester", "contresigner"]
        assert signed[0].personne_id != signed[1].personne_id
        assert signed[0].liste_sha256 == signed[1].liste_sha256
        assert signed[1].liste_sha256 == hash_list(session, row, attested=True)  # type: ignore[arg-type]  # the same

    @invariant()
    def steps_are_never_changed_and_follow_one_another(self) -> None:
        """Each begins where the one before ended."""
        if not hasattr(self, "database"):
            return
        with self.database.reading() as session:
            rows = list(session.scalars(select(EtapeElimination).order_by(EtapeElimination.id)))
            found = {r.id: (r.acte, r.avant, r.apres, r.liste_sha256, r.details) for r in rows}
            assert self.steps.items() <= found.items()
            self.steps = dict(found)  # type: ignore[arg-type]  # tuples of texts
            for ident in self.ids:
                mine = [r for r in rows if r.bordereau_id == ident]
                states = [r.apres for r in mine]
                assert [r.avant for r in mine[1:]] == states[:-1]
                row = session.get_one(BordereauElimination, ident)
                assert (row.etat, row.pas) == (states[-1], len(mine))


def test_nothing_held_is_attested_whatever_people_try() -> None:
    chosen = settings(max_examples=40, stateful_step_count=20, deadline=None)
    run_state_machine_as_test(Eliminations, settings=chosen)
    assert {Etat.DELAI, Etat.VISE, Etat.A_CONTRESIGNER} <= REACHED
