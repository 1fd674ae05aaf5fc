"""Reports of the stages as Dagster results. Numbers stay plain numbers, so that the UI plots them."""

import hashlib
from collections.abc import Mapping
from typing import Any

import dagster as dg

from mssql_starrocks.model import (
    CheckReport,
    Difference,
    Evidence,
    LoadReport,
    PublishReport,
    SnapshotReport,
    TypeLine,
)
from mssql_starrocks.orchestration.lineage import COLUMN_LINEAGE

_MIB = 1 << 20
_LEDGER_COLUMNS = ("column", "name", "type", "Iceberg", "StarRocks", "rule", "loss", "sentence", "measured")
_LEDGER = dg.TableSchema(columns=[dg.TableColumn(c) for c in _LEDGER_COLUMNS])
_DIFFERENCES = dg.TableSchema(columns=[dg.TableColumn(c) for c in ("what", "expected", "found")])


def snapshot_result(report: SnapshotReport) -> dg.MaterializeResult[None]:
    """Its data version is the content's fingerprint: a copy of an unchanged table is no new version."""
    copied, evidence = report.copied, report.evidence
    return dg.MaterializeResult(
        data_version=dg.DataVersion(_content(evidence)),
        metadata={
            "dagster/row_count": copied.rows,
            "seconds": round(copied.seconds, 3),
            "bytes": copied.bytes,
            "files": copied.files,
            "resumed_rows": copied.resumed_rows,
            "rows_per_second": _rate(copied.rows - copied.resumed_rows, copied.seconds),
            "cpu_seconds": round(copied.cpu_seconds, 3),
            "rows_per_cpu_second": _rate(copied.rows - copied.resumed_rows, copied.cpu_seconds),
            "peak_memory_mib": copied.peak_rss // _MIB,
            "engine": report.engine,
            "load_id": report.load_id,
            "mssql/point": evidence.point,
            "mssql/grade": evidence.grade.value,
            **({} if evidence.change_version is None else {"mssql/change_version": str(evidence.change_version)}),
            "mssql/proof_level": evidence.level.value,
            "mssql/type_ledger": ledger_table(evidence.ledger),
            "iceberg/branch": report.branch,
            "iceberg/snapshot_id": _identifier(copied.snapshot_id),
            "iceberg/location": report.location,
        },
    )


def ledger_table(ledger: tuple[TypeLine, ...]) -> dg.TableMetadataValue:
    """What became of each source column."""
    return dg.MetadataValue.table([dg.TableRecord(_ledger_row(line)) for line in ledger], schema=_LEDGER)


def _ledger_row(line: TypeLine) -> dict[str, str | int | None]:
    cells = (line.column, line.name, line.source, line.iceberg, line.starrocks, line.rule, line.loss.value)
    return dict(zip(_LEDGER_COLUMNS, (*cells, line.sentence, line.measured), strict=True))


def publish_result(report: PublishReport, lineage: dg.TableColumnLineage) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        data_version=dg.DataVersion(str(report.snapshot_id)),
        metadata={
            "dagster/row_count": report.rows,
            "dagster/uri": report.location,
            COLUMN_LINEAGE: lineage,
            "seconds": round(report.seconds, 3),
            "load_id": report.load_id,
            "iceberg/snapshot_id": _identifier(report.snapshot_id),
            "iceberg/tag": report.tag,
            "iceberg/location": report.location,
        },
    )


def load_result(report: LoadReport, lineage: dg.TableColumnLineage) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        data_version=dg.DataVersion(str(report.snapshot_id)),
        metadata={
            "dagster/row_count": report.rows,
            COLUMN_LINEAGE: lineage,
            "seconds": round(report.seconds, 3),
            "rows_per_second": _rate(report.rows, report.seconds),
            "load_id": report.load_id,
            "iceberg/snapshot_id": _identifier(report.snapshot_id),
            "starrocks/table": report.target,
            "starrocks/label": report.label,
            "starrocks/how": report.how,
            "starrocks/loader": report.loader,
            "starrocks/ddl": dg.MetadataValue.md(f"```sql\n{report.ddl}\n```"),
        },
    )


def check_result(report: CheckReport, key: dg.AssetKey) -> dg.AssetCheckResult:
    """A verdict with the table of differences behind it."""
    metadata: dict[str, Any] = {name: _fact(value) for name, value in report.facts.items()}
    if report.differences:
        metadata["differences"] = differences_table(report.differences)
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=report.name,
        passed=report.passed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=report.summary,
        metadata=metadata,
    )


def differences_table(differences: tuple[Difference, ...]) -> dg.TableMetadataValue:
    rows = [{"what": d.what, "expected": d.expected, "found": d.found} for d in differences]
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows], schema=_DIFFERENCES)


def _content(evidence: Evidence) -> str:
    prints = sorted((name, str(column)) for name, column in evidence.fingerprint.columns.items())
    return hashlib.sha256(repr((evidence.fingerprint.rows, prints)).encode()).hexdigest()[:16]


def _rate(rows: int, seconds: float) -> int:
    return round(rows / seconds) if seconds else 0


def _identifier(number: int) -> str:
    """An id is text: 19 digits are more than a browser's numbers hold, and nobody wants it plotted."""
    return str(number)


def _fact(value: Any) -> Any:
    if value is None or isinstance(value, bool | float | str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 53 else str(value)
    if isinstance(value, Mapping | list | tuple):
        return dg.MetadataValue.json(dict(value) if isinstance(value, Mapping) else list(value))
    return str(value)
