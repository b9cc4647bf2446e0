"""« Destruction anticipée »: what may go, what waits, and why; a PJ explained, on any day."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from orc.access import Lecteur
from orc.bootstrap import Orc
from orc.csv_lines import BOM, Valeur, write_line, write_lines
from orc.errors import NotFound
from orc.journal import Acte
from orc.models import read_today
from orc.retention.decide import Statut
from orc.retention.decisions import Decidee, find_decisions, read_decision
from orc.retention.eliminations.detruites import (
    Destruction,
    count_detruites,
    find_destruction,
)
from orc.retention.etats import (
    AUCUN,
    PAR_PAGE,
    Etat,
    Filtre,
    Ligne,
    PjVue,
    find_collectivites,
    find_lignes,
    get_pj,
    read_bilan,
    read_lignes,
)
from orc.retention.libelles import LIBELLES_FONDEMENTS, LIBELLES_STATUTS
from orc.retention.rules import REGLES
from orc.search.open_pj import get_pj as open_for
from orc.search.paged import Paged, make_page
from web.acces import acces_destruction
from web.deps import Connecte, JournalDuLecteur, Lecture, get_orc
from web.pages.elimination import RACINE
from web.pages.piece import Numero, Page
from web.render import make_query, render

router = APIRouter(include_in_schema=False)

CHEMIN = "/destruction"
# Lines of the counts shown at once: a poste may have a thousand collectivités.
COMPTES_PAR_PAGE = 100
TESTS = tuple(numero for numero in REGLES if numero not in {"15", "16"})
EN_TETES = (
    "Collectivité", "Identifiant unique", "Nom", "Type", "Octets", "Statut", "Depuis", "Jusqu’à",
    "Gelée", "Anomalie", "Raisons",
)  # fmt: skip

Siren = Annotated[str, Query(pattern=r"^(\d{9})?$")]
# What is written for the exercice of PJ that nothing cites.
SANS = "aucun"
Exercice = Annotated[str, Query(pattern=rf"^(\d{{4}}|{SANS})?$")]
Reponse = Literal["", "eligible", "en_attente", "suspendu", "refus"]
Test = Annotated[str, Query(pattern=r"^(\d{1,2}[abc]?)?$")]
Oui = Literal["", "oui"]
Apres = Annotated[int, Query(ge=0, lt=2**63)]
JourDemande = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]


@dataclass(frozen=True, slots=True)
class PageDestruction:
    """What the page says; `params` are those of its address, `liste`: a list was asked for."""

    etats: Paged[Etat]
    detruites: int
    collectivites: Sequence[tuple[str, str]]
    filtre: Filtre
    liste: bool
    lignes: Sequence[Ligne]
    motifs: Sequence[tuple[str, str, int]]
    params: dict[str, object]
    suivant: int | None
    premiere: bool
    statuts: Sequence[tuple[Statut, str]]
    tests: Sequence[tuple[str, str]]
    # Where one asks for a bordereau of what is listed; empty: nothing of it may go, or not by one.
    preparer: str


@dataclass(frozen=True, slots=True)
class PageDecision:
    """A PJ explained: what holds, or held that day; `lisible`: its document may be opened."""

    pj: PjVue
    detruite: Destruction | None
    jour: date
    decidee: Decidee | None
    passees: Sequence[Decidee]
    statuts: dict[str, str]
    fondements: dict[str, str]
    lisible: bool
    aujourdhui: bool


def make_filtre(
    siren: Siren = "",
    exercice: Exercice = "",
    statut: Reponse = "",
    test: Test = "",
    anomalie: Oui = "",
    gelee: Oui = "",
    depuis: JourDemande = "",
) -> Filtre:
    """What an address asks for."""
    return Filtre(
        siren=siren,
        exercice=AUCUN if exercice == SANS else int(exercice) if exercice else None,
        statut=Statut(statut) if statut else None,
        test=test,
        anomalie=bool(anomalie),
        gelee=bool(gelee),
        depuis=_read_jour(depuis),
    )


FiltreDemande = Annotated[Filtre, Depends(make_filtre)]


def write_filtre(filtre: Filtre) -> dict[str, object]:
    """The parameters of an address that asks for it; what asks nothing is left out."""
    asked = asdict(filtre).items() - asdict(Filtre()).items()
    said: dict[str, object] = {
        name: "oui" if value is True else str(value) for name, value in sorted(asked)
    }
    return said | ({"exercice": SANS} if filtre.exercice == AUCUN else {})


@router.get(CHEMIN)
@acces_destruction()
def show_destruction(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    filtre: FiltreDemande,
    apres: Apres = 0,
    comptes: Page = 1,
) -> Response:
    """Counts by collectivité and exercice, then the list that is asked for."""
    cellules = lecteur.clearance.retention
    params = write_filtre(filtre)
    bilan = read_bilan(session, cellules, filtre.siren)
    lignes: Sequence[Ligne] = ()
    if params:
        lignes = find_lignes(session, cellules, filtre, apres=apres, combien=PAR_PAGE + 1)
    shown = lignes[:PAR_PAGE]
    page = PageDestruction(
        etats=make_page(bilan.etats, comptes, COMPTES_PAR_PAGE),
        detruites=count_detruites(session, cellules, filtre.siren),
        collectivites=find_collectivites(session, cellules),
        filtre=filtre,
        liste=bool(params),
        lignes=shown,
        motifs=[(numero, _name_test(numero), count) for numero, count in bilan.motifs],
        params=params,
        suivant=shown[-1].pj_id if len(lignes) > PAR_PAGE else None,
        premiere=not apres,
        statuts=[(s, LIBELLES_STATUTS[s]) for s in Statut],
        tests=[(numero, _name_test(numero)) for numero in TESTS],
        preparer=_make_preparer(lecteur, filtre) if lignes else "",
    )
    return render(request, "destruction/destruction", page)


def _make_preparer(lecteur: Lecteur, filtre: Filtre) -> str:
    """The form of a bordereau of this list, for who may prepare one."""
    clearance = lecteur.clearance
    if filtre.statut is not Statut.ELIGIBLE or not clearance.destruction | clearance.territoire:
        return ""
    query = make_query({"siren": filtre.siren, "exercice": filtre.exercice})
    return f"{RACINE}{'?' if query else ''}{query}#nouveau"


def _name_test(numero: str) -> str:
    regle = REGLES.get(numero)
    return regle.intitule if regle else f"Test {numero}"


@router.get("/destruction/pj/{pj_id}")
@acces_destruction()
def show_decision(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    pj_id: Numero,
    jour: JourDemande = "",
) -> Response:
    """Why a PJ may go or not, with every reason; what was decided on a past day."""
    pj = get_pj(session, lecteur.clearance.retention, pj_id)
    today = read_today()
    asked = _read_jour(jour) or today
    page = PageDecision(
        pj=pj,
        detruite=find_destruction(session, lecteur.clearance.retention, pj_id),
        jour=asked,
        decidee=read_decision(session, pj_id, asked),
        passees=find_decisions(session, pj_id),
        statuts=dict(LIBELLES_STATUTS),
        fondements=dict(LIBELLES_FONDEMENTS),
        lisible=_is_readable(session, pj_id, lecteur),
        aujourdhui=asked >= today,
    )
    journal.record(Acte.CONSULTATION, f"pj:{pj_id}", {"quoi": "destruction"})
    return render(request, "destruction/decision", page)


def _read_jour(jour: str) -> date | None:
    try:
        return date.fromisoformat(jour) if jour else None
    except ValueError:
        return None


def _is_readable(session: Lecture, pj_id: int, lecteur: Lecteur) -> bool:
    """Whether the document itself may be opened: retention data are seen by more people."""
    try:
        open_for(session, pj_id, None, clearance=lecteur.clearance)
    except NotFound:
        return False
    return True


@router.get("/destruction.csv")
@acces_destruction()
def export_destruction(
    request: Request,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    filtre: FiltreDemande,
) -> Response:
    """The whole list of the page, line after line; the export is itself an act."""
    journal.record(Acte.EXPORT, "destruction", write_filtre(filtre))
    return StreamingResponse(
        write_csv(get_orc(request), lecteur.clearance.retention, filtre),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="destruction.csv"'},
    )


def write_csv(orc: Orc, cellules: frozenset[int], filtre: Filtre) -> Iterator[str]:
    """BOM, « ; », dates that a spreadsheet sorts, no formula; all the reasons of each PJ."""
    yield BOM + write_line(EN_TETES)
    with orc.database.reading() as session:
        for lot in read_lignes(session, cellules, filtre):
            yield write_lines(_make_cells(ligne) for ligne in lot)


def _make_cells(ligne: Ligne) -> tuple[Valeur, ...]:
    against = [r for r in ligne.raisons if r.statut is not Statut.ELIGIBLE] or ligne.raisons
    return (
        ligne.siren,
        ligne.id_unique,
        ligne.nom,
        ligne.type_pj,
        ligne.octets,
        LIBELLES_STATUTS[ligne.statut],
        ligne.depuis,
        ligne.jusqu_a,
        "oui" if ligne.gelee else "",
        "oui" if ligne.anomalie else "",
        " ; ".join(f"{r.regle.numero} : {r.texte}" for r in against),
    )
