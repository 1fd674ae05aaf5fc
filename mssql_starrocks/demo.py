"""The demo: the sandbox's sample database through the real assets, checks and job, and the UI on the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from mssql_starrocks.config import DEFAULT_FILE, Config
from mssql_starrocks.errors import SelectionError
from mssql_starrocks.model import Manifest, TableId
from mssql_starrocks.naming import LAKE, SNAPSHOT, WAREHOUSE
from mssql_starrocks.ports import refuse_busy
from mssql_starrocks.settings import Settings
from mssql_starrocks.terminal import live_progress

if TYPE_CHECKING:
    import dagster as dg

# Small thresholds, so that the sample's one big table takes Spark and several chunks.
_CONFIG = {"spark_above_mb": 8, "chunk_mb": 8}
_CHECKS = 6
# No process per step that copies its output, no log on the screen: the table at the end says it all.
_QUIET_INSTANCE = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
}
_QUIET_RUN = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass
class _Row:
    """What the run's events say about one table."""

    engine: str = ""
    grade: str = ""
    source: int | None = None
    rows: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    passed: int = 0
    failed: list[str] = field(default_factory=list)

    @property
    def certified(self) -> bool:
        counts = {self.rows.get(stage) for stage in (SNAPSHOT, LAKE, WAREHOUSE)}
        return self.passed == _CHECKS and not self.failed and counts == {self.source}


def run_demo(patterns: Sequence[str], screen: Console, page: str | None = None) -> bool:
    """Copy the sample database; True when every check of every table passed. `page` is where a report goes.

    Raises:
        SelectionError: the patterns match no table.
    """
    started = time.monotonic()
    with _workplace(patterns, screen) as (folder, config):
        import dagster as dg

        from mssql_starrocks.orchestration.build import build_definitions
        from mssql_starrocks.orchestration.jobs import EVERYTHING
        from mssql_starrocks.source.discover import discover

        manifest = discover(Settings.load(dotenv=None).mssql)
        wanted = config.select(manifest)
        if not wanted:
            raise SelectionError(f"No table of the sample database matches {', '.join(patterns)}.")
        screen.print(f"discovered {len(manifest.tables)} tables, copying {len(wanted)} through Dagster")
        defs = build_definitions(manifest, config, execute=lambda _, props, run: _shown(screen, props, run))
        quiet = dg.instance_for_test(temp_dir=str(folder), overrides=_QUIET_INSTANCE)
        with quiet as instance, live_progress(screen):
            result = defs.resolve_job_def(EVERYTHING).execute_in_process(
                instance=instance, raise_on_error=False, run_config=_QUIET_RUN
            )
            if _interrupted(result):
                raise KeyboardInterrupt
            rows, errors = _collect(result, [t.id for t in wanted]), _errors(result)
            if page is not None:
                _report(page, manifest, config, instance)
    for message in errors:
        screen.print(message, style="red", markup=False, soft_wrap=True)
    _print(rows, screen, time.monotonic() - started)
    return bool(rows) and all(row.certified for row in rows.values())


def _report(page: str, manifest: Manifest, config: Config, instance: dg.DagsterInstance) -> None:
    from mssql_starrocks import report
    from mssql_starrocks.chain import plan_chains
    from mssql_starrocks.orchestration.measures import recorded

    settings = Settings.load(dotenv=None)
    asked = report.Asked("the sample database", *plan_chains(manifest, config), manifest, config)
    made = report.gather(asked, settings.lake, settings.starrocks, recorded(instance))
    report.write(made, page, None, settings.lake)


def run_ui(port: int, screen: Console) -> int:
    """Sandbox and `dagster dev` in one; returns Dagster's exit code."""
    refuse_busy(port)
    with _workplace((), screen) as (folder, config):
        from mssql_starrocks.manifest_file import manifest_path, save_manifest
        from mssql_starrocks.source.discover import discover

        file = folder / DEFAULT_FILE
        file.write_text(yaml.safe_dump({**_CONFIG, "webserver": f"127.0.0.1:{port}"}))
        save_manifest(discover(Settings.load(dotenv=None).mssql), manifest_path(config, file))
        settings = Path(__file__).parent.parent / "dagster.yaml"
        (folder / "dagster.yaml").write_text(
            settings.read_text() if settings.exists() else "telemetry: {enabled: false}\n"
        )
        environment = {**os.environ, "MSSQL_STARROCKS_CONFIG": str(file), "DAGSTER_HOME": str(folder)}
        command = [
            sys.executable,
            "-m",
            "dagster",
            "dev",
            "-m",
            "mssql_starrocks.definitions",
            "-h",
            "127.0.0.1",
            "-p",
            str(port),
        ]
        screen.print(f"Dagster is coming up on http://127.0.0.1:{port}; Ctrl-C ends everything")
        return _wait(subprocess.Popen(command, env=environment, start_new_session=True))


@contextmanager
def _workplace(patterns: Sequence[str], screen: Console) -> Iterator[tuple[Path, Config]]:
    """The sandbox, its settings in the environment, and a folder for this run."""
    from mssql_starrocks.sandbox.stack import Sandbox

    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mssql_starrocks_demo_") as name, Sandbox() as box:
        screen.print(
            f"sandbox up in {time.monotonic() - started:.1f} s: SQL Server, StarRocks, Glue and S3 on loopback"
        )
        with _environment(box.environment()):
            yield Path(name), Config(**_CONFIG, include=tuple(patterns) or ("*",))


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _shown(screen: Console, props: Any, run: Any) -> Any:
    screen.print(f"  {props.stage.value:<16} {props.chain.table.id}", markup=False, highlight=False)
    return run()


def _interrupted(result: dg.ExecuteInProcessResult) -> bool:
    errors = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    return any(error is not None and "Interrupt" in (error.cls_name or "") for error in errors)


def _errors(result: dg.ExecuteInProcessResult) -> list[str]:
    """Our own message of each failed step."""
    failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    said = [f.user_failure_data.description if f.user_failure_data else f.error and f.error.message for f in failures]
    return [text for text in said if text]


def _collect(result: dg.ExecuteInProcessResult, tables: Sequence[TableId]) -> dict[str, _Row]:
    from mssql_starrocks.naming import slug

    rows: dict[tuple[str, str], _Row] = defaultdict(_Row)
    for event in result.get_asset_materialization_events():
        stage, *table = event.materialization.asset_key.path
        values: dict[str, Any] = {key: value.value for key, value in event.materialization.metadata.items()}
        row = rows[table[0], table[1]]
        row.rows[stage] = values["dagster/row_count"]
        row.seconds += values["seconds"]
        if stage == SNAPSHOT:
            row.engine, row.grade = values["engine"], values["mssql/grade"]
    for check in result.get_asset_check_evaluations():
        _, *table = check.asset_key.path
        row = rows[table[0], table[1]]
        row.passed += check.passed
        if not check.passed:
            row.failed.append(f"{check.asset_key.path[0]}.{check.check_name}: {check.description}")
        if check.asset_key.path[0] == SNAPSHOT and check.check_name == "row_count":
            row.source = cast("int", check.metadata["expected_rows"].value)
    return {str(table): rows[slug(table.schema), slug(table.name)] for table in tables}


def _print(rows: Mapping[str, _Row], screen: Console, seconds: float) -> None:
    shown = RichTable(box=None)
    shown.add_column("table", no_wrap=True)
    shown.add_column("engine", no_wrap=True)
    for title in ("source", "lake", "warehouse", "checks", "seconds", "grade"):
        shown.add_column(title, justify="right", min_width=len(title))
    for name, row in rows.items():
        numbers = [row.source, row.rows.get(LAKE), row.rows.get(WAREHOUSE)]
        checks = f"{row.passed}/{_CHECKS}"
        shown.add_row(escape(name), row.engine, *("-" if n is None else f"{n:,}" for n in numbers), checks,
                      f"{row.seconds:.1f}", row.grade, style=None if row.certified else "red")  # fmt: skip
    screen.print(shown)
    for name, row in rows.items():
        for failure in row.failed or ([] if row.certified else ["did not finish"]):
            screen.print(f"{name}: {failure}", style="red", markup=False, soft_wrap=True)
    certified = sum(row.certified for row in rows.values())
    screen.print(
        f"{certified} of {len(rows)} tables certified in {seconds:.1f} s",
        style="green" if certified == len(rows) else "red",
    )


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Until Dagster ends; an interrupt reaches its whole process group, once, and is followed by a kill."""
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
