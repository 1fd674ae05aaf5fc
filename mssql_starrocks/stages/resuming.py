"""Go on with a load that did not end, where what it has finished is certainly still right; otherwise say why not.

Grade A reads a database that never changes. At grade D the source's fingerprint, taken anew, must equal that of the run
that ended: then the rows are the same, and with equal chunks so are the rows of each chunk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from mssql_starrocks.chain import Chain
from mssql_starrocks.lake.checkpoints import checkpoints, forked_from_main, unwritten
from mssql_starrocks.model import Checkpoint, Evidence, Grade, Level, ResumeKey
from mssql_starrocks.stages.reading import Reading

if TYPE_CHECKING:
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table

_RESTARTS = "the load restarts"


def begun(
    chain: Chain, read: Reading, evidence: Evidence, schema: Schema, table: Table, log: Callable[[str], None]
) -> Checkpoint | None:
    """What this load goes on from: an earlier run's checkpoint, or nothing yet; None where it has to be one commit."""
    refusal, left = _refusal(evidence), checkpoints(table)
    if refusal is not None:
        ended = [c.load_id for c in left] or unwritten(table)
        if ended:
            log(f"{chain.table.id}: load {ended[0]} has not ended; not resumed: {refusal}")
        return None
    key = _key(chain, read, evidence, schema)
    for found in left:
        reason = _obstacle(found, key, table)
        if reason is None:
            log(f"{chain.table.id}: load {found.load_id} is resumed: {len(found.chunks)} of {len(read.cut.chunks)} "
                f"chunks, {found.rows:,} rows are kept")  # fmt: skip
            return found
        log(f"{chain.table.id}: load {found.load_id} is not resumed: {reason}; {_RESTARTS}")
    return Checkpoint(evidence.load_id, evidence.point, key, evidence.change_version)


def continued(evidence: Evidence, so_far: Checkpoint | None) -> Evidence:
    """The load's evidence under the name and the point of the run that began it."""
    if so_far is None:
        return evidence
    return replace(evidence, load_id=so_far.load_id, point=so_far.point, change_version=so_far.change_version)


def _refusal(evidence: Evidence) -> str | None:
    """Why a load of this kind always begins anew."""
    if evidence.grade is Grade.A:
        return None
    if evidence.grade is Grade.B:
        return f"grade B reads in one transaction: {_RESTARTS}"
    if evidence.grade is Grade.E:
        return f"grade E reads in one stream: {_RESTARTS}"
    if evidence.level is Level.COUNTS:
        return f"proof level counts does not show whether values changed since: {_RESTARTS}"
    unseen = [name for name, column in evidence.fingerprint.columns.items() if column.digest is None]
    if unseen:
        return f"column {unseen[0]} is not in the fingerprint, which does not show whether it changed: {_RESTARTS}"
    return None


def _key(chain: Chain, read: Reading, evidence: Evidence, schema: Schema) -> ResumeKey:
    plan = [
        evidence.database,
        str(evidence.table),
        evidence.table_fingerprint,
        [(c.name, c.select, c.iceberg) for c in chain.columns],
        chain.audit,
        [(c.number, c.predicate) for c in read.cut.chunks],
        evidence.grade.value,
        evidence.level.value,
        [(f.field_id, f.name, str(f.field_type)) for f in schema.fields],
    ]
    frozen = (read.mssql.database.lower(), evidence.point) if evidence.grade is Grade.A else None
    source: list[Any] = [frozen, asdict(evidence.fingerprint)]
    return ResumeKey.of(plan, source)


def _obstacle(found: Checkpoint, key: ResumeKey, table: Table) -> str | None:
    if found.key.source != key.source:
        return "the source changed since"
    if found.key.plan != key.plan:
        return "columns, chunks or how they are read are not the same any more"
    return None if forked_from_main(table, found) else "main was moved since"
