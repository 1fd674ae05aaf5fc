"""Take the facts of a report from lake and warehouse: neither SQL Server nor Dagster is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mssql_starrocks import proof
from mssql_starrocks.chain import Chain, Refused
from mssql_starrocks.config import Config
from mssql_starrocks.errors import MssqlStarrocksError, WarehouseError
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake.fingerprint import known_fingerprint
from mssql_starrocks.model import CheckReport, Difference, Manifest
from mssql_starrocks.report import surroundings
from mssql_starrocks.report.document import plain, signature
from mssql_starrocks.report.model import Held, Report, StageMeasure, TableEvidence, TableFacts, Verdict
from mssql_starrocks.settings import LakeSettings, StarRocksSettings
from mssql_starrocks.stages.drilling import with_warehouse_rows
from mssql_starrocks.stages.lake_loads import lake_table, ours, prove, published
from mssql_starrocks.warehouse import ledger, status
from mssql_starrocks.warehouse.connect import WarehouseSession, warehouse_session
from mssql_starrocks.warehouse.fingerprint import fingerprint as warehouse_fingerprint
from mssql_starrocks.warehouse.schema import columns_of, schema_differences

if TYPE_CHECKING:
    from pyiceberg.table import Table

Measures = Callable[[Chain, str], tuple[StageMeasure, ...]]


def nothing_measured(chain: Chain, load_id: str) -> tuple[StageMeasure, ...]:
    """Where there is no Dagster instance."""
    return ()


@dataclass(frozen=True)
class Asked:
    """What a report is about.

    Attributes:
        words: how the tables were chosen, as a person says it.
        refused: tables that were asked for and cannot be copied.
    """

    words: str
    chains: tuple[Chain, ...]
    refused: tuple[Refused, ...]
    manifest: Manifest
    config: Config


def gather(
    asked: Asked, lake: LakeSettings, starrocks: StarRocksSettings, measures: Measures = nothing_measured
) -> Report:
    """Prove every table again and put down what was found. A table that fails is in the report and ends nothing.

    `measures` says what the stages of a load took, by chain and load id.

    Raises:
        WarehouseError, WarehouseUnreachableError: there is no session with StarRocks.
    """
    with warehouse_session(starrocks) as session:
        found = [_table(chain, measures, lake, session) for chain in asked.chains]
        versions = surroundings.versions(asked.manifest, status.version(session))
    found += [(TableEvidence(r.table, r.reason), TableFacts(r.table, "", "")) for r in asked.refused]
    found.sort(key=lambda pair: pair[0].table)
    evidence = tuple(pair[0] for pair in found)
    return Report(
        made_at=f"{dt.datetime.now(dt.timezone.utc):%Y-%m-%d %H:%M:%S} UTC",
        database=asked.manifest.database,
        asked=asked.words,
        tables_in_database=len(asked.manifest.tables),
        evidence=evidence,
        facts=tuple(pair[1] for pair in found),
        versions=versions,
        configuration=surroundings.configuration(asked.config, lake, starrocks),
        signature=signature(plain(evidence)),
    )


def evidence_of(chain: Chain, lake: LakeSettings, session: WarehouseSession) -> TableEvidence:
    """The proof of one table, taken now. What hinders it is in `problem`."""
    found = TableEvidence(chain.table.id)
    try:
        with lake_table(chain, lake) as table:
            load = published(chain, table)
            checks = prove(chain, table, load)
            prints = known_fingerprint(table, load.snapshot_id, chain.columns, load.evidence.level)
            found = TableEvidence(
                chain.table.id,
                source=load.evidence,
                snapshot_id=str(load.snapshot_id),
                lake=prints.source,
                lake_for_starrocks=prints.warehouse,
                checks=_verdicts("lake", checks),
            )
            return _with_warehouse(chain, found, (table, load.snapshot_id), session)
    except MssqlStarrocksError as error:
        return replace(found, problem=str(error))


def _with_warehouse(
    chain: Chain, found: TableEvidence, lake: tuple[Table, int], session: WarehouseSession
) -> TableEvidence:
    target, source, expected = chain.names.warehouse, found.source, found.lake_for_starrocks
    entry = ledger.read(session, chain)
    if source is None or expected is None or entry is None or entry.snapshot_id == ledger.NOTHING:
        return replace(found, problem=f"{'.'.join(target)} was never loaded. {proof.LOAD_AGAIN}")
    if entry.source != ledger.source_name(chain):
        return replace(found, problem=f"{'.'.join(target)} holds {entry.source}: choose another database in targets:.")
    held = Held(entry.target, entry.source, str(entry.snapshot_id), entry.load_id, entry.label, entry.row_count)
    found = replace(found, ledger=held)
    columns = columns_of(session, target)
    if not columns:
        return replace(found, problem=f"{'.'.join(target)} is not in StarRocks. {proof.LOAD_AGAIN}")
    wrong = schema_differences(chain, columns)
    try:
        measured = warehouse_fingerprint(session, target, chain.columns, source.level)
    except WarehouseError as error:  # a column is gone, or of a type that cannot be hashed the same way
        named = "; ".join(f"{d.what} should be {d.expected} and is {d.found}" for d in wrong)
        return replace(found, problem=f"{'.'.join(target)}: {named or error}")
    behind = Difference("snapshot", f"{found.snapshot_id}, the published one", held.snapshot_id)
    differences = wrong if behind.found == found.snapshot_id else (behind, *wrong)
    reports = proof.reports("lake", "warehouse", expected, measured, differences, {})
    checks = proof.advised(with_warehouse_rows(chain, reports, source.level, lake, session, target), proof.LOAD_AGAIN)
    return replace(found, starrocks=measured, checks=(*found.checks, *_verdicts("StarRocks", checks)))


def _verdicts(where: str, reports: tuple[CheckReport, ...]) -> tuple[Verdict, ...]:
    return tuple(Verdict(f"{where} {r.name}", r.passed, r.summary, r.differences) for r in reports)


def _table(
    chain: Chain, measures: Measures, lake: LakeSettings, session: WarehouseSession
) -> tuple[TableEvidence, TableFacts]:
    evidence = evidence_of(chain, lake, session)
    facts = TableFacts(
        chain.table.id,
        ".".join(chain.names.lake),
        ".".join(chain.names.warehouse),
        source_bytes=None if chain.table.external else chain.table.bytes,
        stages=measures(chain, evidence.source.load_id) if evidence.source else (),
    )
    try:
        with lake_table(chain, lake) as table:
            facts = _with_lake(chain, table, facts, evidence.snapshot_id)
        stored = status.stored_bytes(session, chain.names.warehouse) if evidence.ledger else None
        return evidence, replace(facts, starrocks_bytes=stored)
    except MssqlStarrocksError:  # the evidence says it already
        return evidence, facts


def _with_lake(chain: Chain, table: Table, facts: TableFacts, snapshot_id: str) -> TableFacts:
    facts = replace(facts, waiting=_waiting(chain, table))
    snapshot = table.snapshot_by_id(int(snapshot_id)) if snapshot_id else None
    if snapshot is None or snapshot.summary is None:
        return facts
    numbers = snapshot.summary.additional_properties
    committed = dt.datetime.fromtimestamp(snapshot.timestamp_ms / 1000, dt.timezone.utc)
    return replace(
        facts,
        written_bytes=_number(numbers.get("added-files-size", "0")),
        lake_bytes=_number(numbers.get("total-files-size")),
        lake_files=_number(numbers.get("total-data-files")),
        committed_at=f"{committed:%Y-%m-%d %H:%M:%S} UTC",
    )


def _waiting(chain: Chain, table: Table) -> str:
    """What became of a load that is newer than the published one."""
    load = ours(chain, in_lake.newest_audit(table))
    if load is None:
        return ""
    name = f"Load {load.evidence.load_id} is newer and not published"
    if load.certified:
        return f"{name}: it is certified; publish it (asset iceberg_table, or mssql-starrocks migrate)."
    failed = [r.summary for r in prove(chain, table, load) if not r.passed]
    return f"{name}: {failed[0]}. Materialise the chain again." if failed else f"{name}: run its checks."


def _number(text: str | None) -> int | None:
    return int(text) if text else None
