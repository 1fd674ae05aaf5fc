"""Whether a table's published copy is still what the source holds, so that nothing has to be copied."""

from __future__ import annotations

from dataclasses import dataclass

from mssql_starrocks import proof
from mssql_starrocks.chain import Chain
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake.rows import schema_of
from mssql_starrocks.lake.tables import schema_differences as lake_differences
from mssql_starrocks.model import Difference, Evidence, Fingerprint
from mssql_starrocks.retries import retried
from mssql_starrocks.settings import LakeSettings, MssqlSettings, StarRocksSettings
from mssql_starrocks.source.connect import ReaderSession, reader_session
from mssql_starrocks.source.discover import describe
from mssql_starrocks.source.errors import explained
from mssql_starrocks.source.fingerprint import fingerprint
from mssql_starrocks.source.point import change_version
from mssql_starrocks.stages.lake_loads import NeverCopiedError, lake_table, ours
from mssql_starrocks.types.ledger import ledger_changes
from mssql_starrocks.warehouse import ledger
from mssql_starrocks.warehouse.connect import warehouse_session
from mssql_starrocks.warehouse.ddl import ddl_fingerprint
from mssql_starrocks.warehouse.schema import columns_of, schema_differences


@dataclass(frozen=True)
class Currency:
    """Whether nothing has to be copied, and why; when so also the load that is held."""

    current: bool
    reason: str
    rows: int | None = None
    load_id: str | None = None
    snapshot_id: int | None = None


@retried
def is_current(chain: Chain, mssql: MssqlSettings, lake: LakeSettings, starrocks: StarRocksSettings | None) -> Currency:
    """Compare the published load with the source and with StarRocks' ledger; cheap answers first, nothing is written.

    The source says the same when its change tracking version is that of the load (no tracked table of the database
    changed), else when its fingerprint, taken anew in one scan, is that of the load's evidence. Rows that somebody
    changed in StarRocks are not looked for: that is what the checks do.

    Args:
        chain: the table's copy as planned now.
        mssql: the source.
        lake: where the published load is.
        starrocks: where that load must be, too; None when only the lake is wanted.

    Raises:
        MssqlStarrocksError: a system cannot be asked.
    """
    published = _published(chain, lake)
    if isinstance(published, str):
        return Currency(False, published)
    reason = _warehouse_reason(chain, starrocks, published.snapshot_id) if starrocks else ""
    same, said = (False, reason) if reason else _source(chain, mssql, published.evidence)
    if not same:
        return Currency(False, said)
    evidence = published.evidence
    return Currency(True, said, evidence.fingerprint.rows, evidence.load_id, published.snapshot_id)


def _published(chain: Chain, lake: LakeSettings) -> in_lake.LoadSnapshot | str:
    """The published load, or why it is no copy of the table as it is planned now."""
    try:
        with lake_table(chain, lake) as table:
            load = ours(chain, in_lake.published(table))
            differences = lake_differences(chain, schema_of(table, load.snapshot_id)) if load else ()
    except NeverCopiedError:
        return "never copied"
    if load is None:
        return "nothing of ours is published"
    if differences:
        return f"planned otherwise since: {_first(differences)}"
    changes = ledger_changes(load.evidence.ledger, chain.ledger)
    if changes:
        return f"planned otherwise since: {changes[0]}"
    if load.evidence.level is not chain.level:
        return f"proven at level {load.evidence.level.value}, and {chain.level.value} is wanted"
    return load


def _warehouse_reason(chain: Chain, starrocks: StarRocksSettings, snapshot_id: int) -> str:
    """Why StarRocks does not hold the snapshot; empty when it does."""
    target = ".".join(chain.names.warehouse)
    with warehouse_session(starrocks) as session:
        entry = ledger.read(session, chain)
        if entry is None or entry.source != ledger.source_name(chain) or entry.snapshot_id == ledger.NOTHING:
            return f"never loaded into {target}"
        if entry.snapshot_id != snapshot_id:
            return f"{target} holds snapshot {entry.snapshot_id}, not the published {snapshot_id}"
        if entry.ddl_fingerprint != ddl_fingerprint(chain):
            return f"{target} was made by another definition"
        differences = schema_differences(chain, columns_of(session, chain.names.warehouse))
        return f"{target} was altered: {_first(differences)}" if differences else ""


def _source(chain: Chain, mssql: MssqlSettings, evidence: Evidence) -> tuple[bool, str]:
    mssql = mssql.at_point()
    with reader_session(mssql) as session, explained(mssql, chain.table.id):
        if describe(session, chain.table).fingerprint != evidence.table_fingerprint:
            return False, "the definition of the source table changed"
        version = change_version(session, chain.table)
        if version is not None and version == evidence.change_version:
            return True, f"no change since {evidence.point} UTC: change tracking is still at version {version}"
        return _same_rows(chain, session, evidence)


def _same_rows(chain: Chain, session: ReaderSession, evidence: Evidence) -> tuple[bool, str]:
    now: Fingerprint = fingerprint(session, chain.table.id, chain.columns, evidence.level).fingerprint
    if now == evidence.fingerprint:
        return True, f"the source is as at {evidence.point} UTC: same {evidence.level.value}, {now.rows:,} rows"
    if now.rows != evidence.fingerprint.rows:
        return False, f"the source has {now.rows:,} rows, the copy {evidence.fingerprint.rows:,}"
    return False, f"the source changed: {_first(proof.value_differences(now, evidence.fingerprint))}"


def _first(differences: tuple[Difference, ...] | list[Difference]) -> str:
    one = differences[0]
    return f"{one.what} was {one.found}, is {one.expected}"
