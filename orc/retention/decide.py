"""May the collectivité's copy of a PJ go? Pure and total: every test is made, the worst wins."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from orc.domain import Sens, format_date
from orc.retention.durees import Duree, find_libre
from orc.retention.facts import Citation, Facts, Gel, Marche, Periode, Preuve
from orc.retention.payment import Reglement, Suite, read_reglement
from orc.retention.rules import REGLES, SANS_CESSION, Regle, Rules

OFFERT = "01"


class Statut(StrEnum):
    """The answer, from the one that lets go to the one that forbids."""

    ELIGIBLE = "eligible"
    EN_ATTENTE = "en_attente"
    SUSPENDU = "suspendu"
    REFUS = "refus"


RANGS = {statut: rang for rang, statut in enumerate(Statut)}


@dataclass(frozen=True, slots=True)
class Raison:
    """One answer of one test. ELIGIBLE: it passes, `depuis` that day; SUSPENDU: `jusqu_a`, or open.

    `anomalie`: what is listed for somebody to look at.
    """

    regle: Regle
    statut: Statut
    texte: str
    preuves: tuple[Preuve, ...] = ()
    depuis: date | None = None
    jusqu_a: date | None = None
    anomalie: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The worst answer with all the reasons. `depuis`: ELIGIBLE since; `jusqu_a`: SUSPENDU until.

    SUSPENDU with no `jusqu_a` has no known end.
    """

    statut: Statut
    raisons: tuple[Raison, ...]
    depuis: date | None = None
    jusqu_a: date | None = None

    @property
    def empechements(self) -> tuple[Raison, ...]:
        """The reasons that forbid, worst first."""
        found = [r for r in self.raisons if r.statut is not Statut.ELIGIBLE]
        return tuple(sorted(found, key=lambda r: -RANGS[r.statut]))


def decide(facts: Facts, rules: Rules, today: date) -> Decision:
    """Tests 1 to 14 of domaine.md; 15 and 16 guard the elimination, not the decision.

    Never raises: what is not known never favours, and says so.
    """
    raisons = tuple(_look_ahead(_find_raisons(facts, rules, today), today))
    statut = max((r.statut for r in raisons), key=RANGS.__getitem__)
    if statut is Statut.ELIGIBLE:
        return Decision(statut, raisons, depuis=max(r.depuis for r in raisons if r.depuis))
    if statut is Statut.SUSPENDU:
        ends = [r.jusqu_a for r in raisons if r.statut is Statut.SUSPENDU]
        known = [end for end in ends if end is not None]
        return Decision(statut, raisons, jusqu_a=max(known) if len(known) == len(ends) else None)
    return Decision(statut, raisons)


def _find_raisons(facts: Facts, rules: Rules, today: date) -> Iterator[Raison]:
    yield _join("1", "ORC", facts.adhesions_orc, today)
    yield from _join_offre(facts, rules, today)
    yield _keep_in_helios(facts, today)
    yield _be_pj(facts)
    yield _be_transmitted(facts)
    yield _be_acknowledged(facts)
    yield _be_kept(facts)
    yield _be_digitised(facts, today)
    yield from _be_settled(facts, rules)
    yield from _need_no_original(facts, rules)
    yield from _suspend("11", facts.gels, today, "gel", "levé")
    yield from _suspend("12", facts.cofinancements, today, "cofinancement", "contrôle clos")
    yield from _be_out_of_marche(facts, rules, today)
    yield _be_destructible(facts)


def _look_ahead(raisons: Iterable[Raison], today: date) -> Iterator[Raison]:
    """What is said to hold from a day to come does not hold yet."""
    for raison in raisons:
        if raison.statut is Statut.ELIGIBLE and raison.depuis and raison.depuis > today:
            texte = f"{raison.texte}, au {format_date(raison.depuis)} seulement"
            yield Raison(raison.regle, Statut.EN_ATTENTE, texte, raison.preuves, anomalie=True)
        else:
            yield raison


def _pass(numero: str, texte: str, *preuves: Preuve, depuis: date | None = None) -> Raison:
    return Raison(REGLES[numero], Statut.ELIGIBLE, texte, preuves, depuis)


def _refuse(numero: str, texte: str, *preuves: Preuve, anomalie: bool = False) -> Raison:
    return Raison(REGLES[numero], Statut.REFUS, texte, preuves, anomalie=anomalie)


def _wait(numero: str, texte: str, *preuves: Preuve, anomalie: bool = False) -> Raison:
    return Raison(REGLES[numero], Statut.EN_ATTENTE, texte, preuves, anomalie=anomalie)


def _find_periode(periodes: Sequence[Periode], day: date) -> Periode | None:
    """The period that holds that day, the earliest begun."""
    holding = [p for p in periodes if p.holds(day)]
    return min(holding, key=lambda p: p.depuis, default=None)


def _join(numero: str, nom: str, periodes: Sequence[Periode], today: date) -> Raison:
    found = _find_periode(periodes, today)
    if found:
        return _pass(numero, f"adhésion à {nom} en vigueur", found.preuve, depuis=found.depuis)
    return _refuse(
        numero, f"adhésion à {nom} {_say_absent(periodes, today)}", *(p.preuve for p in periodes)
    )


def _say_absent(periodes: Sequence[Periode], today: date) -> str:
    """Why nothing holds that day: it will, it did, or nobody ever said so."""
    coming = [p.depuis for p in periodes if p.depuis > today]
    if coming:
        return f"en vigueur au {format_date(min(coming))} seulement"
    ended = [p.jusqu_a for p in periodes if p.jusqu_a]
    return (
        f"retirée : elle a tenu jusqu’au {format_date(max(ended))}"
        if ended
        else ("jamais enregistrée")
    )


def _join_offre(facts: Facts, rules: Rules, today: date) -> Iterator[Raison]:
    raison = _join("2", "l’offre de service", facts.adhesions_offre, today)
    yield raison
    if raison.statut is not Statut.ELIGIBLE or not rules.refuse_avant_offre:
        return
    if facts.recue_le is None:
        yield _refuse("2", "date de transmission inconnue", anomalie=True)
    elif not _find_periode(facts.adhesions_offre, facts.recue_le):
        texte = f"transmise le {format_date(facts.recue_le)}, hors de l’adhésion à l’offre"
        yield _refuse("2", texte, *raison.preuves)


def _keep_in_helios(facts: Facts, today: date) -> Raison:
    found = _find_periode(facts.tenue_helios, today)
    if found:
        return _pass("3", "comptes tenus dans Hélios", found.preuve)
    texte = "rien ne dit que ses comptes sont tenus dans Hélios"
    return _refuse("3", texte, *(p.preuve for p in facts.tenue_helios))


def _be_pj(facts: Facts) -> Raison:
    if facts.est_pj:
        return _pass("4", "pièce justificative")
    return _refuse("4", "bordereau, mandat, titre ou flux signé : conservé dix ans")


def _be_transmitted(facts: Facts) -> Raison:
    if facts.support == OFFERT:
        return _pass("5", "transmise par PES V2")
    return _refuse("5", "jamais transmise par PES V2 : le support n’est pas électronique")


def _be_acknowledged(facts: Facts) -> Raison:
    acquit, doubt = facts.acquittement, facts.acquit_douteux
    if doubt is not None:
        return _wait("6", f"un acquit est venu, mais {doubt.evenement}", doubt, anomalie=True)
    if acquit is None:
        return _wait("6", "aucun acquit reçu pour cette pièce justificative", anomalie=True)
    if not acquit.accepte:
        return _wait("6", "l’acquit la refuse", acquit.preuve, anomalie=True)
    return _pass("6", "acquittée", acquit.preuve, depuis=acquit.jour)


def _be_kept(facts: Facts) -> Raison:
    copie = facts.copie
    if copie is None:
        return _refuse("7", "absente de l’archive", anomalie=True)
    if not copie.octets:
        return _refuse("7", "vide dans l’archive", copie.preuve, anomalie=True)
    if not copie.empreinte_verifiee:
        texte = "mal décodée de son flux : rien ne vérifie son empreinte"
        return _refuse("7", texte, copie.preuve, anomalie=True)
    if copie.lisible is None:
        return _wait("7", "son contenu n’a pas encore été lu dans l’archive", copie.preuve)
    if not copie.lisible:
        return _refuse("7", "illisible dans l’archive", copie.preuve, anomalie=True)
    return _pass("7", "présente et intègre dans l’archive", copie.preuve)


def _be_digitised(facts: Facts, today: date) -> Raison:
    if facts.est_numerisee is False:
        return _pass("8", "née numérique : rien à déclarer")
    found = _find_periode(facts.declarations_numerisation, today)
    if found:
        return _pass("8", "chaîne de numérisation déclarée", found.preuve, depuis=found.depuis)
    doubt = "" if facts.est_numerisee else " (on ignore si elle est numérisée)"
    return _refuse("8", f"aucune déclaration de numérisation conforme{doubt}")


def _be_settled(facts: Facts, rules: Rules) -> Iterator[Raison]:
    citations, absentes = facts.citations, facts.pieces_absentes
    if not citations:
        yield _wait("9c", "citée par aucune pièce : jamais éligible", anomalie=True)
    for absente in absentes:
        texte = f"elle se rattache elle-même {absente}, qui n’est jamais arrivé"
        yield _wait("9c", texte, anomalie=True)
    for citation in citations:
        yield _settle(citation, read_reglement(citation, rules))


def _settle(citation: Citation, reglement: Reglement) -> Raison:
    numero = "9a" if citation.sens is Sens.DEPENSE else "9b"
    texte = f"{citation.designation} : {reglement.texte}"
    if reglement.suite is Suite.ACQUISE:
        return _pass(numero, texte, citation.preuve, depuis=reglement.depuis)
    if reglement.suite is Suite.PERDUE:
        return _refuse(numero, texte, citation.preuve)
    return _wait(numero, texte, citation.preuve, anomalie=bool(citation.doute))


def _need_no_original(facts: Facts, rules: Rules) -> Iterator[Raison]:
    for citation in facts.citations:
        ceded = [n.numero for n in citation.lignes if n.cession_opposition not in SANS_CESSION]
        if ceded:
            texte = f"{citation.designation} : cession ou opposition, ligne {', '.join(ceded)}"
            yield _refuse("10", texte, citation.preuve)
    for rubrique in facts.rubriques:
        if any(rubrique.startswith(code) for code in rules.rubriques_originales):
            yield _refuse("10", f"rubrique {rubrique} : original ou exemplaire unique exigé")
        elif any(code.startswith(rubrique) for code in rules.rubriques_originales):
            texte = f"rubrique {rubrique} : trop générale, une de ses parties exige l’original"
            yield _wait("10", texte)
        else:
            yield _pass("10", f"rubrique {rubrique} : aucun original exigé")
    if facts.rubriques:
        return
    if rules.rubrique_inconnue_passe:
        yield _pass("10", "rubrique inconnue, non déclarée : réputée sans original exigé")
    else:
        yield _wait("10", "rubrique inconnue : à déclarer")


def _suspend(
    numero: str, gels: Sequence[Gel], today: date, kind: str, over: str
) -> Iterator[Raison]:
    """What has begun, or will, holds until its end; what ended lets go from the day after."""
    if not gels:
        yield _pass(numero, f"aucun {kind}")
    for gel in gels:
        preuve, end = gel.periode.preuve, gel.periode.jusqu_a
        nom = f"{kind} « {gel.nom} » ({gel.autorite}, {gel.reference})"
        if end is not None and end < today:
            yield _pass(numero, f"{nom}, {over}", preuve, depuis=_day_after(end))
        else:
            yield Raison(REGLES[numero], Statut.SUSPENDU, nom, (preuve,), jusqu_a=end)


def _be_out_of_marche(facts: Facts, rules: Rules, today: date) -> Iterator[Raison]:
    if not facts.piece_de_marche:
        yield _pass("13", "pas une pièce contractuelle de marché")
        return
    known = facts.marche or Marche(None, None)
    passation, execution = rules.marche_passation, rules.marche_execution
    notified, settled = known.preuves_notification, known.preuves_solde
    yield _wait_for_marche("la notification", known.notifie_le, passation, notified, today)
    yield _wait_for_marche("le solde", known.solde_le, execution, settled, today)


def _wait_for_marche(
    nom: str, start: date | None, duree: Duree, preuves: tuple[Preuve, ...], today: date
) -> Raison:
    terme = f"{duree.nombre} {duree.unite.value} après {nom} du marché"
    if start is None:
        return Raison(REGLES["13"], Statut.SUSPENDU, f"{terme}, dont la date manque", preuves)
    free = find_libre(start, duree)
    texte = f"{terme} ({format_date(start)})"
    if today < free:
        end = date.fromordinal(free.toordinal() - 1)
        return Raison(REGLES["13"], Statut.SUSPENDU, texte, preuves, jusqu_a=end)
    return _pass("13", f"{texte} : délai passé", *preuves, depuis=free)


def _be_destructible(facts: Facts) -> Raison:
    if facts.historique:
        return _refuse("14", "signalée historique : proposée au versement", facts.historique)
    if facts.sort_final in {"C", "T"}:
        sort = "conserver" if facts.sort_final == "C" else "trier"
        return _refuse("14", f"sort final : {sort} ; proposée au versement")
    if facts.sort_final == "D":
        return _pass("14", "sort final : détruire")
    return _wait("14", "aucune règle ne dit son sort final", anomalie=True)


def _day_after(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1) if day < date.max else day
