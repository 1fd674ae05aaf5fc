"""From what somebody asks for to a job: configuration, manifest, the chains of the selected tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import get_args

from mssql_starrocks import plan_file, stages
from mssql_starrocks.chain import Chain, plan_chains
from mssql_starrocks.config import DEFAULT_FILE, Config
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.manifest_file import load_manifest, manifest_path
from mssql_starrocks.model import Manifest, TableId
from mssql_starrocks.orchestration.launch.in_process import InProcess
from mssql_starrocks.orchestration.launch.job import Job, Part, Watch, quiet
from mssql_starrocks.orchestration.launch.launch import Launch
from mssql_starrocks.orchestration.launch.results import MigrationResult
from mssql_starrocks.orchestration.launch.webserver import Webserver
from mssql_starrocks.selection import Selection, chains_of, select
from mssql_starrocks.settings import Settings
from mssql_starrocks.source.discover import discover
from mssql_starrocks.stages.outlook import outlooks


@dataclass(frozen=True)
class Options:
    """What can be asked for beside the tables.

    Attributes:
        part, proofs_only, parallel, resume: as in Job.
        engine: in the place of every `engine` of the configuration.
        target: StarRocks database of all selected tables, in the place of `targets`.

    """

    part: Part = "all"
    proofs_only: bool = False
    parallel: int = 4
    resume: bool = False
    engine: str | None = None
    target: str | None = None


class Workplace:
    """Configuration, connections and manifest of one deployment; each read when it is first needed."""

    def __init__(
        self, config: Config, config_file: Path = Path(DEFAULT_FILE), settings: Callable[[], Settings] = Settings.load
    ) -> None:
        self.config, self._file, self._settings = config, config_file, settings

    @cached_property
    def settings(self) -> Settings:
        """The connections.

        Raises:
            ConfigError: lists each missing or wrong name.
        """
        return self._settings()

    @cached_property
    def discovered(self) -> bool:
        """Whether there is no manifest, so that the source's catalog is read."""
        return load_manifest(manifest_path(self.config, self._file)) is None

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest on disk; without one what the source says now, which is not written to disk.

        Raises:
            SourceError, SourceUnreachableError: the source cannot be asked.
        """
        return load_manifest(manifest_path(self.config, self._file)) or discover(self.settings.mssql)

    def job(
        self, selection: Selection, options: Options, target_database: str | None = None, webserver: str | None = None
    ) -> Job:
        """Plan the selected tables.

        Args:
            selection: which tables.
            options: what to do with them.
            target_database: STARROCKS_DATABASE, for schemas that nothing else sends somewhere.
            webserver: what `run` will be given.

        Raises:
            SelectionError: it matches nothing.
            ConfigError: the target is no name for a database, or the options do not suit a webserver.
        """
        _refuse_unknown(options)
        if webserver and (options.engine or options.target):
            raise ConfigError("engine and target cannot be set for runs through a webserver: its code location has a "
                              "configuration of its own.")  # fmt: skip
        wanted = select(selection, self.manifest, self.config)
        config = self._config(options, wanted)
        chains, refused = chains_of(wanted, self.manifest, config, target_database)
        return Job(
            config=config,
            manifest=self.manifest,
            chains=chains,
            refused=refused,
            part=options.part,
            proofs_only=options.proofs_only,
            parallel=options.parallel,
            resume=options.resume,
        )

    def planned(self, file: Path, options: Options, target_database: str | None = None) -> tuple[str, ...]:
        """The tables of a reviewed plan, if it still says what would be done. The source's catalog is read anew for it.

        With `resume` a part of the plan may have been carried out: what it would change is not compared then.

        Raises:
            PlanDriftError: names what differs.
            ConfigError: the file is no plan, or plans nothing.
        """
        plan = plan_file.load(file)
        names = plan_file.planned_tables(plan)
        if not names:
            raise ConfigError(f"{file} plans no table.")
        self.manifest = discover(self.settings.mssql)
        concerned = [table.id for table in self.manifest.tables if str(table.id) in names]
        chains, refused = plan_chains(self.manifest, self._config(options, concerned), target_database)
        seen = None
        if plan_file.tells_changes(plan) and not options.resume:
            asked = [chain for chain in chains if str(chain.table.id) in names]
            found = outlooks(asked, self.settings)
            seen = {str(chain.table.id): outlook for chain, outlook in zip(asked, found, strict=True)}
        plan_file.refuse_drift(plan, chains, refused, seen)
        return names

    def _config(self, options: Options, tables: Sequence[TableId]) -> Config:
        return self.config.with_engine(options.engine).with_target(tables, options.target)

    def current_of(self, part: Part) -> Callable[[Chain], stages.Currency]:
        """What decides for `resume` whether a table needs nothing."""
        settings = self.settings
        warehouse = None if part == "lake" else settings.starrocks
        return lambda chain: stages.is_current(chain, settings.mssql, settings.lake, warehouse)

    def run(
        self, job: Job, watch: Watch = quiet, *, webserver: str | None = None, home: Path | None = None
    ) -> MigrationResult:
        """Launch the job and wait for its end.

        Args:
            job: what `job` made.
            watch: told of every event, from several threads.
            webserver: URL of a dagster-webserver that launches the runs; else they run in this process.
            home: DAGSTER_HOME of runs in this process; without it nothing of them is kept.

        Raises:
            ConfigError: the webserver's address or DAGSTER_HOME is wrong, or a setting is missing.
            HomeError: DAGSTER_HOME cannot be read or written.
        """
        current = self.current_of(job.part) if job.resume else None
        door = Webserver(webserver) if webserver else InProcess(self.settings, home)
        with door:
            return Launch(job, door, watch, current).run()


def _refuse_unknown(options: Options) -> None:
    if options.parallel < 1:
        raise ConfigError("parallel: at least one table at a time")
    if options.part not in get_args(Part):
        raise ConfigError(f"part: {options.part} is none of {', '.join(get_args(Part))}")
