"""A bordereau d'élimination from its draft to the register, by who may, on both databases."""

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select

from orc.db import Database, Writing
from orc.models import (
    BordereauElimination,
    LigneElimination,
)
from orc.retention.eliminations import (
    Attestation,
    Choix,
    Criteres,
    Etat,
    Geste,
    Regles,
    Reponse,
    StatutLigne,
    Suite,
    add_eligibles,
    analyse,
    answer_visa,
    ask_visa,
    attest,
    certify,
    countersign,
    create_bordereau,
    except_lines,
    find_etapes,
    open_delai,
    propose,
    read_registre,
    write_list,
)
from tests.retention.actes import put_gel
from tests.retention.eliminables import AUJOURD_HUI, COMMUNE, PV, Monde, make_monde

REGLES = Regles(delai_jours=10)
APRES = AUJOURD_HUI + timedelta(days=11)
TOUT = Criteres()


class Dossier:
    """A bordereau and who moves it, one act a transaction."""

    def __init__(self, monde: Monde, par: str = "maire") -> None:
        self.monde = monde
        with monde.database.writing() as session:
            self.id = create_bordereau(
                session, monde.gens[par], COMMUNE, "Factures 2023", today=AUJOURD_HUI
            )

    def do(self, work: Callable[..., Suite], par: str, *given: object, **how: object) -> Suite:
        """One act of this person on the bordereau as it is now."""
        how.setdefault("today", AUJOURD_HUI)
        needs_storage = {propose, ask_visa, answer_visa, attest, certify}
        first = (self.monde.storage,) if work in needs_storage else ()
        pas = how.pop("pas", None)
        with self.monde.database.writing() as session:
            pas = self.read(session).pas if pas is None else pas
            who = self.monde.gens[par]
            return work(session, *first, who, self.id, pas, *given, **how)

    def read(self, session: Writing) -> BordereauElimination:
        """Its row."""
        return session.get_one(BordereauElimination, self.id)

    @property
    def etat(self) -> Etat:
        """Where it is."""
        with self.monde.database.writing() as session:
            return Etat(self.read(session).etat)

    def lines(self) -> dict[str, StatutLigne]:
        """What became of each PJ."""
        with self.monde.database.reading() as session:
            query = select(LigneElimination).where(LigneElimination.bordereau_id == self.id)
            return {line.id_unique: StatutLigne(line.statut) for line in session.scalars(query)}

    def find_line(self, id_unique: str) -> int:
        """The id of the line of this PJ."""
        with self.monde.database.reading() as session:
            query = select(LigneElimination.id).filter_by(bordereau_id=self.id, id_unique=id_unique)
            return session.scalars(query).one()

    def reach(self, etat: Etat, *refuse: str) -> "Dossier":
        """Go as far as this state, these lines refused."""
        steps: list[tuple[Etat, Callable[[], Suite]]] = [
            (Etat.BROUILLON, lambda: self.do(add_eligibles, "maire", TOUT)),
            (Etat.ANALYSEE, lambda: self.do(analyse, "maire")),
            (Etat.PROPOSEE, lambda: self.do(propose, "maire", piece=PV)),
            (Etat.VISA_DEMANDE, lambda: self.do(ask_visa, "maire")),
            (Etat.VISE, lambda: self.answer(*refuse)),
            (Etat.DELAI, lambda: self.do(open_delai, "maire", regles=REGLES)),
            (Etat.A_CONTRESIGNER, self.attest),
            (Etat.ATTESTEE, lambda: self.do(countersign, "secretaire", today=APRES)),
            (Etat.CERTIFIEE, lambda: self.do(certify, "archiviste", regles=REGLES, today=APRES)),
        ]
        for reached, step in steps:
            step()
            if reached is etat:
                break
        return self

    def answer(self, *refuse: str) -> Suite:
        """The archives answer, these lines refused."""
        for nom in refuse:
            line = self.find_line(nom)
            self.do(except_lines, "archiviste", Choix((line,)), "Procès en cours")
        return self.do(answer_visa, "archiviste", Reponse("AD33/2026/17"))

    def attest(self, par: str = "maire", **changes: object) -> Suite:
        """The first attestation."""
        said = {"detruite_le": APRES, "methode": "Effacement sécurisé", "piece": PV, **changes}
        return self.do(attest, par, Attestation(**said), today=APRES)  # type: ignore[arg-type]  # settings by their names

    def hold(self, id_unique: str) -> int:
        """A gel on this PJ."""
        with self.monde.database.writing() as session:
            return put_gel(session, pj=(self.monde.pj[id_unique],))


@pytest.fixture
def monde(database: Database, tmp_path: Path) -> Monde:
    return make_monde(database, tmp_path)


@pytest.fixture
def dossier(monde: Monde) -> Dossier:
    return Dossier(monde)


def test_the_whole_way_to_the_register(dossier: Dossier, monde: Monde) -> None:
    dossier.reach(Etat.CERTIFIEE, "PJ00002")
    assert dossier.etat is Etat.CERTIFIEE
    with monde.database.reading() as session:
        found, total = read_registre(session, monde.gens["comptable"].clearance)
        etapes = find_etapes(session, dossier.id, frozenset())
        row = session.get_one(BordereauElimination, dossier.id)
    assert total == 3
    assert {line.ligne.id_unique for line in found} == {"PJ00001", "PJ00003", "PJ00004"}
    assert found[0].autorisation == "Visa : AD33/2026/17"
    assert found[0].detruite_le == APRES
    assert row.numero == "BE-2026-000001"
    assert [e.geste for e in etapes] == [
        Geste.CREER, Geste.AJOUTER, Geste.ANALYSER, Geste.PROPOSER, Geste.DEMANDER_VISA,
        Geste.VISER_EN_PARTIE, Geste.OUVRIR_DELAI, Geste.ATTESTER, Geste.CONTRESIGNER,
        Geste.CERTIFIER,
    ]  # fmt: skip
    assert dossier.lines()["PJ00002"] is StatutLigne.REFUSEE


def test_the_frozen_list_has_the_hash_that_anybody_can_make_again(
    dossier: Dossier, monde: Monde
) -> None:
    dossier.reach(Etat.PROPOSEE)
    with monde.database.reading() as session:
        row = session.get_one(BordereauElimination, dossier.id)
        lines = list(write_list(session, row))
        said = [json.loads(line) for line in lines]
    assert sha256(b"".join(lines)).hexdigest() == row.liste_sha256
    assert said[0] == ["orc-elimination-1", row.numero, COMMUNE]
    assert [line[0] for line in said[1:]] == [1, 2, 3, 4]
    assert said[1][1:3] == ["PJ00002", "PJ00002.pdf"]
