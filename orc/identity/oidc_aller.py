"""The way to an OpenID provider and back: once, ten minutes, one browser; then who enters."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from orc.db import Database, Writing, lock
from orc.errors import Conflict, NotFound
from orc.identity.oidc import Identite
from orc.identity.sessions import PorteFermee, Venue, open_session
from orc.journal import Acte, record_acte
from orc.models import AllerOidc, CompteTechnique, IdentiteFederee, Personne, read_now

DUREE = timedelta(minutes=10)
PORTE = "oidc"


@dataclass(frozen=True, slots=True)
class Aller:
    """What goes with a browser to the provider: `state` in the address, the rest stays here."""

    state: str
    nonce: str = field(repr=False)
    verificateur: str = field(repr=False)
    suite: str = "/"


class SansCompte(PorteFermee):
    """Whether there is no account, or a closed one, or one that is not linked: the same words."""

    def __init__(self, nom: str) -> None:
        super().__init__(
            f"{nom} vous a reconnu, mais aucun compte ORC n’est lié à cette identité. "
            "Connectez-vous avec votre mot de passe, puis liez-la depuis « Mes façons d’entrer »."
        )


def start_aller(
    session: Writing, navigateur: str, suite: str, now: datetime | None = None
) -> Aller:
    """Keep that this browser leaves. `navigateur`: the secret of its cookie, brought back too."""
    now = now or read_now()
    aller = Aller(
        secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), suite
    )
    old = select(AllerOidc.etat).where(AllerOidc.cree_le < now - DUREE)
    # Those that another way back is taking are left to it.
    free = old.with_for_update(skip_locked=True)
    session.execute(delete(AllerOidc).where(AllerOidc.etat.in_(free)))
    session.add(
        AllerOidc(
            etat=hash_etat(aller.state, navigateur),
            nonce=aller.nonce,
            verificateur=aller.verificateur,
            suite=suite,
            cree_le=now,
        )
    )
    session.flush()
    return aller


def take_aller(
    session: Writing, state: str, navigateur: str, now: datetime | None = None
) -> Aller | None:
    """The way of this state and this browser, which never serves again; None: there is none."""
    now = now or read_now()
    etat = hash_etat(state, navigateur)
    row = session.scalar(select(AllerOidc).where(AllerOidc.etat == etat).with_for_update())
    if row is None:
        return None
    found = Aller(state, row.nonce, row.verificateur, row.suite)
    fresh = row.cree_le > now - DUREE
    session.delete(row)
    session.flush()
    return found if fresh else None


def hash_etat(state: str, navigateur: str) -> str:
    """What is kept of a state: it holds the browser too, so another one's is not found."""
    return hashlib.sha256(f"{state}.{navigateur}".encode()).hexdigest()


def enter_by_oidc(
    database: Database, identite: Identite, *, nom: str, lier: str, venue: Venue
) -> str:
    """Open the session of the account linked to this identity, and give the key of its cookie.

    `lier`: `non`; `verifie`: an account whose verified address is the verified one of the provider
    is linked at once; `toujours`: the provider's word is enough that the address is verified.
    Raises SansCompte. No right is ever made here.
    """
    with database.writing() as session:
        lock(session, f"oidc:{identite.emetteur}:{identite.sujet}")
        personne = _find_linked(session, identite)
        if personne is None and not _is_known(session, identite):
            personne = _link_by_courriel(session, identite, lier)
        if personne is not None:
            details = {"adresse": venue.adresse, "porte": PORTE}
            record_acte(
                session,
                Acte.CONNEXION,
                acteur=personne.identifiant,
                personne_id=personne.id,
                details=details,
            )
            return open_session(session, personne.id, venue)
    record_refus(database, venue.adresse)
    raise SansCompte(nom)


def record_refus(database: Database, adresse: str) -> None:
    """Journal a way back that opened nothing."""
    with database.writing() as session:
        details = {"adresse": adresse, "porte": PORTE}
        record_acte(session, Acte.CONNEXION_REFUSEE, acteur="inconnu", details=details)


def link_identite(session: Writing, personne_id: int, identite: Identite) -> None:
    """Link an identity to the account of an open session. Conflict: it is another account's."""
    lock(session, f"oidc:{identite.emetteur}:{identite.sujet}")
    query = select(IdentiteFederee).where(
        IdentiteFederee.emetteur == identite.emetteur, IdentiteFederee.sujet == identite.sujet
    )
    known = session.scalar(query)
    if known is not None and known.personne_id != personne_id:
        raise Conflict("Cette identité est déjà liée à un autre compte.")
    if known is None:
        _add_link(session, session.get_one(Personne, personne_id), identite, comment="session")


def find_identites(session: Session, personne_id: int) -> list[IdentiteFederee]:
    """The identities linked to an account, the latest first."""
    query = select(IdentiteFederee).where(IdentiteFederee.personne_id == personne_id)
    return list(session.scalars(query.order_by(IdentiteFederee.id.desc())))


def remove_identite(session: Writing, personne_id: int, identite_id: int, *, par: str) -> None:
    """Unlink an identity of this account. Raises NotFound."""
    row = session.get(IdentiteFederee, identite_id, with_for_update=True)
    if row is None or row.personne_id != personne_id:
        raise NotFound("Cette identité n’est pas liée à votre compte.")
    session.delete(row)
    session.flush()
    objet, details = f"personne:{personne_id}", {"emetteur": row.emetteur}
    record_acte(session, Acte.IDENTITE_DELIEE, acteur=par, objet=objet, details=details)


def _find_linked(session: Writing, identite: Identite) -> Personne | None:
    query = (
        select(Personne)
        .join(IdentiteFederee, IdentiteFederee.personne_id == Personne.id)
        .where(
            IdentiteFederee.emetteur == identite.emetteur,
            IdentiteFederee.sujet == identite.sujet,
            Personne.desactive_le.is_(None),
        )
        .with_for_update(read=True)
    )
    return session.scalar(query)


def _is_known(session: Writing, identite: Identite) -> bool:
    """Whether it is linked already, were it to a closed account: it does not pass to another."""
    query = select(IdentiteFederee.id).where(
        IdentiteFederee.emetteur == identite.emetteur, IdentiteFederee.sujet == identite.sujet
    )
    return session.scalar(query) is not None


def _link_by_courriel(session: Writing, identite: Identite, lier: str) -> Personne | None:
    trusted = lier == "toujours" or (lier == "verifie" and identite.courriel_verifie)
    if not trusted or not identite.courriel:
        return None
    query = (
        select(Personne)
        .where(
            func.lower(Personne.courriel) == identite.courriel.lower(),
            Personne.courriel_verifie_le.is_not(None),
            Personne.desactive_le.is_(None),
            Personne.id.not_in(select(CompteTechnique.personne_id)),
            # An address may pass to a newcomer: who is linked there already stays alone.
            Personne.id.not_in(
                select(IdentiteFederee.personne_id).where(
                    IdentiteFederee.emetteur == identite.emetteur
                )
            ),
        )
        .with_for_update(read=True)
        .limit(2)
    )
    found = list(session.scalars(query))
    if len(found) != 1:
        return None
    _add_link(session, found[0], identite, comment="courriel")
    return found[0]


def _add_link(session: Writing, personne: Personne, identite: Identite, *, comment: str) -> None:
    session.add(
        IdentiteFederee(
            personne_id=personne.id,
            emetteur=identite.emetteur,
            sujet=identite.sujet,
            liee_le=read_now(),
        )
    )
    session.flush()
    record_acte(
        session,
        Acte.IDENTITE_LIEE,
        acteur=personne.identifiant,
        personne_id=personne.id,
        objet=f"personne:{personne.id}",
        details={"emetteur": identite.emetteur, "par": comment},
    )
