"""Accounts and grants from CSV: all or nothing, the same again makes nothing, faults by line."""

from datetime import date

import pytest
from sqlalchemy import func, select

from orc.access.bulk_comptes import BilanComptes, import_comptes
from orc.db import Database, Writing
from orc.domain import Role
from orc.errors import Invalid
from orc.identity.comptes import find_comptes
from orc.identity.passwords import is_right
from orc.models import Habilitation, Personne
from tests.access.conftest import TODAY

COMPTES = "identifiant;nom;courriel;departement\nLea-xt;Léa L.;lea@x.fr;33\nmax;Max M.;;\n"
HABILITATIONS = (
    "identifiant;role;portee;cle;exercice_min;exercice_max;domaines;droits;jusqu_a\n"
    "lea-xt;ordonnateur;collectivite;000000001;2022;2024;paie, sante;destruction;31/12/2027\n"
    "max;comptable;poste;033012;;;;;\n"
    "max;administrateur;rien;;;;;;\n"
)


def run(session: Writing, *files: str) -> BilanComptes:
    named = [(f"{rank}.csv", text.encode()) for rank, text in enumerate(files)]
    return import_comptes(session, named, par="test", today=TODAY)


def test_accounts_and_grants_are_made_once(database: Database) -> None:
    with database.writing() as session:
        bilan = run(session, HABILITATIONS, COMPTES)
        assert (bilan.comptes, bilan.habilitations) == (2, 3)
        lea, maxime = find_comptes(session)
        assert (lea.nom, maxime.roles) == ("Léa L.", (Role.ADMINISTRATEUR, Role.COMPTABLE))
        (grant,) = lea.habilitations
        assert (grant.exercice_min, grant.exercice_max) == (2022, 2024)
        assert [d.value for d in grant.domaines] == ["paie", "sante"]
        assert grant.jusqu_a == date(2027, 12, 31)
        row = session.get_one(Personne, lea.personne_id)
        assert (row.courriel, row.departement, row.provisoire) == ("lea@x.fr", "33", True)
        assert is_right(row.mot_de_passe, dict(bilan.mots_de_passe)["lea-xt"])
        again = run(session, COMPTES, HABILITATIONS)
        assert again == BilanComptes(0, 2, 0, 3, ())


def test_a_grant_withdrawn_or_past_is_made_again(database: Database) -> None:
    line = "identifiant;role;portee;cle;jusqu_a\nmax;comptable;poste;033012;{}\n"
    with database.writing() as session:
        run(session, COMPTES, line.format("31/05/2026"))
        assert run(session, line.format("31/05/2026")).habilitations == 1
        assert run(session, line.format("")).habilitations == 1
        assert run(session, line.format("")).habilitations == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("identifiant;nom\né!;X\n", "0.csv, ligne 2"),
        ("identifiant;role;portee;cle\nmax;roi;rien;\n", "roi : attendu parmi ordonnateur"),
        ("identifiant;role;portee;cle\nmax;juge;rien;\n", "vient d’une mission"),
        ("identifiant;role;portee;cle\nmax;comptable,juge;rien;\n", "un rôle"),
        ("identifiant;role;portee;cle\nmax;comptable;poste;\n", "Il manque la clé"),
        ("identifiant;role;portee;cle\nzoe;comptable;poste;033012\n", "compte inconnu : zoe"),
        ("identifiant;role;portee;cle\nmax;archiviste;departement;33\n", "finit par «"),
        (
            "identifiant;role;portee;cle;exercice_min\nmax;ordonnateur;collectivite;1;22\n",
            "quatre chiffres",
        ),
    ],
)
def test_one_fault_and_nothing_is_made(database: Database, text: str, said: str) -> None:
    with pytest.raises(Invalid, match="Rien n’a été importé") as refusal, database.writing() as s:
        run(s, text, COMPTES)
    assert said in str(refusal.value)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Personne)) == 0
        assert session.scalar(select(func.count()).select_from(Habilitation)) == 0
