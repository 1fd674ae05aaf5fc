"""One configuration, rendered for PyIceberg here and for Spark in engines/session.py."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mssql_starrocks.errors import LakeError
from mssql_starrocks.lake.errors import explained
from mssql_starrocks.settings import LakeSettings
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
