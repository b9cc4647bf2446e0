"""Nominative client certificates: read, enrolled under a password, presented, withdrawn.

The reverse proxy verified the chain and the possession of the key; web/certificats.py says when it
is believed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from orc.db import Database, Writing, lock
from orc.errors import Conflict, Invalid, NotFound
from orc.identity.sessions import PorteFermee, Venue, close_sessions, open_session
from orc.journal import Acte, record_acte
from orc.models import CertificatClient, CompteTechnique, Personne, read_now

PORTE = "certificat"
PEM_MAX = 16 * 1024


@dataclass(frozen=True, slots=True)
class Certificat:
    """A certificate that a browser presented; `empreinte` is the SHA-256 of its DER form."""

    empreinte: str
    sujet: str
    emetteur: str
    debute_le: datetime
    expire_le: datetime
    pour_client: bool

    def check(self, now: datetime | None = None) -> None:
        """Refuse one that is not for people, or not at this date. Raises Invalid."""
        now = now or read_now()
        if not self.pour_client:
            raise Invalid("Ce certificat n’est pas fait pour identifier une personne.")
        if not self.debute_le <= now < self.expire_le:
            raise Invalid("Ce certificat n’est pas encore valable, ou ne l’est plus.")


class CertificatRefuse(PorteFermee):
    """The same words whether it is unknown, withdrawn, expired, or its account closed."""

    def __init__(self) -> None:
        super().__init__(
            "Ce certificat n’ouvre aucun compte. Connectez-vous avec votre mot de passe : vous "
            "pourrez ensuite l’enregistrer."
        )


def read_certificat(pem: str) -> Certificat:
    """The certificate of a PEM text. Raises Invalid, whatever the text is."""
    try:
        found = x509.load_pem_x509_certificate(pem[:PEM_MAX].encode("ascii"))
        return Certificat(
            found.fingerprint(hashes.SHA256()).hex(),
            found.subject.rfc4514_string()[:500],
            found.issuer.rfc4514_string()[:500],
            found.not_valid_before_utc,
            found.not_valid_after_utc,
            _is_for_clients(found),
        )
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        raise Invalid("Le certificat présenté ne se lit pas.") from error


def _is_for_clients(found: x509.Certificate) -> bool:
    """RFC 5280, 4.2.1.9 and 4.2.1.12: no authority's; where usages are said, clientAuth is."""
    try:
        if found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        usages = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    wanted = {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    return not wanted.isdisjoint(usages)


def enrol_certificat(
    session: Writing, personne_id: int, certificat: Certificat, *, par: str
) -> int:
    """Keep that this certificate opens this account; its id. Raises Invalid, Conflict.

    The caller has seen that the session was opened with the password. A certificate that was
    withdrawn never serves again, whoever asks.
    """
    certificat.check()
    lock(session, f"certificat:{certificat.empreinte}")
    query = select(CertificatClient).where(CertificatClient.empreinte == certificat.empreinte)
    known = session.scalar(query)
    if known is not None and known.retire_le is not None:
        raise Conflict("Ce certificat a été retiré : il ne peut plus servir.")
    if known is not None and known.personne_id != personne_id:
        raise Conflict("Ce certificat ne peut pas être enregistré sur ce compte.")
    if known is not None:
        return known.id
    row = CertificatClient(
        personne_id=personne_id,
        empreinte=certificat.empreinte,
        sujet=certificat.sujet,
        emetteur=certificat.emetteur,
        expire_le=certificat.expire_le,
        enrole_le=read_now(),
    )
    session.add(row)
    session.flush()
    _record(session, Acte.CERTIFICAT_ENROLE, row, par=par)
    return row.id


def enter_by_certificat(database: Database, certificat: Certificat, venue: Venue) -> str:
    """Open the session of the account of this certificate, and give the key of its cookie.

    Raises CertificatRefuse, journaled.
    """
    with database.writing() as session:
        personne = _find_personne(session, certificat)
        if personne is not None:
            record_acte(
                session,
                Acte.CONNEXION,
                acteur=personne.identifiant,
                personne_id=personne.id,
                details={"adresse": venue.adresse, "porte": PORTE},
            )
            return open_session(session, personne.id, venue)
    with database.writing() as session:
        details = {"adresse": venue.adresse, "porte": PORTE}
        record_acte(session, Acte.CONNEXION_REFUSEE, acteur="inconnu", details=details)
    raise CertificatRefuse


def opens_account(session: Session, certificat: Certificat) -> bool:
    """Whether this certificate is enrolled and in force: the login page then offers it."""
    return session.scalar(_select_live(certificat)) is not None


def is_enrolled(session: Session, certificat: Certificat) -> bool:
    """Whether it was ever enrolled, withdrawn or not: else a page offers to do it."""
    query = select(CertificatClient.id).where(CertificatClient.empreinte == certificat.empreinte)
    return session.scalar(query) is not None


def find_certificats(session: Session, personne_id: int) -> list[CertificatClient]:
    """The certificates of an account that were not withdrawn, the latest first."""
    query = select(CertificatClient).where(
        CertificatClient.personne_id == personne_id, CertificatClient.retire_le.is_(None)
    )
    return list(session.scalars(query.order_by(CertificatClient.id.desc())))


def remove_certificat(session: Writing, personne_id: int, certificat_id: int, *, par: str) -> None:
    """Withdraw a certificate of this account, and end the sessions opened by one. NotFound."""
    row = session.get(CertificatClient, certificat_id, with_for_update=True)
    if row is None or row.personne_id != personne_id or row.retire_le is not None:
        raise NotFound("Ce certificat n’est pas enregistré sur ce compte.")
    row.retire_le = read_now()
    close_sessions(session, personne_id, porte=PORTE)
    session.flush()
    _record(session, Acte.CERTIFICAT_RETIRE, row, par=par)


def _find_personne(session: Writing, certificat: Certificat) -> Personne | None:
    try:
        certificat.check()
    except Invalid:
        return None
    return session.scalar(_select_live(certificat).with_for_update(read=True))


def _select_live(certificat: Certificat) -> Select[Personne]:
    return (
        select(Personne)
        .join(CertificatClient, CertificatClient.personne_id == Personne.id)
        .where(
            CertificatClient.empreinte == certificat.empreinte,
            CertificatClient.retire_le.is_(None),
            CertificatClient.expire_le > datetime.now(UTC),
            Personne.desactive_le.is_(None),
            Personne.id.not_in(select(CompteTechnique.personne_id)),
        )
    )


def _record(session: Writing, acte: Acte, row: CertificatClient, *, par: str) -> None:
    details = {"certificat": row.id, "empreinte": row.empreinte[:16]}
    record_acte(session, acte, acteur=par, objet=f"personne:{row.personne_id}", details=details)
