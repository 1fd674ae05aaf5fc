"""The external catalog through which StarRocks reads the lake, its metadata cache off."""

from __future__ import annotations

from collections.abc import Mapping

from mssql_starrocks.errors import WarehouseError
from mssql_starrocks.settings import LakeSettings, StarRocksSettings
from mssql_starrocks.transport import warn_once
from mssql_starrocks.types.dialects import quote_starrocks, text_starrocks
from mssql_starrocks.warehouse.connect import WarehouseSession

INSTANCE_PROFILE = "instance_profile"


def ensure_catalog(session: WarehouseSession, starrocks: StarRocksSettings, lake: LakeSettings) -> None:
    """Create the external catalog if it is not there. An existing one is the administrator's and left alone.

    Raises:
        WarehouseError: it cannot be created; the message says what an administrator has to run.
    """
    if starrocks.catalog in {str(row[0]) for row in session.rows("SHOW CATALOGS")}:
        return refuse_cache(session, starrocks.catalog)
    properties = catalog_properties(lake, starrocks.lake_role)
    if any(key.endswith(".secret_key") for key in properties):
        warn_once(
            f"The statement that creates external catalog {starrocks.catalog} holds the loader's AWS keys, which "
            "StarRocks keeps: set STARROCKS_LAKE_ROLE, or have an administrator create it (docs/security.md)."
        )
    try:
        session.run(create_catalog(starrocks.catalog, properties))
    except WarehouseError as error:  # a server may repeat what it was told
        raise WarehouseError(
            f"{error}\nAn administrator can create external catalog {starrocks.catalog} and grant SELECT on it."
        ) from None


def create_catalog(name: str, properties: Mapping[str, str]) -> str:
    """The statement, secrets included."""
    listed = ", ".join(f"{_text(key)} = {_text(value)}" for key, value in properties.items())
    return f"CREATE EXTERNAL CATALOG {quote_starrocks(name)} PROPERTIES ({listed})"


def refuse_cache(session: WarehouseSession, catalog: str) -> None:
    """Look at how an existing catalog is set.

    Raises:
        WarehouseError: it caches metadata.
    """
    text = str(session.rows(f"SHOW CREATE CATALOG {quote_starrocks(catalog)}")[0][-1]).replace(" ", "").lower()
    if '"enable_iceberg_metadata_cache"="false"' not in text:
        raise WarehouseError(
            f"External catalog {catalog} caches metadata and may show an old or partial snapshot: create it anew with "
            '"enable_iceberg_metadata_cache" = "false", or name another one in STARROCKS_CATALOG.'
        )


def catalog_properties(lake: LakeSettings, role: str | None = None) -> dict[str, str]:
    """StarRocks' names. Misspelt ones are never reported (judged A14), so a test holds them against the facts.

    The cache must be off: a cached catalog has dropped data files right after a commit (facts/starrocks.md 9).
    `role` is how StarRocks reads the lake (StarRocksSettings.lake_role); without it, by the loader's keys.
    """
    common = {"type": "iceberg", "iceberg.catalog.type": lake.catalog, "enable_iceberg_metadata_cache": "false"}
    if lake.catalog == "glue":
        return {**common, **_access("aws.glue", lake, role), **_access("aws.s3", lake, role), **_endpoints(lake)}
    if lake.catalog == "rest":
        return {
            **common,
            "iceberg.catalog.uri": lake.uri or "",
            "iceberg.catalog.warehouse": lake.warehouse,
            **_access("aws.s3", lake, role),
            **_endpoints(lake),
        }
    jdbc = (lake.uri or "").replace("sqlite:///", "jdbc:sqlite:/")
    return {
        **common,
        "iceberg.catalog.type": "jdbc",
        "iceberg.catalog.name": "lake",
        "iceberg.catalog.uri": jdbc,
        "iceberg.catalog.warehouse": lake.warehouse,
        **(_access("aws.s3", lake, role) | _endpoints(lake) if lake.bucket else {}),
    }


def _access(prefix: str, lake: LakeSettings, role: str | None) -> dict[str, str]:
    if role:
        assumed = {} if role == INSTANCE_PROFILE else {f"{prefix}.iam_role_arn": role}
        return {f"{prefix}.use_instance_profile": "true", **assumed, f"{prefix}.region": lake.region}
    if lake.session_token:
        raise WarehouseError(
            "StarRocks takes no temporary AWS keys (AWS_SESSION_TOKEN): set STARROCKS_LAKE_ROLE, or have an "
            "administrator create the external catalog with an instance profile or an assumed role."
        )
    if not lake.access_key_id or not lake.secret_access_key:
        return {f"{prefix}.use_instance_profile": "true", f"{prefix}.region": lake.region}
    return {
        f"{prefix}.use_instance_profile": "false",
        f"{prefix}.access_key": lake.access_key_id,
        f"{prefix}.secret_key": lake.secret_access_key.get_secret_value(),
        f"{prefix}.region": lake.region,
    }


def _endpoints(lake: LakeSettings) -> dict[str, str]:
    if not lake.endpoint:
        return {}
    secure = "true" if lake.endpoint.startswith("https") else "false"
    glue = {"aws.glue.endpoint": lake.endpoint} if lake.catalog == "glue" else {}
    return {
        **glue,
        "aws.s3.endpoint": lake.endpoint,
        "aws.s3.enable_ssl": secure,
        "aws.s3.enable_path_style_access": "true",
    }


def _text(value: str) -> str:
    return '"' + text_starrocks(value)[1:-1] + '"'
