"""A report says what its maker may see, is kept byte for byte, and opens in what reads it."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pytest
from odf.opendocument import load as load_ods
from odf.table import Table, TableCell, TableRow
from odf.teletype import extractText
from pypdf import PdfReader
from sqlalchemy import select, update

from orc.csv_lines import write_cellule
from orc.errors import Conflict, Invalid, NotFound
from orc.models import (
    Ecriture,
    EtapeElimination,
    GelObjet,
    Lien,
    LigneElimination,
    PieceJustificative,
    Rapport,
    read_now,
)
from orc.retention.rapports.archives import (
    MORCEAU,
    RapportDonne,
    find_rapports,
    get_rapport,
    give_rapport,
    keep_octets,
    make_key,
    read_octets,
)
from orc.retention.rapports.composer import Demande, write_metrage
from orc.retention.rapports.feuille import Forme, Genre
from orc.retention.rapports.lignes_decisions import count_etats, make_etats, sum_types
from orc.retention.rapports.lignes_eliminations import find_bordereaux, write_bornes
from orc.retention.rapports.portee import Noms, Portee
from tests.archive import COMMUNAUTE, COMMUNE, Archive, make_archive
from tests.retention.rapports.fonds import (
    ELECTRICITE,
    FOURNITURES,
    JOUR,
    PAIE,
    SCAN,
    find_all,
    find_cellules,
    make_lecteur_de,
    put_bordereau,
    put_decisions,
    put_gel,
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("rapports")) as made:
        put_decisions(made)
        yield made


def give(
    archive: Archive,
    genre: Genre,
    forme: Forme = Forme.CSV,
    *,
    qui: str = "archiviste",
    siren: str = "",
    bordereau_id: int | None = None,
) -> RapportDonne:
    cellules = find_all(archive) if qui == "tout" else find_cellules(archive, qui)
    lecteur = make_lecteur_de(archive, qui, cellules)
    demande = Demande(genre, siren, bordereau_id)
    return give_rapport(archive.orc.database, archive.orc.storage, lecteur, demande, forme, JOUR)


def read(archive: Archive, rapport: RapportDonne) -> bytes:
    return b"".join(read_octets(archive.orc.storage, rapport))


def read_csv(archive: Archive, rapport: RapportDonne) -> list[dict[str, str]]:
    text = read(archive, rapport).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_etats_count_each_pj_once_by_statut_with_volumes(archive: Archive) -> None:
    lines = read_csv(archive, give(archive, Genre.ETATS))
    assert [(n["Collectivité"], n["Exercice"], n["Type"]) for n in lines] == [
        ("Commune de Sainte-Anne (999000018)", "2022", "003 — Dépense"),
        ("Commune de Sainte-Anne (999000018)", "2023", "003 — Dépense"),
        ("Commune de Sainte-Anne (999000018)", "2024", "003 — Dépense"),
    ]
    first, second, third = lines
    assert (first["Éligibles"], first["Refusées"], first["Suspendues"]) == ("1", "2", "0")
    assert (second["En attente"], second["Total"], third["À décider"]) == ("1", "1", "1")
    with archive.orc.database.reading() as session:
        ids = [archive.pj[ELECTRICITE], archive.pj[SCAN], archive.pj["illisible.pdf"]]
        sizes = session.scalars(
            select(PieceJustificative.taille).where(PieceJustificative.id.in_(ids))
        )
        assert int(first["Volume (octets)"]) == sum(sizes)
    assert int(first["dont éligibles (octets)"]) == len(archive.contenus[ELECTRICITE])


def test_etats_tell_types_apart_and_the_plot_adds_them(archive: Archive) -> None:
    portee = Portee(find_cellules(archive, "archiviste"))
    with archive.orc.database.writing() as session:
        before = sum_types(count_etats(session, portee))
        pj = session.get_one(PieceJustificative, archive.pj[ELECTRICITE])
        siren, pj.type_pj = pj.siren, ""
        session.flush()
        etats = count_etats(session, portee)
        assert sorted(t for s, year, t in etats if (s, year) == (siren, 2022)) == ["", "003"]
        assert sum_types(etats) == before
        lines = list(make_etats(session, portee, Noms({})).lignes)
        assert lines[0][2] == "Type non déclaré"
        session.rollback()


def test_a_reserved_domain_is_in_the_report_of_who_holds_it(archive: Archive) -> None:
    lines = [
        n for n in read_csv(archive, give(archive, Genre.ETATS, qui="tout", siren=COMMUNE))
        if n["Exercice"] == "2022"
    ]  # fmt: skip
    assert sum(int(n["Total"]) for n in lines) == 4
    assert sum(int(n["Suspendues"]) for n in lines) == 1


def test_refusals_carry_all_their_reasons_and_references(archive: Archive) -> None:
    lines = {n["Pièce justificative"]: n for n in read_csv(archive, give(archive, Genre.REFUS))}
    assert lines.keys() == {SCAN, "illisible.pdf"}
    scan, broken = lines[SCAN], lines["illisible.pdf"]
    assert scan["Motifs"] == (
        "8. aucune déclaration de numérisation conforme ; "
        "10. rubrique 5311 : original ou exemplaire unique exigé"
    )
    assert scan["Fondement"] == "texte"
    assert scan["Références"].count("MICC1719763C") == 1
    assert scan["Décidée le"] == "2026-11-23"
    assert broken["Motifs"].endswith("99. =une règle qui n’est plus")


def test_what_is_paid_without_acquit_is_an_anomaly(archive: Archive) -> None:
    lines = read_csv(archive, give(archive, Genre.ANOMALIES))
    assert [(n["Pièce justificative"], n["Anomalie"]) for n in lines] == [
        (SCAN, "Payée sans acquit"),
        ("illisible.pdf", "Copie archivée en défaut"),
    ]


def test_gels_in_force_are_listed_the_overdue_first(archive: Archive) -> None:
    put_gel(archive, "Fini", fin_le=date(2026, 1, 1))
    put_gel(archive, "Courant")
    put_gel(archive, "Levé hier", revue_le=date(2026, 2, 2), fin_le=JOUR)
    put_gel(archive, "À revoir", revue_le=date(2026, 3, 1))
    put_gel(archive, "Ailleurs", siren=COMMUNAUTE)
    listed = put_gel(archive, "Liste", siren="", portee="objets")
    hidden = put_gel(archive, "Liste cachée", siren="", portee="objets")
    piece = put_gel(archive, "Mandat", siren="", portee="objets")
    with archive.orc.database.writing() as session:
        session.add(GelObjet(gel_id=listed, pj_id=archive.pj[SCAN]))
        session.add(GelObjet(gel_id=hidden, pj_id=archive.pj["Convention.pdf"]))
        session.add(GelObjet(gel_id=piece, piece_id=archive.pieces["principal/2022/127"]))
    lines = read_csv(archive, give(archive, Genre.GELS))
    assert [(n["Gel"], n["Revue dépassée"]) for n in lines] == [
        ("Levé hier", ""), ("À revoir", "oui"), ("Courant", ""), ("Liste", ""), ("Mandat", "")
    ]  # fmt: skip
    only = read_csv(archive, give(archive, Genre.GELS, qui="tout", siren=COMMUNAUTE))
    assert {n["Gel"] for n in only} >= {"Ailleurs", "Liste cachée"}
    assert "Courant" not in {n["Gel"] for n in only}


def test_the_bordereau_has_the_columns_of_the_archives(archive: Archive) -> None:
    bordereau_id = put_bordereau(archive, ELECTRICITE, SCAN, FOURNITURES, refusee=SCAN)
    rapport = give(archive, Genre.BORDEREAU, bordereau_id=bordereau_id)
    (line,) = read_csv(archive, rapport)
    assert line["Intitulé"] == "Factures de 2022"
    assert line["Typologie"] == "Factures"
    assert line["Dates extrêmes"] == "01/04/2022 – 03/05/2022"
    assert line["Référence de la règle"].startswith("PJ-DEPENSE — Instruction DAF/DPACI")
    assert (line["DUA"], line["Pièces"], line["Refusées"]) == ("10 ans, fin d’exercice", "3", "1")
    pages = PdfReader(
        io.BytesIO(
            read(archive, give(archive, Genre.BORDEREAU, Forme.PDF, bordereau_id=bordereau_id))
        )
    ).pages
    text = " ".join(page.extract_text() for page in pages).replace("\u200b", "")
    for said in (
        "Métrage du papier", "1,250 ml", "Rien à signaler", "Le maire ou le président",
        "Intérêt historique", "VISA 2026/12", "31/12/2026",
    ):  # fmt: skip
        assert said in " ".join(text.split())


def test_the_pieces_of_a_bordereau_are_given_one_a_line(archive: Archive) -> None:
    bordereau_id = put_bordereau(archive, ELECTRICITE, SCAN, refusee=SCAN)
    with archive.orc.database.writing() as session:
        prepared = select(LigneElimination).filter_by(bordereau_id=bordereau_id, rang=1)
        session.scalars(prepared).one().motif = "Un refus qui se prépare"
    kept, refused = read_csv(archive, give(archive, Genre.PIECES, bordereau_id=bordereau_id))
    assert (kept["Rang"], kept["Pièce justificative"]) == ("1", ELECTRICITE)
    assert (kept["Typologie"], kept["Règle"]) == ("Factures", "PJ-DEPENSE")
    assert kept["SHA-256"] == hashlib.sha256(archive.contenus[ELECTRICITE]).hexdigest()
    assert (kept["Sort"], kept["Motif"]) == ("Retenue", "")
    assert (refused["Sort"], refused["Motif"]) == ("Refusée", "Intérêt historique")


def test_a_bordereau_with_a_line_one_may_not_see_does_not_exist(archive: Archive) -> None:
    hidden = put_bordereau(archive, PAIE, ELECTRICITE, etat="brouillon")
    with pytest.raises(NotFound):
        give(archive, Genre.BORDEREAU, bordereau_id=hidden)
    assert give(archive, Genre.BORDEREAU, qui="tout", bordereau_id=hidden).nb_lignes == 2
    with archive.orc.database.reading() as session:
        mine = find_bordereaux(session, Portee(find_cellules(archive, "archiviste")))
        drafts = find_bordereaux(session, Portee(find_all(archive), COMMUNE), ("brouillon",))
        elsewhere = find_bordereaux(session, Portee(find_all(archive), COMMUNAUTE))
    assert hidden not in {b.id for b in mine}
    assert [b.id for b in drafts] == [hidden]
    assert not elsewhere
    with pytest.raises(NotFound):
        give(archive, Genre.BORDEREAU, bordereau_id=987_654)
    with pytest.raises(Invalid, match="Choisissez"):
        give(archive, Genre.CERTIFICAT)


def test_a_certificate_waits_for_the_attestation(archive: Archive) -> None:
    vise = put_bordereau(archive, ELECTRICITE, etat="delai")
    with pytest.raises(Conflict, match="pas attesté"):
        give(archive, Genre.CERTIFICAT, bordereau_id=vise)
    done = put_bordereau(archive, ELECTRICITE, FOURNITURES, refusee=FOURNITURES, etat="certifiee")
    with archive.orc.database.writing() as session:
        session.add(
            EtapeElimination(
                bordereau_id=done, quand=read_now(), par="Secrétaire", acte="contresigner",
                avant="a", apres="b", liste_sha256="cd" * 32,
            )
        )  # fmt: skip
    (line,) = read_csv(archive, give(archive, Genre.CERTIFICAT, bordereau_id=done))
    assert (line["Pièces"], line["Refusées"], line["Écartées"]) == ("1", "1", "0")
    register = read_csv(archive, give(archive, Genre.REGISTRE))
    assert [(n["Pièce justificative"], n["Visa"]) for n in register] == [
        (ELECTRICITE, "VISA 2026/12")
    ]
    assert register[0]["SHA-256"] == hashlib.sha256(archive.contenus[ELECTRICITE]).hexdigest()
    assert not read_csv(archive, give(archive, Genre.REGISTRE, qui="tout", siren=COMMUNAUTE))
    pdf = read(archive, give(archive, Genre.CERTIFICAT, Forme.PDF, bordereau_id=done))
    text = " ".join(PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())
    assert "Broyage" in text
    assert "02/11/2026" in text
    assert "État Certifié" in text
    whole = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert "Première attestation" in whole
    assert "Intérêt historique" in whole
    hashes = " ".join(text.split()).replace("\u200b", "")
    assert f"Empreinte de la liste signée (SHA-256) {'ab' * 32}" in hashes
    assert f"Empreinte de ce qui est détruit (SHA-256) {'cd' * 32}" in hashes
    assert "Destructeur, le " in whole
    assert "attester" not in whole


def test_a_report_has_a_number_a_hash_its_bytes_and_a_row_in_the_journal(archive: Archive) -> None:
    rapport = give(archive, Genre.ETATS, Forme.ODS)
    octets = read(archive, rapport)
    assert rapport.numero == f"R-2026-{rapport.id:06d}"
    assert rapport.sha256 == hashlib.sha256(octets).hexdigest()
    assert rapport.octets == len(octets)
    assert rapport.nb_lignes == 3
    assert rapport.fichier == f"{rapport.numero}_etats.ods"
    assert rapport.libelle == "États de la destruction anticipée"
    assert read(archive, rapport) == octets
    with archive.orc.database.reading() as session:
        last = session.scalars(select(Ecriture).order_by(Ecriture.id.desc()).limit(1)).one()
    assert (last.acte, last.objet, last.acteur) == (
        "rapport", f"rapport:{rapport.numero}", "archiviste"
    )  # fmt: skip
    assert json.loads(last.details)["sha256"] == rapport.sha256


def test_an_ods_opens_with_its_numbers_and_dates(archive: Archive) -> None:
    octets = read(archive, give(archive, Genre.ECHEANCIER, Forme.ODS))
    with ZipFile(io.BytesIO(octets)) as made:
        assert made.namelist()[0] == "mimetype"
        assert made.testzip() is None
    tables = load_ods(io.BytesIO(octets)).getElementsByType(Table)
    assert [t.getAttribute("name") for t in tables] == ["Rapport", "1. Échéances"]
    head, first, *_ = tables[1].getElementsByType(TableRow)
    titles = [extractText(cell) for cell in head.getElementsByType(TableCell)]
    cells = dict(zip(titles, first.getElementsByType(TableCell), strict=True))
    assert cells["Total"].getAttribute("valuetype") == "float"
    assert cells["Total"].getAttribute("value") == "3"
    assert cells["Prochain terme"].getAttribute("datevalue") == "2033-01-01"
    assert "R-2026-" in extractText(tables[0])


def test_a_report_is_taken_again_by_who_sees_all_it_was_made_over(archive: Archive) -> None:
    mine = give(archive, Genre.ETATS)
    whole = give(archive, Genre.ETATS, qui="tout")
    other = give(archive, Genre.ETATS, qui="tout", siren=COMMUNAUTE)
    with archive.orc.database.reading() as session:
        cellules = find_cellules(archive, "archiviste")
        found = {r.numero for r in find_rapports(session, cellules)}
        assert mine.numero in found
        assert not {whole.numero, other.numero} & found
        assert get_rapport(session, find_all(archive), mine.numero) == mine
        assert find_rapports(session, frozenset()) == []
        for numero in (whole.numero, other.numero, "R-1999-000001"):
            with pytest.raises(NotFound):
                get_rapport(session, cellules, numero)
        fewer = frozenset(sorted(cellules)[1:])
        with pytest.raises(NotFound):  # its maker, whose rights shrank
            get_rapport(session, fewer, mine.numero)


def test_nothing_is_made_of_what_one_does_not_see(archive: Archive) -> None:
    with pytest.raises(NotFound, match="ressort"):
        give(archive, Genre.ETATS, siren=COMMUNAUTE)
    with pytest.raises(NotFound):
        give(archive, Genre.ETATS, qui="administrateur")


def test_a_report_that_was_not_finished_is_nobody_s(archive: Archive) -> None:
    rapport = give(archive, Genre.ETATS)
    with archive.orc.database.writing() as session:
        session.execute(update(Rapport).where(Rapport.id == rapport.id).values(sha256=""))
    with archive.orc.database.reading() as session, pytest.raises(NotFound):
        get_rapport(session, find_all(archive), rapport.numero)


def test_a_long_report_is_kept_in_pieces(archive: Archive) -> None:
    chunks = [bytes([rang % 251]) * 700_000 for rang in range(30)]
    whole = b"".join(chunks)
    sha256, octets = keep_octets(archive.orc.storage, "R-2026-999999", chunks)
    assert (sha256, octets) == (hashlib.sha256(whole).hexdigest(), len(whole))
    assert len(whole) > 2 * MORCEAU
    assert archive.orc.storage.exists(make_key("R-2026-999999", 2))
    given = replace(give(archive, Genre.ETATS), numero="R-2026-999999", octets=octets)
    assert read(archive, given) == whole


def test_an_orphan_pj_is_counted_under_no_exercice(tmp_path: Path) -> None:
    with make_archive(tmp_path) as made:
        with made.orc.database.writing() as session:
            session.execute(
                update(Lien).where(Lien.pj_id == made.pj[FOURNITURES]).values(pj_id=None)
            )
        put_decisions(made)
        lines = read_csv(made, give(made, Genre.ETATS))
        assert [n["Exercice"] for n in lines] == ["—", "2022", "2024"]
        terms = read_csv(made, give(made, Genre.ECHEANCIER))
        assert (terms[0]["Exercice"], terms[0]["Règle"]) == ("—", "sans règle")
        assert terms[0]["Inconnu"] == "1"
        assert {n["Exercice"] for n in read_csv(made, give(made, Genre.REFUS))} == {"2022"}


def test_bounds_and_metres_are_written_as_archives_do() -> None:
    assert write_bornes(date(2022, 4, 1), date(2022, 4, 1)) == "01/04/2022"
    assert write_bornes(None, None) == ""
    assert write_metrage(12_050) == "12,050 ml"


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"])
def test_no_cell_of_a_csv_is_a_formula(first: str) -> None:
    assert write_cellule(f"{first}1+1") == f"'{first}1+1"
    assert write_cellule(f"1{first}1") == f"1{first}1"
