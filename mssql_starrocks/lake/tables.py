"""Create the Iceberg table of a chain, and say what its schema should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mssql_starrocks.chain import Chain
from mssql_starrocks.lake.branch import empty_rows
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.errors import explained
from mssql_starrocks.lake.loads import newest_on_main
from mssql_starrocks.model import Difference, Evidence
from mssql_starrocks.settings import LakeSettings

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table
    from pyiceberg.types import IcebergType, NestedField

# v2, copy-on-write, zstd: what StarRocks, Athena, Spark 3.5 and PyIceberg all read alike (DESIGN 5).
PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "50",
    "commit.retry.min-wait-ms": "100",
}
_COMMENT_LIMIT = 255  # Glue refuses longer column comments and newlines (facts/iceberg_spark_glue.md 2)


def ensure_table(chain: Chain, lake: LakeSettings) -> tuple[Table, Evidence | None]:
    """The chain's Iceberg table, created if need be, and the evidence of the load that it holds."""
    from pyiceberg.exceptions import NoSuchTableError

    catalog = open_catalog(lake)
    with explained(lake, chain.names.lake):
        try:
            table = catalog.load_table(chain.names.lake)
        except NoSuchTableError:
            return _create(catalog, chain, lake), None
        held = newest_on_main(table)
        return table, held.evidence if held else None


def expected_schema(chain: Chain) -> Schema:
    """The Iceberg schema of a fresh table: copied columns, then audit columns; key columns are identifier fields."""
    from pyiceberg.schema import Schema
    from pyiceberg.types import NestedField

    fields = [
        NestedField(i, c.name, _type(c.iceberg), doc=_doc(c.comment), required=c.required)
        for i, c in enumerate(chain.columns, start=1)
    ]
    fields += [
        NestedField(len(fields) + i, a.name, _type(a.iceberg), doc=a.comment, required=False)
        for i, a in enumerate(chain.audit_columns(), start=1)
    ]
    return Schema(*fields, identifier_field_ids=[i for i, c in enumerate(chain.columns, start=1) if c.key])


def schema_differences(chain: Chain, schema: Schema) -> tuple[Difference, ...]:
    """Where a load's schema is not what the type matrix wants. A lake column may be laxer about NULL."""
    wanted = {f.name: f for f in expected_schema(chain).fields}
    found = {f.name: f for f in schema.fields}
    differences = []
    for name in [*wanted, *(n for n in found if n not in wanted)]:
        expected, actual = wanted.get(name), found.get(name)
        if expected is None or actual is None or _conflict(expected, actual):
            differences.append(Difference(name, _say(expected), _say(actual)))
    return tuple(differences)


def _conflict(expected: NestedField, actual: NestedField) -> bool:
    return bool(expected.field_type != actual.field_type or (actual.required and not expected.required))


def _create(catalog: Catalog, chain: Chain, lake: LakeSettings) -> Table:
    database, name = chain.names.lake
    catalog.create_namespace_if_not_exists(database)
    properties = dict(PROPERTIES)
    if chain.table.description:
        properties["comment"] = _doc(chain.table.description) or ""
    location, schema = f"{lake.warehouse}/{database}/{name}", expected_schema(chain)
    with catalog.create_table_transaction((database, name), schema, location, properties=properties) as creation:
        creation.append(empty_rows(schema), branch=None)  # what the first load's branch is forked from
    return catalog.load_table((database, name))


def _type(text: str) -> IcebergType:
    from pyiceberg import types

    if text.startswith("decimal"):
        precision, scale = text.removeprefix("decimal(").rstrip(")").split(",")
        return types.DecimalType(int(precision), int(scale))
    return {
        "boolean": types.BooleanType,
        "int": types.IntegerType,
        "long": types.LongType,
        "float": types.FloatType,
        "double": types.DoubleType,
        "date": types.DateType,
        "timestamp": types.TimestampType,
        "string": types.StringType,
        "binary": types.BinaryType,
    }[text]()


def _doc(text: str | None) -> str | None:
    return " ".join(text.split())[:_COMMENT_LIMIT] if text else None


def _say(field: NestedField | None) -> str:
    return "absent" if field is None else f"{field.field_type}{' not null' if field.required else ''}"
