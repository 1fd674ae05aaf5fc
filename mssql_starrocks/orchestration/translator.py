"""What a chain's assets are called and what the UI shows of them before the first run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import dagster as dg

from mssql_starrocks.chain import Chain
from mssql_starrocks.model import TableId
from mssql_starrocks.orchestration import describe
from mssql_starrocks.orchestration.places import NOWHERE, Places

_SMALL, _MEDIUM = 128 << 20, 10 << 30  # bytes


class Stage(str, Enum):
    """The three assets of a chain."""

    SNAPSHOT = "snapshot"
    LAKE = "lake"
    WAREHOUSE = "warehouse"


@dataclass(frozen=True)
class ChainProps:
    """What a translator knows of one asset; `places` is where its table can be looked at."""

    stage: Stage
    chain: Chain
    places: Places = NOWHERE


class ChainTranslator:
    """Override `get_asset_spec` to change keys, groups, owners, tags, automation or anything else of an AssetSpec.

    Example:
        class OurTranslator(ChainTranslator):
            def get_asset_spec(self, props: ChainProps) -> dg.AssetSpec:
                return super().get_asset_spec(props).replace_attributes(group_name="erp")

    """

    def get_asset_spec(self, props: ChainProps) -> dg.AssetSpec:
        """One asset. The factory adds the dependency on the stage before, whatever keys are given here."""
        chain = props.chain
        return dg.AssetSpec(
            key=_KEYS[props.stage](chain),
            description=_DESCRIPTIONS[props.stage](chain),
            group_name=chain.names.schema,
            kinds=_KINDS[props.stage],
            owners=chain.owners,
            tags={
                **table_tags(chain.database, chain.table.id),
                "size_class": size_class(chain.table.bytes),
                **dict(chain.tags),
            },
            code_version=describe.code_version(chain),
            metadata={
                "dagster/table_name": _TABLE_NAMES[props.stage](chain),
                "dagster/column_schema": _SCHEMAS[props.stage](chain),
                "mssql/table": str(chain.table.id),
                **_more(props),
            },
        )


def default_keys(chain: Chain) -> dict[Stage, dg.AssetKey]:
    """The asset keys of a chain where nobody replaced the translator.

    Raises:
        MssqlStarrocksError: an asset cannot be described, and so is in no definitions; says why.
    """
    return {stage: ChainTranslator().get_asset_spec(ChainProps(stage, chain)).key for stage in Stage}


def _more(props: ChainProps) -> Mapping[str, Any]:
    if props.stage is Stage.LAKE:
        return props.places.lake_links(props.chain)
    if props.stage is Stage.WAREHOUSE:
        return props.places.warehouse_links(props.chain)
    return {"mssql/estimated_rows": props.chain.table.rows, "mssql/estimated_bytes": props.chain.table.bytes}


_KEYS = {
    Stage.SNAPSHOT: lambda chain: dg.AssetKey(chain.names.snapshot_key),
    Stage.LAKE: lambda chain: dg.AssetKey(chain.names.lake_key),
    Stage.WAREHOUSE: lambda chain: dg.AssetKey(chain.names.warehouse_key),
}
_KINDS = {Stage.SNAPSHOT: {"sqlserver"}, Stage.LAKE: {"iceberg", "s3"}, Stage.WAREHOUSE: {"starrocks"}}
_DESCRIPTIONS = {
    Stage.SNAPSHOT: describe.snapshot_text,
    Stage.LAKE: describe.lake_text,
    Stage.WAREHOUSE: describe.warehouse_text,
}
_TABLE_NAMES = {
    Stage.SNAPSHOT: lambda chain: f"{chain.database}.{chain.table.id}",
    Stage.LAKE: lambda chain: ".".join(chain.names.lake),
    Stage.WAREHOUSE: lambda chain: ".".join(chain.names.warehouse),
}
_SCHEMAS = {
    Stage.SNAPSHOT: describe.source_schema,
    Stage.LAKE: describe.lake_schema,
    Stage.WAREHOUSE: describe.warehouse_schema,
}


def size_class(estimated_bytes: int) -> str:
    """`small`, `medium` or `large`, for selections such as `tag:size_class=large`."""
    return "small" if estimated_bytes < _SMALL else "medium" if estimated_bytes < _MEDIUM else "large"


def table_tags(database: str, table: TableId) -> dict[str, str]:
    """Tags of a table's assets and runs, for selections such as `tag:"mssql/schema"="sales"`."""
    return {
        "mssql/database": tag_value(database),
        "mssql/schema": tag_value(table.schema),
        "mssql/table": tag_value(str(table)),
    }


def tag_value(text: str) -> str:
    """A text as a tag value: Dagster takes 63 characters of `[A-Za-z0-9_.-]`."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text)[:63]
