"""Certify an audit branch, and move `main` to it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import LakeError, NotCertifiedError
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake import publishing
from mssql_starrocks.model import CheckReport, PublishReport
from mssql_starrocks.retries import retried
from mssql_starrocks.settings import LakeSettings, MssqlSettings
from mssql_starrocks.stages.lake_loads import lake_table, ours, prove, published
from mssql_starrocks.stages.snapshotting import Log

if TYPE_CHECKING:
    from pyiceberg.table import Table


@retried
def prove_snapshot(
    chain: Chain,
    lake: LakeSettings,
    load_id: str | None = None,
    mssql: MssqlSettings | None = None,
    log: Log | None = None,
) -> tuple[CheckReport, ...]:
    """Compare a load in the lake with the source's evidence; certify its branch when everything is equal.

    Args:
        chain: the table's copy as planned.
        lake: where it is.
        load_id: the load to prove; without one the newest unpublished load, else the published one.
        mssql: with it, a failed proof of level `rows` names rows that differ from the source as it is now.
        log: is told when the proof is taken again after a transient error.
    """
    with lake_table(chain, lake) as table:
        load = _wanted(chain, table, load_id) or ours(chain, in_lake.published(table))
        if load is None:
            raise LakeError(f"{chain.table.id}: there is no load to check; copy the table first.")
        reports = prove(chain, table, load, mssql)
        if not load.certified:
            judge = publishing.certify if all(r.passed for r in reports) else publishing.keep_failed
            judge(table, load)
    return reports


@retried
def publish(chain: Chain, lake: LakeSettings, log: Log, load_id: str | None = None) -> PublishReport:
    """Move `main` to a certified load: the one of `load_id`, else the newest. Metadata only.

    Raises:
        NotCertifiedError: the load's proof fails; main is as it was.
        PublishConflictError: another writer moved main.
    """
    started = time.monotonic()
    with lake_table(chain, lake) as table:
        load = _wanted(chain, table, load_id)
        if load is None or load.ref == "main":
            return _already_published(chain, table, time.monotonic() - started)
        if not load.certified:
            _certify_now(chain, table, load)
            table.refresh()
        tag = publishing.publish(table, replace(load, certified=True))
        log(f"{chain.table.id}: main is now snapshot {load.snapshot_id} ({load.evidence.fingerprint.rows:,} rows)")
        return PublishReport(
            table=chain.table.id,
            load_id=load.evidence.load_id,
            snapshot_id=load.snapshot_id,
            rows=load.evidence.fingerprint.rows,
            tag=tag,
            location=table.location(),
            seconds=time.monotonic() - started,
        )


def _wanted(chain: Chain, table: Table, load_id: str | None) -> in_lake.LoadSnapshot | None:
    """A run names its own load, so that another run's newer one is never judged or published in its place."""
    if load_id is None:
        return ours(chain, in_lake.newest_audit(table))
    load = ours(chain, in_lake.load_of(table, load_id))
    if load is None:
        raise LakeError(f"{chain.table.id}: load {load_id} is neither waiting nor published; copy the table again.")
    return load


def _already_published(chain: Chain, table: Table, seconds: float) -> PublishReport:
    current = published(chain, table)
    evidence = current.evidence
    return PublishReport(
        table=chain.table.id,
        load_id=evidence.load_id,
        snapshot_id=current.snapshot_id,
        rows=evidence.fingerprint.rows,
        tag=f"load_{evidence.load_id}",
        location=table.location(),
        seconds=seconds,
    )


def _certify_now(chain: Chain, table: Table, load: in_lake.LoadSnapshot) -> None:
    failed = [r for r in prove(chain, table, load) if not r.passed]
    if failed:
        raise NotCertifiedError(f"{chain.table.id}: load {load.evidence.load_id} is not published: {failed[0].summary}")
    publishing.certify(table, load)
