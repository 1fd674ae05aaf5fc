"""Schema changes of the source on their way through the stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mssql_starrocks.chain import Chain
from mssql_starrocks.changes import SchemaChange, continued, definition_of, schema_changes, undecided
from mssql_starrocks.errors import LakeError
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake.errors import explained
from mssql_starrocks.lake.tables import ensure_table, expected_schema
from mssql_starrocks.proof import what_to_accept
from mssql_starrocks.settings import LakeSettings
from mssql_starrocks.stages.lake_loads import ours

if TYPE_CHECKING:
    from pyiceberg.table import Table


def prepared(chain: Chain, lake: LakeSettings) -> tuple[Table, int]:
    """The chain's Iceberg table, and the id of the schema that a load is written by.

    Spark writes by the table's current schema only: for it the schema changes here, before the load is published, and
    what needs a decision is refused. For the arrow engine the load has a schema of its own, and its check decides.

    Raises:
        LakeError: the table is another source's, or cannot follow the source.
    """
    table, before = ensure_table(chain, lake)
    ours(chain, in_lake.published(table))
    from mssql_starrocks.lake.schemas import stage

    known = before.definition if before else None
    now = definition_of(chain)
    spark = chain.engine == "spark"
    if spark and known:
        _refuse_undecided(chain, schema_changes(known, now))
    with explained(lake, chain.names.lake):
        schema_id = stage(table, expected_schema(chain), known, now, make_current=spark)
        return table.refresh(), schema_id


def former_names(table: Table, held: int, load: in_lake.LoadSnapshot) -> Mapping[str, str]:
    """What the columns of a load were called in the snapshot that StarRocks holds, as far as both are known."""
    before = in_lake.load_at(table, held)
    one, other = before.evidence.definition if before else None, load.evidence.definition
    return continued(one, other) if one and other else {}


def _refuse_undecided(chain: Chain, changes: tuple[SchemaChange, ...]) -> None:
    left = undecided(changes, chain.accepted_changes)
    if left:
        raise LakeError(f"{chain.table.id}: {left[0].message}. To go on, {what_to_accept(chain, changes)}.")
