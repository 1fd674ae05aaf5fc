"""What the stages share: the chain's Iceberg table, whose load it holds, and the proof of a load in the lake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mssql_starrocks import proof
from mssql_starrocks.chain import Chain
from mssql_starrocks.changes import SchemaChange, schema_changes
from mssql_starrocks.errors import LakeError
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.errors import explained
from mssql_starrocks.lake.fingerprint import fingerprint
from mssql_starrocks.lake.rows import schema_of
from mssql_starrocks.lake.tables import schema_differences
from mssql_starrocks.model import CheckReport
from mssql_starrocks.settings import LakeSettings, MssqlSettings
from mssql_starrocks.stages.drilling import with_source_rows
from mssql_starrocks.types.ledger import ledger_changes

if TYPE_CHECKING:
    from pyiceberg.table import Table


class NeverCopiedError(LakeError):
    """The chain has no Iceberg table yet."""


@contextmanager
def lake_table(chain: Chain, lake: LakeSettings) -> Iterator[Table]:
    """The chain's Iceberg table, freshly loaded; errors inside become ours.

    Raises:
        NeverCopiedError: there is no such table yet.
    """
    from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

    with explained(lake, chain.names.lake):
        try:
            table = open_catalog(lake).load_table(chain.names.lake)
        except (NoSuchTableError, NoSuchNamespaceError):
            raise NeverCopiedError(
                f"{chain.table.id}: Iceberg table {'.'.join(chain.names.lake)} does not exist yet; "
                "copy the table first (asset mssql_snapshot, or mssql-starrocks migrate)."
            ) from None
        yield table


def ours(chain: Chain, load: in_lake.LoadSnapshot | None) -> in_lake.LoadSnapshot | None:
    """Two databases that share names would share a lake table: the second one is refused."""
    if load and (load.evidence.database, load.evidence.table) != (chain.database, chain.table.id):
        raise LakeError(
            f"Iceberg table {'.'.join(chain.names.lake)} holds {load.evidence.database}.{load.evidence.table}, not "
            f"{chain.database}.{chain.table.id}: set lake_prefix: in mssql_starrocks.yaml or defs.yaml."
        )
    return load


def published(chain: Chain, table: Table) -> in_lake.LoadSnapshot:
    """The load that `main` holds.

    Raises:
        LakeError: nothing of ours is published.
    """
    current = ours(chain, in_lake.published(table))
    if current is None:
        if foreign := table.current_snapshot():
            raise LakeError(
                f"{chain.table.id}: main of {'.'.join(chain.names.lake)} is snapshot {foreign.snapshot_id} of another "
                "writer; copy the table again."
            )
        raise LakeError(
            f"{chain.table.id}: nothing of ours is published in {'.'.join(chain.names.lake)}; "
            "publish it first (asset iceberg_table, or mssql-starrocks migrate)."
        )
    return current


def prove(
    chain: Chain, table: Table, load: in_lake.LoadSnapshot, mssql: MssqlSettings | None = None
) -> tuple[CheckReport, ...]:
    """Compare what the source said with what an independent reader finds in the load's snapshot.

    With `mssql` a failed proof names rows that differ.
    """
    seen = fingerprint(table, load.snapshot_id, chain.columns, load.evidence.level)
    before = in_lake.load_before(table, load)
    changes = _schema_changes(before, load)
    facts = {
        "load_id": load.evidence.load_id,
        "snapshot_id": str(load.snapshot_id),
        "point": load.evidence.point,
        "grade": load.evidence.grade.value,
        "level": load.evidence.level.value,
        "type_changes": list(ledger_changes(before.evidence.ledger, load.evidence.ledger) if before else ()),
        "schema_changes": [change.message for change in changes],
    }
    differences = (
        *proof.definition_differences(chain, load.evidence),
        *(() if load.certified else proof.undecided_differences(chain, changes)),
        *schema_differences(chain, schema_of(table, load.snapshot_id)),
        *proof.undeclared_differences(chain),
        *proof.unfit_differences(chain, seen.unfit),
        *proof.key_differences(chain, seen.key_bytes),
    )
    advice = (
        "The published load is damaged: roll the table back, or copy it again."
        if load.certified
        else "This load is not published. Copy the table again."
    )
    reports = proof.reports("source", "lake", load.evidence.fingerprint, seen.source, differences, facts)
    found = with_source_rows(chain, reports, load.evidence.level, mssql, table, load.snapshot_id)
    return proof.advised(found, advice, (proof.ROW_COUNT, proof.VALUES))  # what the schema check names says it itself


def _schema_changes(before: in_lake.LoadSnapshot | None, load: in_lake.LoadSnapshot) -> tuple[SchemaChange, ...]:
    """What changed at the source since the load before; nothing is known of older loads."""
    one, other = before.evidence.definition if before else None, load.evidence.definition
    return schema_changes(one, other) if one and other else ()
