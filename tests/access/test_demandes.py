"""Demandes: deposited, answered by the comptable of the poste, never by whom they serve."""

import io
import json
import threading
import zipfile
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from orc.access import Lecteur
from orc.access.demandes import (
    OUVERTES_MAX,
    Decision,
    Etat,
    abandon_demande,
    decide_demande,
    find_gerees,
    get_a_decider,
)
from orc.access.demandes_vues import (
    find_a_repondre,
    find_demandes_de,
    find_mes_demandes,
    find_repondues,
    open_piece,
)
from orc.access.pieces_demande import OCTETS_MAX, PIECES_MAX, PieceJointe, check_pieces
from orc.access.structures import find_structure
from orc.access.tenues import withdraw_structure
from orc.db import Database
from orc.domain import Domaine, Droit, Role
from orc.errors import Conflict, Forbidden, Invalid, NotFound, OrcError
from orc.models import Demande, Ecriture, Habilitation, Personne, PieceDemande, read_now
from orc.storage import Storage
from tests.access.conftest import AUTRE, PDF, POSTE, REGLES, TODAY, A, B, Monde


def get_grants(monde: Monde, nom: str) -> list[Habilitation]:
    personne_id = monde.get(nom).personne_id
    query = select(Habilitation).where(Habilitation.personne_id == personne_id)
    return list(monde.session.scalars(query))


def get_actes(monde: Monde) -> list[tuple[str, str, dict[str, object]]]:
    rows = monde.session.scalars(select(Ecriture).order_by(Ecriture.id))
    return [(e.acte, e.acteur, json.loads(e.details)) for e in rows]


def test_a_structure_is_habilitated_by_its_comptable_and_its_demandeur_heads_it(
    monde: Monde,
) -> None:
    demande_id = monde.deposit("gestionnaire", structure=True, pieces=(PDF,))
    assert find_structure(monde.session, A, TODAY) is None
    assert monde.decide("comptable", demande_id) == "accordee"
    assert find_structure(monde.session, A, TODAY) is not None
    lecteur = monde.get("gestionnaire")
    assert lecteur.roles == {Role.GESTIONNAIRE}
    assert lecteur.clearance.granted == frozenset()
    assert find_gerees(monde.session, lecteur.personne_id, TODAY) == {A}
    (grant,) = get_grants(monde, "gestionnaire")
    assert grant.demande_id == demande_id
    assert grant.jusqu_a == date(2027, 5, 31)
    actes = [(acte, par) for acte, par, _ in get_actes(monde)]
    assert actes == [
        ("demande", "gestionnaire"),
        ("habilitation", "comptable"),
        ("decision_de_demande", "comptable"),
    ]


def test_where_the_setting_says_so_an_administrateur_validates_after_the_comptable(
    monde: Monde,
) -> None:
    demande_id = monde.deposit("gestionnaire", structure=True, pieces=(PDF,))
    with pytest.raises(NotFound):
        monde.decide("administrateur", demande_id, validation=True)
    assert monde.decide("comptable", demande_id, validation=True) == "a_valider"
    assert find_structure(monde.session, A, TODAY) is None
    with pytest.raises(Conflict, match="comptable a déjà donné l’accord"):
        monde.decide("collegue", demande_id, validation=True)
    assert monde.decide("administrateur", demande_id, validation=True) == "accordee"
    assert find_structure(monde.session, A, TODAY) is not None
    row = monde.session.get_one(Demande, demande_id)
    assert (row.decidee_par, row.validee_par) == ("comptable", "administrateur")


def test_an_administrateur_may_refuse_what_the_comptable_agreed_to(monde: Monde) -> None:
    demande_id = monde.deposit("gestionnaire", structure=True, pieces=(PDF,))
    monde.decide("comptable", demande_id, validation=True)
    said = monde.decide(
        "administrateur", demande_id, accorde=False, motif="Pas de délibération", validation=True
    )
    assert said == "refusee"
    assert find_structure(monde.session, A, TODAY) is None


def test_who_agreed_as_comptable_does_not_validate(monde: Monde) -> None:
    monde.make("double", Role.COMPTABLE, portee="poste", portee_cle=POSTE)
    monde.make("double", Role.ADMINISTRATEUR, portee="rien")
    demande_id = monde.deposit("gestionnaire", structure=True, pieces=(PDF,))
    monde.decide("double", demande_id, validation=True)
    with pytest.raises(Forbidden, match="ne valide pas lui-même"):
        monde.decide("double", demande_id, validation=True)


def test_only_a_structure_is_validated_twice(monde: Monde) -> None:
    monde.open_structure()
    demande_id = monde.deposit("alice")
    assert monde.decide("comptable", demande_id, validation=True) == "accordee"


def test_an_access_is_what_the_demande_says_and_no_more(monde: Monde) -> None:
    monde.open_structure()
    demande_id = monde.deposit(
        "gestionnaire",
        identifiant="ALICE",
        budget=f"{A}00011/101/00",
        exercice_min=2022,
        exercice_max=2024,
        domaines=(Domaine.PAIE,),
        droits=(Droit.DESTRUCTION,),
    )
    monde.decide("comptable", demande_id, mois=0)
    (grant,) = get_grants(monde, "alice")
    assert (grant.role, grant.portee, grant.portee_cle) == (
        "ordonnateur",
        "budget",
        f"{A}00011/101/00",
    )
    assert (grant.exercice_min, grant.exercice_max) == (2022, 2024)
    assert (grant.domaines, grant.droits) == ("paie", "destruction")
    assert (grant.depuis, grant.jusqu_a, grant.accorde_par) == (TODAY, None, "comptable")


def test_a_person_asks_for_itself(monde: Monde) -> None:
    monde.open_structure()
    demande_id = monde.deposit("alice", identifiant="alice", role=Role.PARTENAIRE)
    monde.decide("comptable", demande_id)
    assert monde.get("alice").roles == {Role.PARTENAIRE}


def test_a_refusal_says_why_and_grants_nothing(monde: Monde) -> None:
    monde.open_structure()
    demande_id = monde.deposit("alice")
    with pytest.raises(Invalid, match="Dites pourquoi"):
        monde.decide("comptable", demande_id, accorde=False, motif="  ")
    assert monde.decide("comptable", demande_id, accorde=False, motif="Hors service") == "refusee"
    assert get_grants(monde, "alice") == []
    (vue,) = find_mes_demandes(monde.session, monde.get("alice"))
    assert (vue.libelle_etat, vue.motif_decision, vue.ouverte) == ("Refusée", "Hors service", False)


@pytest.mark.parametrize("nom", ["voisin", "administrateur", "gestionnaire", "bob"])
def test_a_demande_outside_one_s_scope_does_not_exist(monde: Monde, nom: str) -> None:
    monde.open_structure()
    demande_id = monde.deposit("alice")
    for number in (demande_id, 987_654):
        with pytest.raises(NotFound):
            monde.decide(nom, number)
    assert monde.session.get_one(Demande, demande_id).etat == Etat.DEPOSEE


def test_nobody_answers_his_own_demande(monde: Monde) -> None:
    monde.open_structure()
    mine = monde.deposit("comptable")
    for_me = monde.deposit("gestionnaire", identifiant="collegue")
    with pytest.raises(Forbidden, match="sa propre demande"):
        monde.decide("comptable", mine)
    with pytest.raises(Forbidden, match="sa propre demande"):
        monde.decide("collegue", for_me)
    assert monde.decide("collegue", mine) == "accordee"


def test_a_demande_is_answered_once(monde: Monde) -> None:
    monde.open_structure()
    demande_id = monde.deposit("alice")
    monde.decide("comptable", demande_id)
    with pytest.raises(Conflict, match="déjà reçu sa réponse par comptable"):
        monde.decide("collegue", demande_id, accorde=False, motif="non")
    assert len(get_grants(monde, "alice")) == 1


def test_of_two_comptables_at_once_one_wins_and_the_other_is_told(
    database: Database, tmp_path: Path
) -> None:
    def build() -> tuple[int, list[Lecteur]]:
        from tests.access.conftest import monde as make

        with database.writing() as session:
            made = make.__wrapped__(session, tmp_path)
            made.open_structure()
            return made.deposit("alice"), [made.get("comptable"), made.get("collegue")]

    demande_id, comptables = build()
    said: list[str] = []
    start = threading.Barrier(2)

    def answer(lecteur: Lecteur) -> None:
        start.wait()
        try:
            with database.writing() as session:
                said.append(
                    decide_demande(
                        session, lecteur, demande_id, Decision(True), regles=REGLES, today=TODAY
                    ).value
                )
        except OrcError as error:
            said.append(type(error).__name__)

    threads = [threading.Thread(target=answer, args=(one,)) for one in comptables]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["Conflict", "accordee"]
    with database.reading() as session:
        query = select(func.count()).where(Habilitation.demande_id == demande_id)
        assert session.scalar(query) == 1


def test_a_demande_follows_its_collectivite_to_another_poste(monde: Monde) -> None:
    from orc.models import Rattachement

    monde.open_structure()
    demande_id = monde.deposit("alice")
    monde.session.add(Rattachement(siren=A, codique=AUTRE, depuis=TODAY))
    monde.session.flush()
    with pytest.raises(NotFound):
        monde.decide("comptable", demande_id)
    assert monde.decide("voisin", demande_id) == "accordee"


def test_an_account_closed_meanwhile_is_granted_nothing(monde: Monde) -> None:
    monde.open_structure()
    demande_id = monde.deposit("alice")
    alice = monde.session.get_one(Personne, monde.get("alice").personne_id)
    alice.desactive_le = read_now()
    monde.session.flush()
    with pytest.raises(Conflict, match="a été fermé"):
        monde.decide("comptable", demande_id)


def test_a_structure_withdrawn_meanwhile_grants_nothing(monde: Monde) -> None:
    monde.open_structure()
    demande_id = monde.deposit("alice")
    withdraw_structure(monde.session, monde.get("comptable"), A, "Fusion", today=TODAY)
    with pytest.raises(Conflict, match="n’est plus habilitée"):
        monde.decide("comptable", demande_id)


def test_two_demandes_make_one_structure(monde: Monde) -> None:
    first = monde.deposit("gestionnaire", structure=True, pieces=(PDF,))
    second = monde.deposit("bob", structure=True, pieces=(PDF,))
    monde.decide("comptable", first)
    with pytest.raises(Conflict, match="entre-temps"):
        monde.decide("comptable", second)
    with pytest.raises(Conflict, match="déjà habilitée"):
        monde.deposit("alice", structure=True, pieces=(PDF,))


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"siren": "12"}, Invalid),
        ({"siren": "²23456789"}, Invalid),
        ({"siren": "999999999"}, Invalid),
        ({"motif": " "}, Invalid),
        ({"motif": "x" * 501}, Invalid),
        ({"role": Role.COMPTABLE}, Invalid),
        ({"role": Role.ADMINISTRATEUR}, Invalid),
        ({"role": Role.JUGE}, Invalid),
        ({"domaines": (Domaine.ORDINAIRE,)}, Invalid),
        ({"droits": (Droit.CONTENU,)}, Invalid),
        ({"role": Role.PARTENAIRE, "domaines": (Domaine.PAIE,)}, Invalid),
        ({"exercice_min": 2024, "exercice_max": 2022}, Invalid),
        ({"budget": f"{B}00011/101/00"}, Invalid),
        ({"identifiant": "bob"}, Forbidden),
        ({"structure": True}, Invalid),
        ({"siren": B}, Conflict),
        ({"pieces": (PDF,) * (PIECES_MAX + 1)}, Invalid),
    ],
)
def test_a_demande_that_cannot_be_is_not_deposited(
    monde: Monde, values: dict[str, object], error: type[OrcError]
) -> None:
    monde.open_structure()
    with pytest.raises(error):
        monde.deposit("alice", **values)
    assert monde.session.scalar(select(func.count()).select_from(Demande)) == 1


def test_a_gestionnaire_names_people_of_his_structure_whose_account_is_open(monde: Monde) -> None:
    monde.open_structure()
    with pytest.raises(Invalid, match="n’existe pas"):
        monde.deposit("gestionnaire", identifiant="personne")
    bob = monde.session.get_one(Personne, monde.get("bob").personne_id)
    bob.desactive_le = read_now()
    monde.session.flush()
    with pytest.raises(Invalid, match="n’existe pas"):
        monde.deposit("gestionnaire", identifiant="bob")
    with pytest.raises(Forbidden, match="gestionnaire principal"):
        monde.deposit("gestionnaire", identifiant="alice", siren=B)


def test_the_same_demande_is_not_deposited_twice_nor_too_many_at_once(monde: Monde) -> None:
    monde.open_structure()
    first = monde.deposit("alice")
    with pytest.raises(Conflict, match="déjà déposé"):
        monde.deposit("alice")
    row = monde.session.get_one(Demande, first)
    for number in range(OUVERTES_MAX - 1):
        values = {c.name: getattr(row, c.name) for c in Demande.__table__.columns if c.name != "id"}
        monde.session.add(Demande(**{**values, "portee_cle": str(number)}))
    monde.session.flush()
    with pytest.raises(Conflict, match="20 demandes"):
        monde.deposit("alice", role=Role.PARTENAIRE)


def test_a_demande_is_abandoned_by_who_deposited_it_while_it_waits(monde: Monde) -> None:
    monde.open_structure()
    demande_id = monde.deposit("gestionnaire", identifiant="alice")
    for nom, number in (("alice", demande_id), ("gestionnaire", 987_654)):
        with pytest.raises(NotFound):
            abandon_demande(monde.session, monde.get(nom), number)
    abandon_demande(monde.session, monde.get("gestionnaire"), demande_id)
    assert get_actes(monde)[-1][2] == {"etat": "abandonnee"}
    with pytest.raises(Conflict, match="déjà reçu"):
        abandon_demande(monde.session, monde.get("gestionnaire"), demande_id)
    with pytest.raises(Conflict, match="sa réponse :"):
        monde.decide("comptable", demande_id)


def test_each_sees_the_demandes_that_are_its_own_to_see(monde: Monde) -> None:
    monde.open_structure()
    demande_id = monde.deposit("gestionnaire", identifiant="alice")

    def waiting(nom: str) -> list[int]:
        return [d.id for d in find_a_repondre(monde.session, monde.get(nom), TODAY)]

    assert waiting("comptable") == [demande_id]
    assert waiting("voisin") == waiting("administrateur") == waiting("alice") == []
    assert [d.id for d in find_mes_demandes(monde.session, monde.get("alice"))] == [demande_id]
    assert find_mes_demandes(monde.session, monde.get("bob")) == []
    of_a = find_demandes_de(monde.session, monde.get("gestionnaire"), {A})
    assert [d.mienne for d in of_a] == [True, True]
    assert of_a[0].phrase == f"Ordonnateur pour Commune {A} ({A})"
    monde.decide("comptable", demande_id)
    assert waiting("comptable") == []
    done = find_repondues(monde.session, monde.get("comptable"), TODAY)
    assert [d.structure for d in done] == [False, True]
    assert find_repondues(monde.session, monde.get("administrateur"), TODAY) == []


def test_an_administrateur_sees_what_waits_for_its_validation(monde: Monde) -> None:
    demande_id = monde.deposit("gestionnaire", structure=True, pieces=(PDF,))
    monde.decide("comptable", demande_id, validation=True)
    assert find_a_repondre(monde.session, monde.get("comptable"), TODAY) == []
    (vue,) = find_a_repondre(monde.session, monde.get("administrateur"), TODAY)
    assert vue.libelle_etat == "En attente de validation"
    with pytest.raises(Conflict):
        get_a_decider(monde.session, monde.get("collegue"), demande_id, TODAY)


def test_a_document_is_for_who_decides_and_who_sent_it(monde: Monde) -> None:
    demande_id = monde.open_structure()
    piece = monde.session.scalars(select(PieceDemande)).one()
    for nom in ("comptable", "collegue", "gestionnaire"):
        found = open_piece(
            monde.session, monde.storage, monde.get(nom), demande_id, piece.id, TODAY
        )
        assert found == (PDF.nom, PDF.octets)
    other = monde.deposit("alice", pieces=(PDF,))
    for nom, demande, number in (
        ("voisin", demande_id, piece.id),
        ("bob", demande_id, piece.id),
        ("administrateur", demande_id, piece.id),
        ("comptable", other, piece.id),
        ("comptable", demande_id, 987_654),
        ("comptable", 987_654, piece.id),
    ):
        with pytest.raises(NotFound):
            open_piece(monde.session, monde.storage, monde.get(nom), demande, number, TODAY)


def make_zip(*members: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for member in members:
            archive.writestr(member, "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("nom", "octets"),
    [
        ("a.pdf", b"%PDF-1.4"),
        ("a.PNG", b"\x89PNG\r\n\x1a\n"),
        ("a.jpeg", b"\xff\xd8\xff\xe0"),
        ("a.tif", b"II*\0"),
        ("a.tiff", b"MM\0*"),
        ("a.docx", make_zip("word/document.xml")),
        ("a.ods", make_zip("mimetype", "content.xml")),
    ],
)
def test_a_pdf_an_image_an_office_file_are_joined(nom: str, octets: bytes) -> None:
    assert check_pieces((PieceJointe(nom, octets),)) == (PieceJointe(nom, octets),)


@pytest.mark.parametrize(
    ("nom", "octets", "message"),
    [
        ("a.pdf", b"", "vide"),
        ("a.html", b"<script>", "pas de ceux"),
        ("a.pdf", b"<script>", "pas de ceux"),
        ("a.exe", b"%PDF-1.4", "pas de ceux"),
        ("a.svg", b"<svg/>", "pas de ceux"),
        ("a.docx", b"PK\x03\x04 rien", "abîmé"),
        ("a.docx", make_zip("xl/workbook.xml"), "pas celui que dit son nom"),
        ("a.xlsx", make_zip("xl/workbook.xml", "xl/vbaProject.bin"), "macros"),
        ("a.pdf", b"%PDF-" + b"x" * OCTETS_MAX, "pèsent"),
    ],
)
def test_anything_else_is_refused(nom: str, octets: bytes, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        check_pieces((PieceJointe(nom, octets),))


def test_the_name_of_a_document_is_plain_and_short() -> None:
    sent = (
        PieceJointe("..\\..\\a\u0000b/c\u202e.pdf", b"%PDF-"),
        PieceJointe("x" * 300 + ".pdf", b"%PDF-"),
    )
    plain, short = check_pieces(sent)
    assert plain.nom == "c.pdf"
    assert len(short.nom) <= 120
    assert short.nom.endswith(".pdf")
    with pytest.raises(Invalid, match="document"):
        check_pieces((PieceJointe("\u0000", b"%PDF-"),))


def test_a_document_never_replaces_a_text_of_the_archive(monde: Monde, tmp_path: Path) -> None:
    from hashlib import sha256

    digest = sha256(PDF.octets).hexdigest()
    storage = Storage(str(tmp_path / "textes"))
    storage.put_pages(digest, ("le texte de l’archive",))
    monde.open_structure()
    assert storage.get_pages(digest) == ("le texte de l’archive",)
