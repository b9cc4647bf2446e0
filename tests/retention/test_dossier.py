"""What SQL knows of a PJ, as the decision reads it: never more favourable than what is known."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from orc.db import Database
from orc.models import (
    FLUX_BITS,
    Acquit,
    LienMarche,
    LigneSortie,
    Marche,
    PieceJustificative,
    Sortie,
    Texte,
    read_now,
)
from orc.retention.declarations import Genre
from orc.retention.dossier import is_numerisee, read_dossiers
from orc.retention.facts import Facts
from tests.flows import UnePj, UnFlux, UnMandat
from tests.retention.archives import (
    ACQUIT,
    AUJOURD_HUI,
    EVENEMENTS,
    FLUX,
    PAYE,
    SIREN,
    declare,
    find_pj,
    make_ready,
    put_in_silo,
    take,
)
from tests.retention.reponses import UnAcquit


def read(database: Database, id_unique: str = "PJ1") -> Facts:
    pj_id = find_pj(database, id_unique)
    with database.reading() as session:
        return read_dossiers(session, [pj_id], AUJOURD_HUI)[pj_id]


def test_a_whole_dossier_is_read(database: Database, tmp_path: Path) -> None:
    make_ready(database, tmp_path)
    facts = read(database)
    assert facts.recue_le == date(2023, 5, 2)
    assert facts.support == "01"
    assert facts.acquittement is not None
    assert facts.acquittement.jour == date(2023, 5, 4)
    assert facts.sort_final == "D"
    (citation,) = facts.citations
    assert citation.designation == "mandat 1, bordereau 12, 2023"
    assert citation.prise_en_charge_le == date(2023, 5, 30)
    (ligne,) = citation.lignes
    assert (ligne.montant, sum(e.montant for e in ligne.emargements)) == (10_000, 10_000)


def test_what_is_read_costs_the_same_statements_for_one_or_for_many(
    database: Database, tmp_path: Path
) -> None:
    from sqlalchemy import event

    noms = [f"PJ{n}" for n in range(1, 41)]
    mandats = tuple(UnMandat(str(n), cite=(f"PJ{n}",)) for n in range(1, 41))
    many = UnFlux(mandats, tuple(UnePj(nom, nom.encode()) for nom in noms))
    make_ready(database, tmp_path, [many])
    counts = []
    with database.reading() as session:
        ids = session.scalars(select(PieceJustificative.id)).all()
        told: list[int] = []
        bind = session.get_bind()
        event.listen(bind, "before_cursor_execute", lambda *_: told.append(1))
        for some in (ids[:2], ids):
            told.clear()
            assert len(read_dossiers(session, some, AUJOURD_HUI)) == len(some)
            counts.append(len(told))
    assert counts[0] == counts[1]


def test_a_paper_citation_makes_the_pj_paper(database: Database, tmp_path: Path) -> None:
    flux = replace(FLUX, mandats=(*FLUX.mandats, UnMandat("2", papier=("PJ1",))))
    make_ready(database, tmp_path, [flux])
    assert read(database).support == "02"


@pytest.mark.parametrize(
    ("values", "said"),
    [({"jour": None}, "n’est pas daté"), ({"accepte": None}, "ne dit pas s’il accepte")],
)
def test_an_acquit_of_which_nothing_sure_is_made_is_a_doubt(
    database: Database, tmp_path: Path, values: dict[str, None], said: str
) -> None:
    make_ready(database, tmp_path)
    with database.writing() as session:
        session.execute(update(Acquit).values(**values))
    facts = read(database)
    assert facts.acquittement is None
    assert facts.acquit_douteux is not None
    assert said in facts.acquit_douteux.evenement


def test_an_acquit_that_fits_two_sendings_is_a_doubt(database: Database, tmp_path: Path) -> None:
    again = replace(FLUX, pjs=(UnePj("PJ1", b"autre"),))
    make_ready(database, tmp_path, [FLUX, again, UnAcquit("2023-05-04", (("PJ1", True),))])
    facts = read(database)
    assert facts.acquit_douteux is not None
    assert "plusieurs envois" in facts.acquit_douteux.evenement


def test_a_pj_that_left_the_silo_at_its_term_has_no_copy(
    database: Database, tmp_path: Path
) -> None:
    pj_id = make_ready(database, tmp_path)
    assert read(database).copie is not None
    with database.writing() as session:
        row = Sortie(
            numero="S1", siren=SIREN, exercice=2023, motif="terme", par="test",
            quand=read_now(), liste_sha256="0" * 64, nb_pj=1, octets=1,
        )  # fmt: skip
        session.add(row)
        session.flush()
        session.add(
            LigneSortie(
                pj_id=pj_id, sortie_id=row.id, id_unique="PJ1", nom="f", sha256="0" * 64,
                octets=1, sort_final="D",
            )
        )  # fmt: skip
    assert read(database).copie is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"etat": "a_extraire"}, None),
        ({"type_reel": "image/tiff"}, True),
        ({"type_reel": "application/pdf", "pages_a_oceriser": "2"}, True),
        ({"type_reel": "application/pdf", "extracteur": "pdf+tesseract"}, True),
        ({"type_reel": "application/pdf"}, None),
        ({"type_reel": "application/xml"}, False),
        ({"type_reel": "message/rfc822", "parties": '[{"nom": "scan.pdf"}]'}, None),
        ({"type_reel": "application/vnd.openxmlformats-officedocument.x"}, False),
        ({"type_reel": "application/msword", "parties": '[{"nom": "scan.pdf"}]'}, None),
        ({"type_reel": "application/zip"}, None),
    ],
)  # fmt: skip
def test_only_what_no_scanner_writes_is_born_digital(
    values: dict[str, str], said: bool | None
) -> None:
    row = {
        "sha256": "0" * 64, "etat": "extrait", "type_reel": "", "extracteur": "",
        "pages_a_oceriser": "", "parties": "[]",
    }  # fmt: skip
    assert is_numerisee(Texte(**(row | values))) is said


def test_of_a_document_nobody_knows_nothing_is_said() -> None:
    assert is_numerisee(None) is None


CONTRAT = "2023ABC"


def put_bloc(database: Database, notifie_le: date | None, *, rank: int = 1, cite: bool) -> None:
    """A marché block of the flow of the PJ, which cites it or not."""
    with database.writing() as session:
        pj = session.scalars(select(PieceJustificative)).first()
        assert pj is not None
        ident = pj.flux_id << FLUX_BITS | 5000 + rank
        session.execute(
            insert(Marche).values(
                id=ident, flux_id=pj.flux_id, budget_id=pj.budget_id, siren=SIREN,
                cle=CONTRAT, id_contrat=CONTRAT, date_notification=notifie_le,
            )
        )  # fmt: skip
        if cite:
            session.execute(
                insert(LienMarche).values(
                    id=ident, marche_id=ident, siren=SIREN, id_unique="PJ1", pj_id=pj.id
                )
            )


def test_a_pj_that_a_marche_cites_is_contractual_from_its_notification(
    database: Database, tmp_path: Path
) -> None:
    make_ready(database, tmp_path)
    assert not read(database).piece_de_marche
    put_bloc(database, date(2021, 3, 1), cite=True)
    facts = read(database)
    assert facts.piece_de_marche
    assert facts.marche is not None
    assert (facts.marche.notifie_le, facts.marche.solde_le) == (date(2021, 3, 1), None)
    (preuve,) = facts.marche.preuves_notification
    assert "notification" in preuve.evenement
    assert facts.marche.preuves_solde == ()


def test_what_is_declared_of_a_marche_wins_over_what_flows_say(
    database: Database, tmp_path: Path
) -> None:
    flux = replace(
        FLUX,
        mandats=(UnMandat("1", cite=("PJ1",), marche=CONTRAT),),
        pjs=(UnePj("PJ1", type_pj="009"),),
    )
    make_ready(database, tmp_path, [flux])
    facts = read(database)
    assert facts.marche is not None
    assert facts.marche.notifie_le is None
    put_bloc(database, date(2021, 3, 1), cite=False)
    put_bloc(database, date(2020, 3, 1), rank=2, cite=False)
    with database.writing() as session:
        declare(session, Genre.SOLDE_MARCHE, "2022-02-02", objet=f"marche:{CONTRAT}")
    marche = read(database).marche
    assert marche is not None
    assert (marche.notifie_le, marche.solde_le) == (date(2021, 3, 1), date(2022, 2, 2))
    with database.writing() as session:
        declare(session, Genre.NOTIFICATION_MARCHE, "2021-04-04", objet=f"marche:{CONTRAT}")
    marche = read(database).marche
    assert marche is not None
    assert marche.notifie_le == date(2021, 4, 4)


def test_a_marche_of_another_collectivite_under_the_same_number_says_nothing(
    database: Database, tmp_path: Path
) -> None:
    make_ready(database, tmp_path)
    put_bloc(database, None, cite=True)
    put_bloc(database, date(2020, 3, 1), rank=2, cite=False)
    with database.writing() as session:
        last = update(Marche).where(Marche.date_notification.is_not(None))
        session.execute(last.values(siren="000000002"))
    marche = read(database).marche
    assert marche is not None
    assert marche.notifie_le is None


def test_a_contractual_piece_of_no_known_marche_has_no_date(
    database: Database, tmp_path: Path
) -> None:
    flux = replace(FLUX, pjs=(UnePj("PJ1", type_pj="009"),))
    make_ready(database, tmp_path, [flux])
    marche = read(database).marche
    assert marche is not None
    assert (marche.notifie_le, marche.solde_le) == (None, None)


def test_two_lines_of_one_number_are_paid_by_their_sum_only(
    database: Database, tmp_path: Path
) -> None:
    from orc.models import Ligne

    make_ready(database, tmp_path)
    with database.writing() as session:
        row = session.scalars(select(Ligne)).one()
        values = {c.name: getattr(row, c.name) for c in Ligne.__table__.columns}
        session.execute(insert(Ligne).values(values | {"id": row.id + 900}))
    (ligne,) = read(database).citations[0].lignes
    assert (ligne.montant, sum(e.montant for e in ligne.emargements)) == (20_000, 10_000)


def test_a_retour_that_repeats_the_state_is_no_new_proof(
    database: Database, tmp_path: Path
) -> None:
    make_ready(database, tmp_path)
    before = read(database).citations
    take(database, tmp_path, [replace(PAYE, jour="2023-12-01")])
    assert read(database).citations == before
    assert ACQUIT in EVENEMENTS
    put_in_silo(database)
