"""Rules of duration are written by one person, measured, and published by another."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from orc.access import Lecteur
from orc.domain import Role
from orc.errors import Conflict, Forbidden, Invalid, NotFound
from orc.identity.comptes import NouveauCompte, Octroi, create_compte, grant_habilitation
from orc.models import ADecider, DecisionCourante, Ecriture, VersionRegles
from orc.retention.durees import Duree, Unite
from orc.retention.publication import (
    Impact,
    LigneImpact,
    abandon_version,
    create_brouillon,
    find_differences,
    find_lignes_vues,
    find_versions,
    get_version,
    load_impact,
    measure_impact,
    publish_version,
    replace_regle,
    submit_version,
)
from orc.retention.regle_duree import SortFinal, read_livrees
from orc.retention.regles import find_durees, find_version, read_version
from tests.archive import COMMUNAUTE, COMMUNE, MOT_DE_PASSE, Archive, make_archive
from tests.retention.rapports.fonds import (
    ELECTRICITE,
    JOUR,
    find_all,
    find_cellules,
    make_lecteur_de,
    put_decisions,
)

DEPENSE = read_livrees().regles[0]


@pytest.fixture
def archive(tmp_path: Path, base: str) -> Iterator[Archive]:
    with make_archive(tmp_path, database=base) as made:
        put_decisions(made)
        with made.orc.database.writing() as session:
            session.execute(delete(ADecider))
        yield made


def make_redacteur(archive: Archive, nom: str, *, tout: bool = True) -> Lecteur:
    if nom not in archive.personnes:
        with archive.orc.database.writing() as session:
            compte = NouveauCompte(nom, nom.title(), MOT_DE_PASSE)
            archive.personnes[nom] = create_compte(session, compte, par="test")
            octroi = Octroi(Role.ARCHIVISTE, "collectivite", COMMUNE)
            grant_habilitation(session, archive.personnes[nom], octroi, par="test")
    territoire = find_all(archive) if tout else find_cellules(archive, nom)
    return make_lecteur_de(archive, nom, territoire)


def draft(archive: Archive, **changes: object) -> int:
    """A brouillon where the rule of dépense is changed."""
    qui = make_redacteur(archive, "archiviste")
    with archive.orc.database.writing() as session:
        made = create_brouillon(session, qui, "Nouvelle instruction", JOUR)
        regle = replace(DEPENSE, **changes)  # type: ignore[arg-type]  # the fields of RegleDeDuree
        replace_regle(session, qui, made, DEPENSE.code, regle)
    return made


def measure(archive: Archive, version_id: int, territoire: frozenset[int]) -> Impact:
    with archive.orc.database.reading() as session:
        version = read_version(session, get_version(session, version_id))
        return measure_impact(session, version, JOUR, territoire)


def submit(archive: Archive, version_id: int) -> Impact:
    qui = make_redacteur(archive, "archiviste")
    impact = measure(archive, version_id, qui.clearance.territoire)
    with archive.orc.database.writing() as session:
        submit_version(session, qui, version_id, impact)
    return impact


def publish(archive: Archive, version_id: int, qui: Lecteur, day: date = JOUR) -> None:
    impact = measure(archive, version_id, qui.clearance.territoire)
    with archive.orc.database.writing() as session:
        publish_version(session, qui, version_id, impact, day, JOUR)


def test_an_impact_counts_what_changes_by_collectivite_and_exercice(archive: Archive) -> None:
    made = draft(archive, duree=Duree(15, Unite.ANS))
    impact = measure(archive, made, find_all(archive))
    assert impact.lignes == (
        LigneImpact(COMMUNE, 2022, 4, 0, 4),
        LigneImpact(COMMUNE, 2023, 1, 0, 1),
        LigneImpact(COMMUNE, 2024, 1, 0, 1),
        LigneImpact(COMMUNAUTE, 2022, 1, 0, 1),
    )
    assert impact.sirens == {COMMUNE, COMMUNAUTE}
    assert impact.ailleurs == 0
    assert measure(archive, made, find_cellules(archive, "archiviste")).ailleurs == 2
    orphans = replace(impact, lignes=(LigneImpact(COMMUNE, 0, 1, 0, 1), *impact.lignes))
    with archive.orc.database.reading() as session:
        assert find_lignes_vues(session, orphans, find_all(archive)) == list(orphans.lignes)
        # Without the pay of 2022: neither that exercice nor what nothing cites.
        seen = find_lignes_vues(session, orphans, find_cellules(archive, "archiviste"))
        assert seen == [LigneImpact(COMMUNE, 2023, 1, 0, 1), LigneImpact(COMMUNE, 2024, 1, 0, 1)]
    submit(archive, made)
    with archive.orc.database.reading() as session:
        assert load_impact(get_version(session, made).impact) == impact
        assert load_impact("") is None


def test_a_sort_final_that_changes_is_counted_once(archive: Archive) -> None:
    made = draft(archive, sort_final=SortFinal.TRIER, duree=Duree(1, Unite.ANS))
    assert measure(archive, made, find_all(archive)).lignes[0] == LigneImpact(
        COMMUNE, 2022, 4, 4, 0
    )


def test_the_same_rules_change_nothing(archive: Archive) -> None:
    made = draft(archive)
    impact = measure(archive, made, frozenset())
    assert impact.sirens == frozenset()
    assert impact.ailleurs == 0
    submit(archive, made)
    publish(archive, made, make_redacteur(archive, "collegue"))
    with archive.orc.database.reading() as session:
        assert session.scalars(select(ADecider.pj_id)).all() == []


def test_what_another_publishes_holds_from_its_day_and_is_decided_again(archive: Archive) -> None:
    made = draft(archive, sort_final=SortFinal.TRIER)
    submit(archive, made)
    later = JOUR + timedelta(days=30)
    publish(archive, made, make_redacteur(archive, "collegue"), later)
    pj_id = archive.pj[ELECTRICITE]
    with archive.orc.database.reading() as session:
        assert find_version(session, JOUR) is read_livrees()
        assert find_version(session, later).id == made
        assert find_durees(session, [pj_id], JOUR)[pj_id].sort_final == "D"
        assert find_durees(session, [pj_id], later)[pj_id].sort_final == "T"
        assert set(session.scalars(select(ADecider.pj_id))) == set(archive.pj.values())
        assert set(session.scalars(select(DecisionCourante.revoir_le))) == {later}
        version = get_version(session, made)
        assert (version.redigee_par, version.publiee_par) == ("Archiviste", "Collegue")
        acts = session.scalars(select(Ecriture.details).where(Ecriture.acte == "regles_de_duree"))
        assert [said.count("brouillon") for said in acts] == [1, 0, 0, 0]
    with pytest.raises(Conflict, match="plus en préparation"), archive.orc.database.writing() as w:
        abandon_version(w, make_redacteur(archive, "collegue"), made)


def test_nobody_publishes_what_it_wrote(archive: Archive) -> None:
    made = draft(archive, sort_final=SortFinal.TRIER)
    submit(archive, made)
    with pytest.raises(Forbidden, match="autre personne"):
        publish(archive, made, make_redacteur(archive, "archiviste"))


def test_nobody_publishes_what_it_wrote_before_another_wrote_too(archive: Archive) -> None:
    made = draft(archive, sort_final=SortFinal.TRIER)
    collegue = make_redacteur(archive, "collegue")
    with archive.orc.database.writing() as session:
        replace_regle(session, collegue, made, "TRACE-TRANSMISSION", None)
    submit(archive, made)
    for nom in ("archiviste", "collegue"):
        with pytest.raises(Forbidden, match="autre personne"):
            publish(archive, made, make_redacteur(archive, nom))
    publish(archive, made, make_redacteur(archive, "directrice"))


def test_who_publishes_sees_all_that_changes(archive: Archive) -> None:
    made = draft(archive, sort_final=SortFinal.TRIER)
    submit(archive, made)
    with pytest.raises(Forbidden, match="hors de votre territoire"):
        publish(archive, made, make_redacteur(archive, "collegue", tout=False))


def test_rules_never_begin_in_the_past(archive: Archive) -> None:
    made = draft(archive)
    submit(archive, made)
    with pytest.raises(Invalid, match="passé"):
        publish(archive, made, make_redacteur(archive, "collegue"), JOUR - timedelta(days=1))


def test_a_version_goes_one_step_at_a_time(archive: Archive) -> None:
    collegue = make_redacteur(archive, "collegue")
    made = draft(archive)
    with pytest.raises(Conflict, match="« Brouillon »"):
        publish(archive, made, collegue)
    with pytest.raises(Conflict, match="déjà en préparation"):
        draft(archive)
    submit(archive, made)
    with pytest.raises(Conflict, match="« Soumise »"), archive.orc.database.writing() as session:
        replace_regle(session, collegue, made, DEPENSE.code, None)
    with archive.orc.database.writing() as session:
        abandon_version(session, collegue, made)
    again = draft(archive)
    with archive.orc.database.reading() as session:
        assert [v.id for v in find_versions(session)] == [again, made]
        with pytest.raises(NotFound):
            get_version(session, 987_654)


def test_a_rule_is_added_replaced_or_removed_in_a_brouillon(archive: Archive) -> None:
    qui = make_redacteur(archive, "archiviste")
    made = draft(archive)
    extra = replace(DEPENSE, code="PAIE", intitule="Paie")
    with archive.orc.database.writing() as session:
        replace_regle(session, qui, made, "", extra)
        replace_regle(session, qui, made, "TRACE-TRANSMISSION", None)
    with archive.orc.database.reading() as session:
        found = read_version(session, get_version(session, made))
        codes = [r.code for r in found.regles]
        assert codes[-1] == "PAIE"
        assert "TRACE-TRANSMISSION" not in codes
        differences = find_differences(read_livrees(), found)
        assert {d.code for d in differences} == {"PAIE", "TRACE-TRANSMISSION"}
        (inclus,) = [d for d in differences if (d.code, d.champ) == ("PAIE", "inclus")]
        assert (inclus.avant, inclus.apres) == ("", "oui")
        (nombre,) = [d for d in differences if (d.code, d.champ) == ("PAIE", "nombre")]
        assert nombre.apres == "10"
    with pytest.raises(Conflict, match="déjà le code PAIE"), archive.orc.database.writing() as w:
        replace_regle(w, qui, made, DEPENSE.code, extra)


def test_a_version_says_why_and_has_a_rule(archive: Archive) -> None:
    qui = make_redacteur(archive, "archiviste")
    with pytest.raises(Invalid, match="Dites pourquoi"), archive.orc.database.writing() as session:
        create_brouillon(session, qui, "  ", JOUR)
    made = draft(archive)
    with archive.orc.database.writing() as session:
        for regle in read_version(session, get_version(session, made)).regles:
            replace_regle(session, qui, made, regle.code, None)
        assert read_version(session, get_version(session, made)).regles == ()
    with pytest.raises(Invalid, match="au moins une règle"):
        submit(archive, made)
    with archive.orc.database.writing() as session:
        assert session.get_one(VersionRegles, made).etat == "brouillon"


def test_a_difference_is_said_in_words() -> None:
    livrees = read_livrees()
    sans = replace(livrees, regles=(replace(DEPENSE, duree=replace(DEPENSE.duree, inclus=False)),))
    found = find_differences(replace(livrees, regles=(DEPENSE,)), sans)
    assert [(d.champ, d.avant, d.apres) for d in found] == [("inclus", "oui", "non")]
