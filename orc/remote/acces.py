"""Who ORC is for a remote store: credentials come from settings, never from an address."""

from dataclasses import dataclass, field

from orc.errors import Invalid
from orc.settings import Settings

SECONDES = 20
# Seconds before each new try of what failed and may pass.
PAUSES = (0.2, 0.8, 2.5)


@dataclass(frozen=True, slots=True)
class Acces:
    """Credentials and trust; no secret is in its repr. `prefixe` begins the settings' names."""

    prefixe: str = "ORC_SILO"
    s3_endpoint: str = ""
    s3_region: str = ""
    s3_cle: str = ""
    s3_secret: str = field(default="", repr=False)
    sftp_cle: str = ""
    sftp_secret: str = field(default="", repr=False)
    sftp_known_hosts: str = ""
    http_utilisateur: str = ""
    http_secret: str = field(default="", repr=False)
    tls_ca: str = ""
    secondes: int = SECONDES
    pauses: tuple[float, ...] = PAUSES

    def setting(self, name: str) -> str:
        """The name of a setting, for a message: `S3_SECRET` gives ORC_SILO_S3_SECRET."""
        return f"{self.prefixe}_{name}"


def make_silo_acces(settings: Settings) -> Acces:
    """What the settings say of the silo."""
    return Acces(
        s3_endpoint=settings.silo_s3_endpoint,
        s3_region=settings.silo_s3_region,
        s3_cle=settings.silo_s3_cle,
        s3_secret=settings.silo_s3_secret,
        sftp_cle=settings.silo_sftp_cle,
        sftp_secret=settings.silo_sftp_secret,
        sftp_known_hosts=settings.silo_sftp_known_hosts,
        http_utilisateur=settings.silo_http_utilisateur,
        http_secret=settings.silo_http_secret,
        tls_ca=settings.silo_tls_ca,
        secondes=max(1, settings.silo_secondes),
    )


def make_storage_acces(settings: Settings) -> Acces:
    """What the settings say of the store of texts."""
    return Acces(
        prefixe="ORC_STORAGE",
        s3_endpoint=settings.storage_s3_endpoint,
        s3_region=settings.storage_s3_region,
        s3_cle=settings.storage_s3_cle,
        s3_secret=settings.storage_s3_secret,
        tls_ca=settings.storage_tls_ca,
    )


def check_address(url: str, acces: Acces) -> None:
    """Raise Invalid, without showing it, for an address that holds credentials or parameters.

    They would be seen by `ps`, and lost when a PJ is opened later. A user's name is part of an
    sftp:// address.
    """
    scheme, _, rest = url.partition("://")
    userinfo, at, _ = rest.partition("/")[0].rpartition("@")
    allowed = scheme == "sftp" and ":" not in userinfo
    if at and not allowed:
        raise Invalid(
            "Les identifiants ne s’écrivent pas dans l’adresse : donnez-les par les réglages "
            f"{acces.setting(_named(scheme))}…"
        )
    if scheme in {"http", "https"} and set("?#") & set(rest):
        raise Invalid("L’adresse d’un silo HTTP est celle d’un dossier, sans paramètre.")


def _named(scheme: str) -> str:
    return {"s3": "S3_", "s3a": "S3_", "sftp": "SFTP_", "ssh": "SFTP_"}.get(scheme, "HTTP_")
