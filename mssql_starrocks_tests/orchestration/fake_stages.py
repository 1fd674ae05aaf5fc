"""The stage functions without servers: same signatures, same reports, and a log of what was called."""

from dataclasses import dataclass, field

from mssql_starrocks import stages
from mssql_starrocks.model import (
    CheckReport,
    CleanReport,
    CopyResult,
    Difference,
    Evidence,
    Fingerprint,
    Grade,
    LoadReport,
    PublishReport,
    SnapshotReport,
)

ROWS, SNAPSHOT_ID = 3, 1234567890123456789
CHECKS = ("row_count", "schema", "values")


@dataclass
class FakeStages:
    """`failing` names checks that do not pass, as `snapshot.values`; `errors` are raised by the stage of that name."""

    failing: set[str] = field(default_factory=set)
    errors: dict[str, list[Exception]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    settings: dict[str, object] = field(default_factory=dict)

    loads: list = field(default_factory=list)

    def install(self, patch=setattr) -> "FakeStages":
        for name in ("snapshot", "prove_snapshot", "publish", "load", "prove_warehouse", "clean"):
            patch(stages, name, getattr(self, name))
        return self

    def snapshot(self, chain, mssql, lake, spark, log):
        self._called("snapshot", chain, mssql=mssql, lake=lake, spark=spark.settings)
        log("3 rows read")
        point = "2026-01-01 00:00:00.0000000"
        evidence = Evidence("L1", chain.table.id, chain.database, Grade.B, point, "arrow", "f", Fingerprint(ROWS, {}))
        copied = CopyResult(ROWS, 1000, 1, 0.25, 64 << 20, SNAPSHOT_ID, resumed_rows=1)
        return SnapshotReport(chain.table.id, "L1", "audit_L1", "arrow", evidence, copied, "s3://bucket/orders")

    def prove_snapshot(self, chain, lake, load_id=None, mssql=None, log=None):
        self._called("prove_snapshot", chain)
        self.loads.append(load_id)
        return self._reports("snapshot")

    def publish(self, chain, lake, log, load_id=None):
        self._called("publish", chain)
        self.loads.append(load_id)
        return PublishReport(chain.table.id, "L1", SNAPSHOT_ID, ROWS, "load_L1", "s3://bucket/orders", 0.1)

    def load(self, chain, lake, starrocks, log, spark):
        self._called("load", chain, starrocks=starrocks)
        target = ".".join(chain.names.warehouse)
        return LoadReport(chain.table.id, "L1", SNAPSHOT_ID, target, ROWS, "mssr_1", "rename", 0.2, "CREATE TABLE t")

    def prove_warehouse(self, chain, lake, starrocks, log=None):
        self._called("prove_warehouse", chain)
        return self._reports("warehouse")

    def clean(self, chain, lake, starrocks, now, log):
        self._called("clean", chain, lake=lake, starrocks=starrocks)
        return CleanReport(chain.table.id, ("audit_L0",), ("load_L0", "load_L1"), 3, ())

    def _called(self, stage, chain, **settings):
        self.calls.append(f"{stage} {chain.table.id}")
        self.settings |= settings
        if self.errors.get(stage):
            raise self.errors[stage].pop(0)

    def _reports(self, side):
        return tuple(self._report(name, f"{side}.{name}" not in self.failing) for name in CHECKS)

    @staticmethod
    def _report(name, passed):
        differences = () if passed else (Difference("price", "17", "18"),)
        return CheckReport(name, passed, "equal" if passed else "1 difference", differences, {"expected_rows": ROWS})
