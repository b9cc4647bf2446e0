"""Gels placed on what one sees, looked at again, released by another person, held until the end."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from orc.db import Database
from orc.domain import Droit, Role
from orc.errors import Conflict, Forbidden, Invalid, NotFound, OrcError
from orc.models import (
    ADecider,
    Budget,
    Collectivite,
    Ecriture,
    Gel,
    GelObjet,
    Lien,
    PieceJustificative,
)
from orc.retention.criteres import Criteres, load_criteres
from orc.retention.gels import find_gels, find_held
from orc.retention.gels_vus import EtatGel, find_gels_vus, read_gel
from orc.retention.poses import (
    LISTE_MAX,
    DepotGel,
    make_sha256,
    place_gel,
    release_gel,
    review_gel,
)
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.test_intake import take_in
from tests.retention.actes import find_piece, find_pj
from tests.retention.gens import AUJOURD_HUI, AUTRE, COMMUNE, get_lecteur, put_gens, put_personne
from tests.sql import make_database

FLUX = UnFlux(
    mandats=(UnMandat("1", cite=("A",)), UnMandat("2", cite=("A", "B"))),
    pjs=(UnePj("A"), UnePj("B", b"%PDF-1.4 b"), UnePj("SEULE", b"%PDF-1.4 seule")),
)
REVUE = date(2026, 12, 1)
TOUT = DepotGel("Contentieux", "Tribunal", "TA-1", "Recours", REVUE, criteres=Criteres(COMMUNE))
LISTE = replace(TOUT, criteres=None)


@pytest.fixture
def commune(tmp_path: Path) -> Database:
    database = make_database(tmp_path / "base")
    take_in(database, FLUX, tmp_path)
    put_gens(database)
    return database


def place(database: Database, nom: str, depot: DepotGel) -> int:
    lecteur = get_lecteur(database, nom)
    with database.writing() as session:
        return place_gel(session, lecteur, depot, today=AUJOURD_HUI)


def release(database: Database, nom: str, gel_id: int, motif: str = "Désistement") -> date:
    lecteur = get_lecteur(database, nom)
    with database.writing() as session:
        return release_gel(session, lecteur, gel_id, motif, delai=15, today=AUJOURD_HUI)


def read_held(database: Database, today: date = AUJOURD_HUI) -> set[str]:
    ids = {find_pj(database, name): name for name in ("A", "B", "SEULE")}
    with database.reading() as session:
        return {ids[i] for i in find_held(session, list(ids), today)}


def test_a_gel_is_journaled_and_marks_what_it_holds(commune: Database) -> None:
    with commune.writing() as session:
        session.execute(delete(ADecider))
    b = find_pj(commune, "B")
    gel = place(commune, "archiviste", replace(LISTE, pj_ids=(b, b)))
    with commune.reading() as session:
        acte = session.scalars(select(Ecriture).where(Ecriture.acte == "gel_pose")).one()
        row = session.get_one(Gel, gel)
        assert (acte.acteur, acte.objet) == ("archiviste", f"gel:{gel}")
        assert set(session.scalars(select(ADecider.pj_id))) == {b}
        assert (row.qualite, row.depuis) == ("archiviste", AUJOURD_HUI)
        assert row.liste_sha256 == make_sha256([b], [])
        assert session.query(GelObjet).count() == 1
    assert read_held(commune) == {"B"}


@pytest.mark.parametrize("nom", ["comptable", "ordonnateur", "archiviste"])
def test_who_prepares_or_controls_may_freeze(commune: Database, nom: str) -> None:
    gel = place(commune, nom, TOUT)
    with commune.reading() as session:
        assert session.get_one(Gel, gel).qualite == nom
    assert read_held(commune) == {"A", "B", "SEULE"}


def test_others_may_not(commune: Database) -> None:
    for nom in ("lecteur", "gestionnaire"):
        with pytest.raises(Forbidden):
            place(commune, nom, TOUT)
    with pytest.raises(NotFound):
        place(commune, "voisin", TOUT)
    for depot in (
        replace(LISTE, pj_ids=(find_pj(commune, "A"),)),
        replace(LISTE, piece_ids=(find_piece(commune, "1"),)),
    ):
        with pytest.raises(NotFound):
            place(commune, "voisin", depot)
    assert read_held(commune) == set()


@pytest.mark.parametrize(
    "depot",
    [
        replace(TOUT, nom=" "),
        replace(TOUT, autorite=""),
        replace(TOUT, reference="x" * 201),
        replace(TOUT, motif=""),
        replace(TOUT, motif="x" * 1001),
        replace(TOUT, revue_le=AUJOURD_HUI),
        replace(TOUT, revue_le=date(2027, 7, 1)),
        replace(TOUT, pj_ids=(1,)),
        LISTE,
        replace(TOUT, criteres=Criteres(COMMUNE, exercice_min=2025, exercice_max=2024)),
    ],
)
def test_a_gel_that_lacks_something_is_refused(commune: Database, depot: DepotGel) -> None:
    with pytest.raises(Invalid):
        place(commune, "archiviste", depot)


def test_a_list_too_long_is_refused(commune: Database) -> None:
    with pytest.raises(Invalid, match="critères"):
        place(commune, "archiviste", replace(LISTE, pj_ids=tuple(range(LISTE_MAX + 1))))


def test_a_gel_bears_only_on_what_its_placer_sees(commune: Database) -> None:
    with commune.writing() as session:
        (siret,) = session.scalars(select(Budget.siret).where(Budget.siren == COMMUNE))
        put_personne(
            session, "borne", Role.ORDONNATEUR, portee="budget", portee_cle=f"{siret}/101/00",
            droits=Droit.DESTRUCTION.value, exercice_min=2022, exercice_max=2023,
        )  # fmt: skip
        put_personne(
            session, "entier", Role.ARCHIVISTE, portee="collectivite", portee_cle=COMMUNE,
            domaines="paie,aide_sociale,sante", exercice_min=2020, exercice_max=2030,
        )  # fmt: skip
    asked = Criteres(COMMUNE, exercice_min=2020, budgets=(f"{siret}/101/00", "autre"))
    for nom, criteres, kept in (
        (
            "borne",
            asked,
            Criteres(COMMUNE, 2022, 2023, budgets=(f"{siret}/101/00",), domaines=("ordinaire",)),
        ),
        ("entier", Criteres(COMMUNE), Criteres(COMMUNE, 2020, 2030)),
        ("archiviste", Criteres(COMMUNE), Criteres(COMMUNE, domaines=("ordinaire",))),
    ):
        gel = place(commune, nom, replace(TOUT, criteres=criteres))
        with commune.reading() as session:
            assert load_criteres(session.get_one(Gel, gel).criteres) == kept
    with pytest.raises(NotFound):
        place(commune, "borne", replace(TOUT, criteres=Criteres(COMMUNE, budgets=("autre",))))
    with pytest.raises(Invalid):
        place(commune, "borne", replace(TOUT, criteres=Criteres(COMMUNE, exercice_min=2025)))


def test_it_is_released_by_another_person_then_holds_fifteen_days(commune: Database) -> None:
    gel = place(commune, "archiviste", TOUT)
    with pytest.raises(Forbidden, match="une autre personne"):
        release(commune, "archiviste", gel)
    with pytest.raises(Invalid):
        release(commune, "archiviste2", gel, " ")
    assert release(commune, "archiviste2", gel) == date(2026, 6, 16)
    assert read_held(commune, date(2026, 6, 16)) == {"A", "B", "SEULE"}
    assert read_held(commune, date(2026, 6, 17)) == set()
    with pytest.raises(Conflict, match="jusqu’au 16/06/2026"):
        release(commune, "comptable", gel)
    with commune.reading() as session:
        assert session.query(Ecriture).filter_by(acte="gel_leve", acteur="archiviste2").count() == 1


def test_an_ordonnateur_does_not_release_what_others_placed(commune: Database) -> None:
    for nom in ("archiviste", "comptable"):
        with pytest.raises(Forbidden, match="pas un ordonnateur"):
            release(commune, "ordonnateur", place(commune, nom, TOUT))
    assert release(commune, "ordonnateur2", place(commune, "ordonnateur", TOUT)) > AUJOURD_HUI


def test_who_sees_a_part_only_does_not_release(commune: Database) -> None:
    with commune.writing() as session:
        (siret,) = session.scalars(select(Budget.siret).where(Budget.siren == COMMUNE))
        cle = f"{siret}/101/00"
        put_personne(session, "budget", Role.ARCHIVISTE, portee="budget", portee_cle=cle)
        for nom, low, high in (("recent", 2023, None), ("ancien", None, 2023)):
            put_personne(
                session, nom, Role.ARCHIVISTE, portee="collectivite", portee_cle=COMMUNE,
                exercice_min=low, exercice_max=high,
            )  # fmt: skip
    gel = place(commune, "archiviste", TOUT)
    for nom in ("budget", "recent", "ancien"):
        with pytest.raises(Forbidden, match="ne voyez pas"):
            release(commune, nom, gel)
    narrow = Criteres(COMMUNE, exercice_min=2023, exercice_max=2023, budgets=(cle,))
    for nom in ("budget", "recent", "ancien"):
        gel = place(commune, "archiviste", replace(TOUT, criteres=narrow))
        assert release(commune, nom, gel)


def test_a_list_is_released_by_who_sees_all_of_it(commune: Database, tmp_path: Path) -> None:
    take_in(commune, replace(FLUX, siren=AUTRE, nom="AUTRE"), tmp_path)
    with commune.writing() as session:
        put_personne(session, "deux", Role.ARCHIVISTE, portee="departement", portee_cle="33")

        session.execute(update(Collectivite).values(departement="33"))
        ids = tuple(session.scalars(select(Lien.pj_id).distinct()))
    gel = place(commune, "deux", replace(LISTE, pj_ids=tuple(filter(None, ids))))
    for nom in ("archiviste", "voisin"):
        with pytest.raises(Forbidden, match="ne voyez pas"):
            release(commune, nom, gel)
    mine = place(
        commune, "archiviste",
        replace(LISTE, pj_ids=(find_mine(commune),), piece_ids=(find_first_piece(commune),)),
    )  # fmt: skip
    assert release(commune, "archiviste2", mine)


def find_mine(database: Database) -> int:

    with database.reading() as session:
        query = select(PieceJustificative.id).filter_by(siren=COMMUNE, id_unique="A")
        return session.scalars(query).one()


def find_first_piece(database: Database) -> int:
    with database.reading() as session:
        return int(session.scalars(select(Lien.piece_id).filter_by(siren=COMMUNE)).all()[0])


def test_a_review_keeps_it_in_force(commune: Database) -> None:
    gel = place(commune, "archiviste", TOUT)
    lecteur = get_lecteur(commune, "comptable")
    with commune.writing() as session:
        review_gel(session, lecteur, gel, date(2027, 5, 1), "En instance", today=AUJOURD_HUI)
    with commune.reading() as session:
        row = session.get_one(Gel, gel)
        assert (row.revue_le, row.fin_le) == (date(2027, 5, 1), None)
        assert session.query(Ecriture).filter_by(acte="gel_revu").count() == 1
    with pytest.raises(NotFound), commune.writing() as session:
        review_gel(session, get_lecteur(commune, "voisin"), gel, REVUE, "Non", today=AUJOURD_HUI)


def test_each_sees_the_gels_of_what_it_sees(commune: Database) -> None:
    everything = place(commune, "archiviste", TOUT)
    listed = place(
        commune, "archiviste", replace(LISTE, nom="Liste", pj_ids=(find_pj(commune, "A"),))
    )
    with commune.reading() as session:
        for nom, seen in (("comptable", [everything, listed]), ("voisin", []), ("lecteur", [])):
            lecteur = get_lecteur(commune, nom)
            rows, total = find_gels_vus(session, lecteur, EtatGel.EN_VIGUEUR, 1, AUJOURD_HUI)
            assert ([row.id for row in rows], total) == (seen, len(seen))
        with pytest.raises(NotFound):
            read_gel(session, get_lecteur(commune, "voisin"), listed, AUJOURD_HUI)
        detail = read_gel(session, get_lecteur(commune, "comptable"), listed, AUJOURD_HUI)
        assert [pj.id for pj in detail.pjs] == [find_pj(commune, "A")]
        assert (detail.nombre, detail.refus) == (1, "")
    release(commune, "comptable", everything)
    with commune.reading() as session:
        lecteur = get_lecteur(commune, "comptable")
        late = date(2026, 7, 1)
        assert read_gel(session, lecteur, everything, late).refus.endswith("par comptable.")
        rows, _ = find_gels_vus(session, lecteur, EtatGel.FINI, 1, late)
        assert [row.etat for row in rows] == [EtatGel.FINI]


def test_a_gel_on_a_pj_holds_it_sent_again_and_marks_it(commune: Database, tmp_path: Path) -> None:
    take_in(commune, FLUX.sent("2023-06-01", mandats=()), tmp_path)
    with commune.writing() as session:
        session.execute(delete(ADecider))
    place(commune, "archiviste", replace(LISTE, piece_ids=(find_piece(commune, "2"),)))
    with commune.reading() as session:
        marked = set(session.scalars(select(ADecider.pj_id)))
        held = set(find_gels(session, sorted(marked)))
    assert {find_pj(commune, "B")} <= marked or {find_pj(commune, "B", 2)} <= marked
    assert held == marked


def test_two_people_release_at_once_one_is_told(database: Database, tmp_path: Path) -> None:
    take_in(database, FLUX, tmp_path)
    put_gens(database)
    gel = place(database, "archiviste", TOUT)
    lecteurs = [get_lecteur(database, nom) for nom in ("archiviste2", "comptable")]

    def play(rank: int) -> OrcError | None:
        try:
            database.write(
                lambda session: release_gel(
                    session, lecteurs[rank], gel, "Fini", delai=15, today=AUJOURD_HUI
                )
            )
        except OrcError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        (error,) = [e for e in pool.map(play, (0, 1)) if e]
    assert isinstance(error, Conflict)
