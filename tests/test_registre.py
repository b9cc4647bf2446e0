"""Who reads what of the journal: one's own acts, one's scope, one's trade; sealed ones, never."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from orc.access import make_lecteur, make_regard
from orc.db import Writing
from orc.domain import Domaine, Role
from orc.journal import Acte, record_acte
from orc.journal.read import LOT, Choix, Regard, find_lignes, name_acte, read_lignes
from orc.models import read_now
from tests.archive import COMMUNAUTE, COMMUNE, Archive, make_archive
from tests.bases import BASES, SQLITE, make_postgresql
from tests.sql import grant, make_personne

TODAY = date(2026, 6, 1)


@pytest.fixture(scope="module", params=BASES)
def archive(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("registre")
    if request.param == SQLITE:
        with make_archive(folder) as made:
            yield made
        return
    with (
        make_postgresql(request.getfixturevalue("postgresql")) as url,
        make_archive(folder, database=url) as made,
    ):
        yield made


@pytest.fixture
def session(archive: Archive) -> Iterator[Writing]:
    """Undone at the end: each test writes its own journal."""
    with archive.orc.database.writing() as session:
        yield session
        session.rollback()


def write(session: Writing, acte: Acte, objet: str, *, scelle: bool = False, qui: int = 0) -> None:
    record_acte(
        session, acte, acteur=f"p{qui}", personne_id=qui or None, objet=objet, scelle=scelle
    )


def read(session: Writing, personne_id: int) -> list[str]:
    """The objects of the rows this person sees."""
    lecteur = make_lecteur(session, personne_id, "x", "X", TODAY)
    regard = make_regard(session, lecteur, TODAY)
    return [ligne.objet for ligne in find_lignes(session, regard, Choix())]


def put_documents(session: Writing, archive: Archive) -> dict[str, str]:
    """An act on each kind of document, of the commune and of the communauté, by name."""
    b, p = archive.budgets["principal"], archive.pieces
    objets = {
        "piece": f"piece:{p['principal/2022/127']}",
        "paie": f"piece:{p['principal/2022/129']}",
        "ouvert": f"piece:{p['principal/2024/1']}",
        "bordereau": f"bordereau:{archive.bordereaux['principal/2022/depense/12']}",
        "pj": f"pj:{archive.pj['Facture_Energie_2022-04.pdf']}",
        "exercice": f"budget:{b}/exercice:2022",
        "ailleurs": f"piece:{p['communaute/2022/70']}",
        "pj_ailleurs": f"pj:{archive.pj['Convention.pdf']}",
        "exercice_ailleurs": f"budget:{archive.budgets['communaute']}/exercice:2022",
    }
    for objet in objets.values():
        write(session, Acte.CONSULTATION, objet)
    return objets


COMMUN = {"piece", "ouvert", "bordereau", "pj", "exercice"}


@pytest.mark.parametrize("role", [Role.ORDONNATEUR, Role.COMPTABLE])
def test_who_answers_for_the_accounts_reads_the_acts_on_the_documents_of_its_scope(
    session: Writing, archive: Archive, role: Role
) -> None:
    objets = put_documents(session, archive)
    alice = make_personne(session, "alice")
    grant(session, alice, role, portee="collectivite", portee_cle=COMMUNE)
    assert set(read(session, alice)) == {objets[nom] for nom in COMMUN}


def test_the_acts_on_a_reserved_domaine_are_read_by_whoever_may_see_it(
    session: Writing, archive: Archive
) -> None:
    objets = put_documents(session, archive)
    alice = make_personne(session, "alice")
    values = {"portee": "collectivite", "portee_cle": COMMUNE, "domaines": Domaine.PAIE.value}
    grant(session, alice, Role.ORDONNATEUR, **values)
    assert set(read(session, alice)) == {objets[nom] for nom in COMMUN | {"paie"}}


@pytest.mark.parametrize("role", [Role.ARCHIVISTE, Role.JUGE, Role.PARTENAIRE])
def test_other_readers_of_documents_read_nobodys_acts_on_them(
    session: Writing, archive: Archive, role: Role
) -> None:
    put_documents(session, archive)
    alice = make_personne(session, "alice")
    values = {"portee": "collectivite", "portee_cle": COMMUNAUTE, "droits": "contenu"}
    grant(session, alice, role, **values)
    assert read(session, alice) == []


def test_a_sealed_act_is_read_by_who_did_it_alone(session: Writing, archive: Archive) -> None:
    juge, maire, admin = (make_personne(session, n) for n in ("juge2", "maire", "admin2"))
    grant(session, juge, Role.JUGE, portee="collectivite", portee_cle=COMMUNE)
    for role in (Role.ORDONNATEUR, Role.COMPTABLE):
        grant(session, maire, role, portee="collectivite", portee_cle=COMMUNE)
    grant(session, admin, Role.ADMINISTRATEUR, portee="rien")
    piece = f"piece:{archive.pieces['principal/2022/127']}"
    write(session, Acte.CONSULTATION, piece, scelle=True, qui=juge)
    # Whatever its acte: what is sealed is sealed to administrateurs too.
    write(session, Acte.HABILITATION, "mission:1", scelle=True, qui=juge)
    assert read(session, juge) == ["mission:1", piece]
    assert read(session, maire) == []
    assert not {"mission:1", piece} & set(read(session, admin))


def test_an_administrateur_reads_accounts_and_ingestion_never_what_is_looked_at(
    session: Writing, archive: Archive
) -> None:
    put_documents(session, archive)
    admin = make_personne(session, "admin2")
    grant(session, admin, Role.ADMINISTRATEUR, portee="rien")
    write(session, Acte.RECHERCHE, "")
    write(session, Acte.EXPORT, "journal")
    write(session, Acte.COMPTE_CREE, "personne:1")
    write(session, Acte.INGESTION, "flux:1")
    assert {"personne:1", "flux:1"} <= set(read(session, admin))
    assert not {o for o in read(session, admin) if o.startswith(("piece", "pj", "journal"))}


def test_everybody_reads_its_own_acts_whatever_ended(session: Writing, archive: Archive) -> None:
    objets = put_documents(session, archive)
    alice = make_personne(session, "alice")
    write(session, Acte.CONSULTATION, objets["ailleurs"], qui=alice)
    assert read(session, alice) == [objets["ailleurs"]]


def test_a_regard_on_no_cellule_is_its_own_acts(session: Writing) -> None:
    write(session, Acte.RECHERCHE, "", qui=4242)
    assert len(find_lignes(session, Regard(4242), Choix())) == 1
    assert find_lignes(session, Regard(4243), Choix()) == []


def test_filters_keep_an_acte_a_person_an_object_and_days(session: Writing) -> None:
    write(session, Acte.RECHERCHE, "", qui=77)
    write(session, Acte.CONSULTATION, "piece:1", qui=77)
    regard, now = Regard(77), read_now()
    day = timedelta(days=1)
    for choix, count in (
        (Choix(), 2),
        (Choix(acte=Acte.RECHERCHE), 1),
        (Choix(acteur="p77"), 2),
        (Choix(acteur="p78"), 0),
        (Choix(objet="piece:1"), 1),
        (Choix(depuis=now - day, avant=now + day), 2),
        (Choix(depuis=now + day), 0),
        (Choix(avant=now - day), 0),
    ):
        found = find_lignes(session, regard, choix)
        assert len(found) == count
        assert {ligne.libelle for ligne in found} <= {"Recherche", "Consultation"}


def test_an_export_reads_every_row_once_from_the_latest(session: Writing) -> None:
    for rank in range(LOT + 5):
        write(session, Acte.CONSULTATION, f"x:{rank}", qui=88)
    rows = [ligne.objet for ligne in read_lignes(session, Regard(88), Choix())]
    assert rows == [f"x:{rank}" for rank in reversed(range(LOT + 5))]


def test_an_act_without_a_label_is_called_by_its_name() -> None:
    assert name_acte(Acte.CLOTURE) == "Clôture"
    assert name_acte("acte_tout_neuf") == "Acte tout neuf"
