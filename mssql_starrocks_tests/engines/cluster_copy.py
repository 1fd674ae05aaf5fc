"""A process of its own that copies a table with Spark as its environment says, and keeps all that can be seen.

Usage: python -m mssql_starrocks_tests.engines.cluster_copy FOLDER
"""

from __future__ import annotations

import json
import sys
import traceback
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from mssql_starrocks import stages
from mssql_starrocks.chain import Chain, plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.engines.session import _zones
from mssql_starrocks.engines.spark import SparkEngine
from mssql_starrocks.engines.trust import trust_store
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake.branch import AuditBranch
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.fingerprint import fingerprint
from mssql_starrocks.model import Chunk, ExtractionPlan, Grade, Sizing
from mssql_starrocks.orchestration.resources import LazySpark
from mssql_starrocks.settings import Settings
from mssql_starrocks.source.discover import discover

TABLE, CHUNKS, FILES = "sales.events", 6, 3
WRONG_PASSWORD = "canary-wrong-4713"
PAGES = ("jobs/", "stages/", "environment/", "executors/", "SQL/")
REST = ("jobs", "stages", "environment", "executors", "allexecutors", "sql?details=true&planDescription=true")


def chain_of(settings: Settings, engine: str, prefix: str) -> Chain:
    config = Config(engine=engine, lake_prefix=prefix, include=(TABLE,))
    chain = plan_chains(discover(settings.mssql), config)[0][0]
    sizing = Sizing(max(chain.table.bytes // (CHUNKS - 1), 1))
    return replace(chain, table=replace(chain.table, bytes=FILES * 128 << 20), sizing=sizing)


def copied(chain: Chain, settings: Settings, spark: object) -> dict:
    """What the stages say of a copy, and what it holds; the same for every engine."""
    said: list[str] = []
    report = stages.snapshot(chain, settings.mssql, settings.lake, spark, said.append)
    proofs = stages.prove_snapshot(chain, settings.lake, mssql=settings.mssql)
    lake = open_catalog(settings.lake).load_table(chain.names.lake)
    load = in_lake.newest_audit(lake)
    return {
        "branch": report.branch,
        "rows": report.copied.rows,
        "files": report.copied.files,
        "said": said,
        "cpu_seconds": report.copied.cpu_seconds,
        "peak_rss": report.copied.peak_rss,
        "properties": load.snapshot_id == report.copied.snapshot_id,
        "failed": [f"{r.summary} {r.differences}" for r in proofs if not r.passed],
        "fingerprint": str(fingerprint(lake, load.snapshot_id, chain.columns, chain.level)),
    }


def main(folder: Path) -> None:
    settings = Settings.load(dotenv=None)
    chain = chain_of(settings, "spark", "cluster_")
    source = LazySpark(settings.spark)
    session = source.session(settings.lake)
    context = session.sparkContext
    found = {"master": context.master, "zones": _zones(session), **copied(chain, settings, source)}
    engine = SparkEngine(session, settings.mssql, settings.spark, print)
    found["rows without the driver's file"] = _only_executors_files(
        engine, settings, session, _plan(chain, "[id] % 2 = 0", "[id] % 2 = 1")
    )
    frame = engine.frame(_plan(chain))
    query = frame._jdf.queryExecution()
    mode = context._jvm.org.apache.spark.sql.execution.ExplainMode.fromString("extended")
    (folder / "plan.txt").write_text(query.toString() + query.explainString(mode))
    (folder / "errors.txt").write_text("\n".join(_failures(chain, found["branch"], session, settings)))
    (folder / "processes.txt").write_text("\n".join(_command_lines(context.applicationId, context._gateway.proc.pid)))
    for page in PAGES:
        (folder / f"page-{page.strip('/')}.html").write_text(_get(f"{context.uiWebUrl}/{page}"))
    rest = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}"
    for name in REST:
        (folder / f"rest-{name.partition('?')[0]}.json").write_text(_get(f"{rest}/{name}"))
    queries = json.loads((folder / "rest-sql.json").read_text())
    for query in queries:
        (folder / f"page-query-{query['id']}.html").write_text(
            _get(f"{context.uiWebUrl}/SQL/execution/?id={query['id']}")
        )
    store = trust_store(settings.mssql, session).driver
    found["trust store"] = [store.exists()]
    source.stop()
    found["trust store"].append(store.exists())
    found["ended"] = context._jsc is None
    (folder / "found.json").write_text(json.dumps(found))


def _plan(chain: Chain, *predicates: str) -> ExtractionPlan:
    chunks = tuple(Chunk(number, predicate) for number, predicate in enumerate(predicates or ("",)))
    audit = chain.audit_columns("L1", "2026-01-02 03:04:05.000006")
    return ExtractionPlan(chain.table.id, "L1", chain.columns, audit, chunks, Grade.D, 3, 1000, False)


def _only_executors_files(engine: SparkEngine, settings: Settings, session: object, plan: ExtractionPlan) -> int:
    """Rows that executors read when the driver's file is not there, as it is not on another machine."""
    frame = engine.frame(plan)
    frame.count()  # each executor has fetched its own
    here = trust_store(settings.mssql, session).driver
    away = here.rename(here.with_suffix(".away"))
    try:
        return frame.count()
    finally:
        away.rename(here)


def _failures(chain: Chain, branch: str, session: object, settings: Settings) -> Iterator[str]:
    """A login that SQL Server refuses, and a statement that it refuses the executors."""
    wrong = settings.mssql.model_copy(update={"password": type(settings.mssql.password)(WRONG_PASSWORD)})
    for mssql, plan in ((wrong, _plan(chain)), (settings.mssql, _plan(chain, "[nope] = 1"))):
        try:
            SparkEngine(session, mssql, settings.spark, print).copy(plan, AuditBranch(*chain.names.lake, branch, {}))
        except Exception as error:
            yield "".join(traceback.format_exception(error)) + repr(error)


def _command_lines(application: str, driver: int) -> Iterator[str]:
    """Of the driver's JVM and of the application's executors."""
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode() if folder.name.isdigit() else ""
            if application in line or folder.name == str(driver):
                yield line


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
