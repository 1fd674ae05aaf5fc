"""One configuration, rendered for PyIceberg here and for Spark in engines/session.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from mssql_starrocks.errors import LakeError, MssqlStarrocksError
from mssql_starrocks.settings import LakeSettings, redacted
from mssql_starrocks.transport import lake_exposures, warn_once

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

# botocore's default of ten attempts keeps a wrong endpoint busy for 20 s; it wants a number here.
_RETRIES = {"glue.max-retries": 4}
CATALOG_NAME = "lake"  # part of the key in a SQL catalog, hence the same in PyIceberg and Spark


def pyiceberg_properties(lake: LakeSettings) -> dict[str, str]:
    """Properties for `load_catalog`; without keys the AWS default provider chain applies."""
    secret = lake.secret_access_key.get_secret_value() if lake.secret_access_key else None
    token = lake.session_token.get_secret_value() if lake.session_token else None
    wanted = {
        "type": lake.catalog,
        "warehouse": lake.warehouse,
        "uri": lake.uri,
        "client.region": lake.region,
        "s3.region": lake.region,
        "client.access-key-id": lake.access_key_id,
        "client.secret-access-key": secret,
        "client.session-token": token,
        "glue.endpoint": lake.endpoint if lake.catalog == "glue" else None,
        "s3.endpoint": lake.endpoint,
        "py-io-impl": "mssql_starrocks.lake.store.LakeFileIO",
    }
    return {key: value for key, value in wanted.items() if value}


def open_catalog(lake: LakeSettings) -> Catalog:
    """The catalog; one per process and configuration, because a new one costs 0.2 s of AWS client set-up.

    Raises:
        LakeError: a setting of the catalog is missing.
    """
    if lake.catalog != "glue" and not lake.uri:
        raise LakeError(f"A {lake.catalog} catalog needs ICEBERG_CATALOG_URI.")
    if lake.catalog == "glue" and not lake.bucket:
        raise LakeError("A Glue catalog needs S3_BUCKET.")
    warn_once(*lake_exposures(lake))
    with explained(lake):
        return _open(lake)


@lru_cache(maxsize=8)
def _open(lake: LakeSettings) -> Catalog:
    from pyiceberg.catalog import load_catalog

    return load_catalog(CATALOG_NAME, **pyiceberg_properties(lake), **_RETRIES)  # type: ignore[arg-type]


@contextmanager
def explained(lake: LakeSettings, table: tuple[str, str] | None = None) -> Iterator[None]:
    """Turn any exception of PyIceberg, boto3 or Arrow's S3 into one of ours.

    Raises:
        LakeError: one or two lines with catalog, table and what to do.
    """
    try:
        yield
    except MssqlStarrocksError:
        raise
    except Exception as error:
        subject = f"table {'.'.join(table)}" if table else f"{lake.catalog} catalog"
        raise LakeError(f"{subject}: {_advice(error, lake)}") from error


def _advice(error: Exception, lake: LakeSettings) -> str:
    text = redacted(" ".join(f"{type(error).__name__}: {error}".split()))[:300]
    refused = (
        "UnrecognizedClient",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "AccessDenied",
        "InvalidClientTokenId",
        "NoCredentials",
        "ExpiredToken",
        "ACCESS_DENIED",
    )
    if any(word in text for word in refused):
        return f"AWS refused the credentials ({text}): check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and its rights."
    if "NoSuchBucket" in text or "NO_SUCH_BUCKET" in text or "Path does not exist" in text:
        return f"bucket {lake.bucket} is not there ({text}): check S3_BUCKET and AWS_REGION."
    if any(word in text for word in ("EndpointConnection", "ConnectTimeout", "ConnectionError", "NETWORK_CONNECTION")):
        return f"AWS does not answer ({text}): check AWS_ENDPOINT_URL, AWS_REGION and the network."
    return text
