"""What the matrix needs: who asks, for what, what they may see; and one application to ask it of.

A new kind of parameter in an address is one line of PARAMETRES (and of OBJETS, if it names a new
kind of thing); the build fails until it is there.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

import httpx
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import update

from orc.db import Writing
from orc.domain import Droit, Role
from orc.identity.comptes import NouveauCompte, Octroi, create_compte, grant_habilitation
from orc.identity.sessions import hash_cookie, open_session
from orc.models import Habilitation, Personne, SessionWeb, read_now
from tests.archive import AUTRE_POSTE, COMMUNAUTE, COMMUNE, MOT_DE_PASSE, Archive
from web.acces import Acces, find_routes, get_acces
from web.app import make_app
from web.security import COOKIE

VARIABLE = re.compile(r"\{(\w+)(?::\w+)?\}")
SAFE = frozenset({"GET", "HEAD"})
INCONNU = 123_456_789


@dataclass(frozen=True, slots=True)
class Personnage:
    """Who asks: `roles` in force, and the OBJETS that its grants let it see, written by hand."""

    nom: str
    roles: frozenset[Role] = frozenset()
    voit: frozenset[str] = frozenset()
    connecte: bool = True
    # As an ordonnateur with the droit « destruction ».
    destruction: bool = False
    # What else is seen under early destruction: exercices that are still open.
    retient: frozenset[str] = frozenset()

    def sees_at(self, path: str) -> frozenset[str]:
        """The OBJETS that this person may see there."""
        return self.voit | self.retient if "/destruction" in path else self.voit

    def enters(self, rule: Acces) -> bool:
        """Whether the rule of a route lets this person in, once connected."""
        return rule.allows(self.roles, destruction=self.destruction)


def _p(nom: str, role: Role, *voit: str, retient: str = "") -> Personnage:
    more = frozenset(filter(None, [retient]))
    return Personnage(nom, frozenset({role}), frozenset(voit), retient=more)


# Nobody, and everybody: those of COMPTES, and those whose grants or account ended.
PERSONNAGES: tuple[Personnage, ...] = (
    Personnage("", connecte=False),
    Personnage("desactive", connecte=False),
    Personnage("sans"),
    Personnage("expire"),
    Personnage("retire"),
    Personnage("futur"),
    _p("comptable", Role.COMPTABLE, "commune", retient="ouvert"),
    _p("ordonnateur", Role.ORDONNATEUR, "commune"),
    _p("paie", Role.ORDONNATEUR, "commune", "paie"),
    _p("juge", Role.JUGE, "communaute"),
    _p("archiviste", Role.ARCHIVISTE, "commune", retient="ouvert"),
    _p("administrateur", Role.ADMINISTRATEUR),
    _p("partenaire", Role.PARTENAIRE),
    _p("gestionnaire", Role.GESTIONNAIRE),
    _p("voisin", Role.COMPTABLE, "communaute"),
    Personnage(
        "destructeur",
        frozenset({Role.ORDONNATEUR}),
        frozenset({"commune"}),
        destruction=True,
        retient=frozenset({"ouvert"}),
    ),
)


@dataclass(frozen=True, slots=True)
class Objet:
    """Something of the archive, by the codes that addresses hold; `mots` appear nowhere else."""

    piece: str
    bordereau: str
    pj: str
    siren: str
    budget: str
    exercice: int
    mots: tuple[str, ...]


# Inside or outside the scope of each person, by `voit`; « inconnu » is nobody's.
OBJETS: Mapping[str, Objet] = {
    "commune": Objet(
        "principal/2022/127", "principal/2022/depense/12", "Facture_Energie_2022-04.pdf",
        COMMUNE, "99900001800012-101-00", 2022,
        ("Travaux de voirie", "Facture_Energie_2022-04", "TP DE L’OUEST", "Jules-Ferry"),
    ),
    "paie": Objet(
        "principal/2022/129", "principal/2022/depense/12", "paie_2022_03.xhl",
        COMMUNE, "99900001800012-101-00", 2022, ("Paie de mars", "paie_2022_03", "Bulletins"),
    ),
    "ouvert": Objet(
        "principal/2024/1", "principal/2024/depense/1", "Devis_2024.pdf",
        COMMUNE, "99900001800012-101-00", 2024, ("Électricité de la mairie", "Devis_2024"),
    ),
    "communaute": Objet(
        "communaute/2022/70", "communaute/2022/depense/7", "Convention.pdf",
        COMMUNAUTE, "99900002600015-200-00", 2022,
        ("Participation école", "Convention.pdf", "SYNDICAT", "intercommunale"),
    ),
    "inconnu": Objet(
        "", "", "", "123456789", "12345678900011-999-99", 1999, ("\0 jamais",),
    ),
}  # fmt: skip

Valeur = Callable[[Archive, Objet], object]

# How a parameter of an address names an object. One line for each kind of parameter.
PARAMETRES: Mapping[str, Valeur] = {
    "piece_id": lambda a, o: a.pieces.get(o.piece, INCONNU),
    "bordereau_id": lambda a, o: a.bordereaux.get(o.bordereau, INCONNU),
    "pj_id": lambda a, o: a.pj.get(o.pj, INCONNU),
    "code": lambda _a, o: o.siren,
    "budget": lambda _a, o: o.budget,
    "exercice": lambda _a, o: o.exercice,
}
# Parameters that name something else than a document: values to try, none of them anybody's here.
# What each page does with its own is proven by its own tests.
AUTRES: Mapping[str, tuple[object, ...]] = {
    "numero": (1, 987654321),
    "cle": (1, 987654321),
    "demande_id": (1, 987654321),
    "piece_demande_id": (1, 987654321),
    "declaration_id": (1, 987654321),
    "gel_id": (1, 987654321),
    "habilitation_id": (987654320, 987654321),
    "mission_id": (1, 987654321),
    "personne_id": (987654320, 987654321),
    "quoi": ("courriel", "nulle-part"),
    "geste": ("proposer", "abandonner", "nulle-part"),
    "etape": (1, 987654321),
    "genre": ("etats", "echeancier", "rien"),
    "version_id": (1, 987654321),
}

# What is coarser than a piece is seen with less than its domaine, or before its exercice closes.
GROSSIER: Mapping[str, frozenset[str]] = {
    "bordereau_id": frozenset({"paie"}),
    "code": frozenset({"paie", "ouvert"}),
    "budget": frozenset({"paie", "ouvert"}),
    "exercice": frozenset({"paie", "ouvert"}),
}

# What a route needs to say something, or its ways to say more: query strings.
DEMANDES: Mapping[str, tuple[str, ...]] = {
    "/recherche": (
        "", "q=école", "q=électricité", "onglet=pieces", "vue=tableau&onglet=pieces", "q=mars",
        "dans_tiers=s", "dans_collectivite=c", "plus=tiers&plus=compte", "exercice=2024", "q=(",
        "q=mandat:70", "q=mandat:1",
    ),
    "/api/v1/recherche": (
        "", "genre=piece", "q=école",
        "facette=tiers&facette=collectivite&facette=nom_pj&genre=piece",
        "exercice=2024", "q=mandat:1",
    ),
    "/parcourir": ("", "q=comm"),
    "/api/v1/collectivites": ("", "q=comm"),
    "/silo": tuple(
        f"vue={v}"
        for v in ("completude", "flux", "quarantaine", "anomalies", "fichiers", "orphelines")
    ),
    "/journal": ("", "du=", "acte=consultation&du="),
    "/journal.csv": ("", "du="),
    "/api/v1/journal": ("", "du=&taille=1000"),
    "/destruction/echeancier": ("", "siren=999000018"),
    "/destruction": ("", "statut=refus", "exercice=2024", "test=9a", "anomalie=oui"),
    "/destruction.csv": ("", "exercice=2024"),
    "/api/v1/destruction/liste": ("", "exercice=2024"),
    "/pj/{pj_id}/mots": ("q=école",),
    "/pj/{pj_id}": ("", "onglet=texte&q=école", "onglet=details"),
}  # fmt: skip


def find_all_routes() -> tuple[APIRoute, ...]:
    """Every route of the application, as it mounts them."""
    from web import api, metrics, pages, sante

    return tuple(find_routes((*pages.ROUTERS, *api.ROUTERS, sante.router, metrics.router)))


ROUTES = find_all_routes()


@dataclass(frozen=True, slots=True)
class Case:
    """One request of the matrix: `objet` "" where the route names none."""

    route: APIRoute
    method: str
    qui: Personnage
    objet: str
    path: str

    @property
    def nom(self) -> str:
        """How a failure names it."""
        return f"{self.qui.nom or 'personne'} {self.method} {self.route.path} [{self.objet}]"

    @property
    def writes(self) -> bool:
        """Whether the verb is one that changes something."""
        return self.method not in SAFE

    @property
    def named(self) -> list[str]:
        """The parameters of the address."""
        return VARIABLE.findall(self.route.path)

    @property
    def sees(self) -> bool:
        """Whether the object is within the scope of who asks."""
        seen = self.qui.sees_at(self.route.path)
        coarse = [GROSSIER.get(name, frozenset()) for name in self.named]
        if coarse and all(self.objet in some for some in coarse):
            return "commune" in seen
        return self.objet in seen


def find_unfilled(routes: tuple[APIRoute, ...] = ROUTES) -> list[str]:
    """The parameters that no line of the registry fills, with their route."""
    return [
        f"{route.path} : {name}"
        for route in routes
        for name in VARIABLE.findall(route.path)
        if name not in PARAMETRES and name not in AUTRES
    ]


def make_paths(route: APIRoute, archive: Archive) -> Iterator[tuple[str, str]]:
    """The addresses of a route to try: (name of the object, address)."""
    names = VARIABLE.findall(route.path)
    if not names:
        yield "", route.path
    elif all(name in PARAMETRES for name in names):
        for objet, codes in OBJETS.items():
            yield objet, _fill(route.path, {n: PARAMETRES[n](archive, codes) for n in names})
    else:
        tries = max(len(AUTRES.get(name, ("0",))) for name in names)
        for rank in range(tries):
            yield "autre", _fill(route.path, {n: _take(n, rank) for n in names})


def _take(name: str, rank: int) -> object:
    values = AUTRES.get(name, (0,))
    return values[rank % len(values)]


def _fill(path: str, values: Mapping[str, object]) -> str:
    return VARIABLE.sub(lambda found: str(values[found[1]]), path)


def make_cases(archive: Archive, *, writes: bool) -> Iterator[Case]:
    """Every request of the matrix, reading or writing.

    Who is refused whatever the route is asked is tried with one question of it.
    """
    for route in ROUTES:
        rule = get_acces(route.endpoint)
        for method in sorted(route.methods or ()):
            if (method not in SAFE) is not writes:
                continue
            for objet, path in make_paths(route, archive):
                for rank, query in enumerate(DEMANDES.get(route.path, ("",))):
                    address = f"{path}?{query}" if query else path
                    for qui in PERSONNAGES:
                        if rank == 0 or (qui.connecte and qui.enters(rule)):
                            yield Case(route, method, qui, objet, address)


class Essai:
    """One application and a session per person; requests cost no network and no password."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.app: FastAPI = make_app(archive.orc)
        self.cookies = {p.nom: open_for(archive, p.nom) for p in PERSONNAGES if p.nom}
        # One loop for them all: the threads that answer are not begun again at each request.
        self.stack = ExitStack()
        self.portal = self.stack.enter_context(start_blocking_portal())
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://orc.test")

    def close(self) -> None:
        """Let go of what the application holds."""
        self.portal.call(self.client.aclose)
        self.stack.close()
        self.app.state.sondes.close()

    def ask(self, case: Case, **how: object) -> "Reponse":
        """Send one request as this person would; `jeton`: with the token of its session.

        A search that is sealed is followed to its answer.
        """
        answer = self.send(case.method, case.path, case.qui.nom, **how)
        where = answer.headers.get("location", "")
        if case.method == "GET" and where.startswith("/recherche?r="):
            return self.send("GET", where, case.qui.nom)
        return answer

    def reopen(self, nom: str) -> None:
        """A new session: the one before may have been closed."""
        self.cookies[nom] = open_for(self.archive, nom)

    def send(self, method: str, path: str, nom: str = "", **how: object) -> "Reponse":
        """Send one request."""
        self.client.cookies.clear()
        headers: dict[str, str] = {}
        asked = how.pop("jeton", False)
        if nom:
            cookie, jeton = self.cookies[nom]
            headers["cookie"] = f"{COOKIE}={cookie}"
            headers |= {"x-jeton": jeton} if asked else {}
        headers |= how.pop("headers", {})  # type: ignore[arg-type]  # passed on as given
        call = partial(self.client.request, method, path, headers=headers, **how)  # type: ignore[arg-type]  # passed on as given
        answer = self.portal.call(call)
        return Reponse(answer.status_code, answer.text, dict(answer.headers), answer.content)


@dataclass(frozen=True, slots=True)
class Reponse:
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str]
    content: bytes


@contextmanager
def open_essai(archive: Archive) -> Iterator[Essai]:
    """The application on this archive, where the persons of the matrix have their accounts."""
    with archive.orc.database.writing() as session:
        put_personnages(session, archive)
    essai = Essai(archive)
    try:
        yield essai
    finally:
        essai.close()


def put_personnages(session: Writing, archive: Archive) -> None:
    """The accounts of PERSONNAGES that the archive has not."""
    today = date.today()  # noqa: DTZ011 - grants are dated in civil days
    commune = Octroi(Role.ORDONNATEUR, "collectivite", COMMUNE)
    later, before = today + timedelta(days=1), today - timedelta(days=1)
    made: dict[str, Octroi | None] = {
        "sans": None,
        "expire": replace(commune, jusqu_a=before),
        "futur": replace(commune, depuis=later),
        "retire": commune,
        "desactive": commune,
        "gestionnaire": Octroi(Role.GESTIONNAIRE, "collectivite", COMMUNE),
        "voisin": Octroi(Role.COMPTABLE, "poste", AUTRE_POSTE),
        "destructeur": replace(commune, droits=(Droit.DESTRUCTION,)),
    }
    for nom, octroi in made.items():
        if nom in archive.personnes:
            continue
        compte = NouveauCompte(nom, f"{nom.capitalize()} de test", MOT_DE_PASSE)
        archive.personnes[nom] = create_compte(session, compte, par="test")
        if octroi is not None:
            grant_habilitation(session, archive.personnes[nom], octroi, par="test")
    session.flush()
    ended = archive.personnes["retire"]
    session.execute(
        update(Habilitation).where(Habilitation.personne_id == ended).values(retire_le=read_now())
    )


def open_for(archive: Archive, nom: str) -> tuple[str, str]:
    """A session of this person, its second factor given: (cookie, token of its forms)."""
    with archive.orc.database.writing() as session:
        cookie = open_session(session, archive.personnes[nom])
        cle = hash_cookie(cookie)
        now = read_now()
        session.execute(
            update(SessionWeb)
            .where(SessionWeb.cle == cle)
            .values(second_facteur_le=now, preuve_le=now)
        )
        jeton = session.get_one(SessionWeb, cle).csrf
        if nom == "desactive":
            session.get_one(Personne, archive.personnes[nom]).desactive_le = now
    return cookie, jeton
