"""The Python door: `migrate_table`, `Migration`, `validate` and `plan`, for scripts and notebooks.

Each runs the same Dagster assets and checks as the command line. Connections are read from the environment and `.env`
under the names of `.env.example`, unless a parameter gives them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from mssql_starrocks import stages
from mssql_starrocks.config import DEFAULT_FILE, Config, EngineName
from mssql_starrocks.errors import SelectionError
from mssql_starrocks.model import TablePlan
from mssql_starrocks.orchestration.launch.job import Job, Part
from mssql_starrocks.orchestration.launch.prepare import Options, Workplace
from mssql_starrocks.orchestration.launch.results import CheckResult, MigrationResult, TableResult
from mssql_starrocks.selection import Selection
from mssql_starrocks.settings import Settings, load_dotenv, refuse_unknown
from mssql_starrocks.terminal import live_tables

__all__ = ["CheckResult", "Migration", "MigrationResult", "TableResult", "migrate_table", "plan", "validate"]

Given = Config | Mapping[str, Any] | str | Path | None


@dataclass(frozen=True)
class Migration:
    """Copies of many tables.

    Example:
        result = Migration(tables=["sales.*", "dbo.customers"], target="analytics").run()
        result.certified, result.rows, result.failed

    Attributes:
        tables: names and patterns, as on the command line. Without tables and schemas it is every table; an empty list
            is refused, so that a filter that leaves nothing never copies everything.
        schemas: every table of these schemas.
        exclude: tables or patterns to leave out.
        config: a Config, its fields, or a YAML file; without it MSSQL_STARROCKS_CONFIG or mssql_starrocks.yaml here.
        settings: Settings, or names and values of `.env.example` that win over the environment.
        target: StarRocks database of these tables, in the place of the configuration's.
        engine: `arrow`, `spark` or `auto`, in the place of the configuration's.
        part: `all`, only to the `lake`, or only from there to the `warehouse`.
        parallel: tables at a time.
        resume: skip tables whose published copy is what the source holds.
        webserver: URL of a dagster-webserver that launches the runs; DAGSTER_WEBSERVER_URL otherwise.
        home: folder of a Dagster instance that keeps the runs; DAGSTER_HOME otherwise.
        progress: show progress on stderr, live in a terminal or a notebook.

    """

    tables: Sequence[str] | None = None
    schemas: Sequence[str] | None = None
    exclude: Sequence[str] = ()
    config: Given = None
    settings: Settings | Mapping[str, str] | None = None
    target: str | None = None
    engine: EngineName | None = None
    part: Part = "all"
    parallel: int = 4
    resume: bool = False
    webserver: str | None = None
    home: str | Path | None = None
    progress: bool = True

    def run(self) -> MigrationResult:
        """Copy and prove every table; one that fails does not stop the others, and raises nothing.

        Returns:
            One TableResult a table with rows, wall seconds, load and snapshot id, checks and error; `certified` says
            whether all are. It shows itself as a table in a notebook.

        Raises:
            SelectionError: a name or pattern matches nothing; the closest names are in the message.
            ConfigError: a setting is missing or wrong, or target or engine is set for runs through a webserver.
            SourceError: the source's catalog cannot be read, and there is no manifest.
            KeyboardInterrupt: Ctrl-C; the running copies were ended first and left nothing visible.
        """
        return self._launch(proofs_only=False)

    def validate(self) -> MigrationResult:
        """Run the checks of these tables alone; nothing is copied. Raises as `run` does."""
        return self._launch(proofs_only=True)

    def plan(self) -> tuple[TablePlan, ...]:
        """What would become of each table: names, key, type ledger, DDL. Maxima are measured at the source.

        Raises:
            TypeRefusedError: a value is longer than the target holds.
            KeyRefusedError: no column of the table can lead a StarRocks table.
            SelectionError: a table is refused as a whole, besides what `run` raises.
        """
        place = self._place()
        job = self._job(place, proofs_only=False)
        if job.refused:
            raise SelectionError("\n".join(f"{refused.table}: {refused.reason}" for refused in job.refused))
        return tuple(stages.plan(chain, place.settings.mssql, place.settings.starrocks) for chain in job.chains)

    def _launch(self, *, proofs_only: bool) -> MigrationResult:
        place = self._place()
        webserver = self.webserver or os.environ.get("DAGSTER_WEBSERVER_URL")
        job = self._job(place, proofs_only=proofs_only, webserver=webserver)
        home = self.home or os.environ.get("DAGSTER_HOME")
        screen = Console(stderr=True, quiet=not self.progress)
        with live_tables(screen, len(job.chains) + len(job.refused)) as watch:
            result = place.run(job, watch, webserver=webserver, home=Path(home) if home else None)
        if result.stopped:
            raise KeyboardInterrupt
        return result

    def _place(self) -> Workplace:
        load_dotenv()
        file = Path(os.environ.get("MSSQL_STARROCKS_CONFIG", DEFAULT_FILE))
        config = self.config
        if isinstance(config, str | Path):
            file, config = Path(config), None
        if isinstance(config, Mapping):
            config = Config.parse(dict(config), "config")
        return Workplace(config or Config.load(file), file, self._settings)

    def _settings(self) -> Settings:
        if isinstance(self.settings, Settings):
            return self.settings
        given = self.settings or {}
        refuse_unknown(given, "settings")
        return Settings.load({**os.environ, **given})

    def _job(self, place: Workplace, *, proofs_only: bool, webserver: str | None = None) -> Job:
        for what, given in (("tables", self.tables), ("schemas", self.schemas), ("exclude", self.exclude)):
            if isinstance(given, str):
                raise SelectionError(f"{what}: a list of names is needed, such as [{given!r}]")
        everything = self.tables is None and self.schemas is None
        tables, schemas = tuple(self.tables or ()), tuple(self.schemas or ())
        selection = Selection(tables, schemas, everything, exclude=tuple(self.exclude))
        options = Options(self.part, proofs_only, self.parallel, self.resume, self.engine, self.target)
        known = self.settings is None
        database = os.environ.get("STARROCKS_DATABASE") if known else place.settings.starrocks.database
        return place.job(selection, options, database, webserver)


def migrate_table(table: str, target: str | None = None, **options: Any) -> TableResult:
    """Copy one table and prove the copy.

    Example:
        result = migrate_table("dbo.customers", target="analytics")
        result.certified, result.rows, result.seconds

    Args:
        table: `dbo.customers`, `[dbo].[customers]`, or `customers` where one schema has it.
        target: StarRocks database, in the place of the configuration's.
        options: config, settings, engine, part, resume, webserver, home, progress as in Migration.

    Returns:
        What became of it; a copy that failed is not certified and says why in `error`.

    Raises:
        SelectionError: there is no such table, or it means more than one.
        ConfigError, SourceError, KeyboardInterrupt: as Migration.run.
    """
    if not isinstance(table, str):
        raise SelectionError(f"{table!r} is no name of a table, such as dbo.customers")
    if "*" in table or "?" in table:
        raise SelectionError(f"{table} is a pattern: use Migration(tables=[...]).run() for several tables.")
    return Migration(tables=[table], target=target, **options).run().tables[0]


def validate(*tables: str, **options: Any) -> MigrationResult:
    """Run the checks of these tables, or of all without any, against lake and StarRocks as they are now.

    Args:
        tables: names and patterns.
        options: as in Migration.

    Raises:
        SelectionError, ConfigError, SourceError, KeyboardInterrupt: as Migration.run.
    """
    return Migration(tables=tables or None, **options).validate()


def plan(*tables: str, **options: Any) -> tuple[TablePlan, ...]:
    """What would become of these tables, or of all without any; nothing is copied. Raises as Migration.plan does.

    Args:
        tables: names and patterns.
        options: as in Migration.
    """
    return Migration(tables=tables or None, **options).plan()
