"""An S3 service through s3fs: one open client, and its faults said in French."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

from orc.errors import Invalid, OrcError, Unavailable
from orc.remote.acces import Acces
from orc.remote.faults import AccesRefuse, Altered, Passing, WholeObject

_BAD_KEY: Final = "Le service S3 ne connaît pas cette clé d’accès : vérifiez {S3_CLE}."
_BAD_REGION: Final = "Le service S3 attend une autre région : vérifiez {S3_REGION}."
# What an operator has to mend, by the code of S3's answer; {S3_CLE} is a setting's name.
_REFUSALS: Final = {
    "NoSuchBucket": (
        "Le seau S3 « {bucket} » n’existe pas sur ce service : vérifiez l’adresse et {S3_ENDPOINT}."
    ),
    "InvalidAccessKeyId": _BAD_KEY,
    "XAdminUserNotFound": _BAD_KEY,
    "SignatureDoesNotMatch": "Le service S3 refuse la clé secrète : vérifiez {S3_SECRET}.",
    "AuthorizationHeaderMalformed": _BAD_REGION,
    "PermanentRedirect": _BAD_REGION,
    "IllegalLocationConstraintException": _BAD_REGION,
    "301": _BAD_REGION,
    "RequestTimeTooSkewed": (
        "Le service S3 refuse l’heure de cette machine : mettez-la à l’heure."
    ),
}
_SETTINGS: Final = ("S3_ENDPOINT", "S3_REGION", "S3_CLE", "S3_SECRET")
_BUSY: Final = {"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "Throttling"}


def open_s3(acces: Acces) -> Any:
    """The s3fs file system of this access, one for the whole process: making it takes 0.5 s."""
    return _open_s3(acces, os.getpid())


@lru_cache(maxsize=8)
def _open_s3(acces: Acces, pid: int) -> Any:  # noqa: ARG001 - connections do not survive a fork
    """Nothing is asked of the service yet.

    The retries of its libraries are off: `Retries` is the only place that tries again. Checksums
    are asked for only where S3 requires them: many services that speak S3 refuse the others.
    """
    try:
        import s3fs  # noqa: PLC0415 - only where it is used: the embedded default has it not
    except ImportError as error:
        raise Unavailable(
            "Un stockage S3 demande les compléments d’ORC : pip install 'orc-archives[grand]'."
        ) from error
    client: dict[str, object] = {"verify": acces.tls_ca} if acces.tls_ca else {}
    if acces.s3_region:
        client["region_name"] = acces.s3_region
    fs: Any = s3fs.S3FileSystem(
        key=acces.s3_cle or None,
        secret=acces.s3_secret or None,
        endpoint_url=acces.s3_endpoint or None,
        client_kwargs=client,
        config_kwargs={
            "connect_timeout": min(5, acces.secondes),
            "read_timeout": acces.secondes,
            "retries": {"total_max_attempts": 1, "mode": "standard"},
            "max_pool_connections": 32,
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
            # A bucket under an own endpoint has no name in the DNS.
            "s3": {"addressing_style": "path" if acces.s3_endpoint else "auto"},
        },
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    fs.retries = 1
    return fs


@contextmanager
def s3_faults(acces: Acces, bucket: str) -> Iterator[None]:
    """Turn what s3fs raises into FileNotFoundError, PermissionError, Passing, Altered or ours."""
    try:
        yield
    except (OrcError, Passing, Altered, WholeObject):
        raise
    except Exception as error:  # botocore, aiohttp and s3fs have a family of errors each
        raise _explain(error, acces, bucket) from error


def _explain(error: Exception, acces: Acces, bucket: str) -> Exception:
    code, status = _read_code(error)
    if code:
        return _explain_answer(code, status, acces, bucket, error)
    return _explain_silence(error, acces)


def _read_code(error: BaseException | None) -> tuple[str, int]:
    """The code and the HTTP status of S3's own answer, ("", 0) when there was none."""
    while error is not None:
        answer = getattr(error, "response", None)
        if isinstance(answer, dict):
            status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0
            return str(answer.get("Error", {}).get("Code") or status), int(status)
        error = error.__cause__
    return "", 0


def _explain_answer(
    code: str, status: int, acces: Acces, bucket: str, error: Exception
) -> Exception:
    if (said := _REFUSALS.get(code)) is not None:
        names = {name: acces.setting(name) for name in _SETTINGS}
        return AccesRefuse(said.format(bucket=bucket, **names))
    if code == "InvalidObjectState":
        return PermissionError("l’objet est archivé à froid : restaurez-le d’abord")
    if status >= 500 or status in {408, 429} or code in _BUSY:
        return Passing(f"le service S3 répond par une erreur ({code}, {status}).")
    plain: dict[int, Exception] = {
        404: FileNotFoundError(str(error)),
        412: Altered(str(error)),
        401: PermissionError(f"le compte S3 n’en a pas le droit ({code})"),
        403: PermissionError(f"le compte S3 n’en a pas le droit ({code})"),
    }
    refused = Unavailable(f"Le service S3 refuse la demande ({code}, {status}) : {error}.")
    return plain.get(status, refused)


def _explain_silence(error: Exception, acces: Acces) -> Exception:
    import aiohttp  # noqa: PLC0415 - it takes 0.3 s
    from botocore import exceptions as boto  # noqa: PLC0415 - only where s3fs is used

    if isinstance(error, boto.SSLError):
        return AccesRefuse(
            "Le certificat du service S3 n’est pas reconnu : vérifiez "
            f"{acces.setting('S3_ENDPOINT')} et {acces.setting('TLS_CA')} ({error})."
        )
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
        return AccesRefuse(
            f"Aucune clé d’accès S3 : donnez {acces.setting('S3_CLE')} et "
            f"{acces.setting('S3_SECRET')}."
        )
    if isinstance(error, boto.ParamValidationError | boto.InvalidRegionError | ValueError):
        return Invalid(f"Adresse S3 inutilisable : {error}")
    if isinstance(error, boto.BotoCoreError | aiohttp.ClientError | TimeoutError | ConnectionError):
        return Passing(f"{str(error).rstrip('.') or 'délai dépassé'}.")
    return error
