"""The mass run on a clock: every table copied anew, each in a run of its own."""

from collections.abc import Iterator, Sequence

import dagster as dg

from mssql_starrocks.config import Config
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.orchestration.jobs import EVERYTHING
from mssql_starrocks.orchestration.loaded import LoadedChain
from mssql_starrocks.orchestration.own import Own
from mssql_starrocks.orchestration.translator import table_tags

REFRESH = "refresh"


def check_schedule(text: str) -> None:
    """Refuse a cron text before Dagster does, in one line.

    Raises:
        ConfigError: says what was found and what is expected.

    """
    try:
        dg.ScheduleDefinition(name=REFRESH, job_name=EVERYTHING, cron_schedule=text)
    except dg.DagsterInvalidDefinitionError:
        raise ConfigError(
            f"schedule: {text!r} is no cron text; write five fields, minute hour day month weekday, "
            "such as 0 2 * * * for every night at two"
        ) from None


def refresh_schedules(config: Config, loaded: Sequence[LoadedChain]) -> list[dg.ScheduleDefinition]:
    """The schedule that `schedule:` asks for, running from the start; none without it."""
    if config.schedule is None or not loaded:
        return []
    own = Own(config.name)

    @dg.schedule(
        name=own.named(REFRESH),
        job_name=own.named(EVERYTHING),
        cron_schedule=config.schedule,
        execution_timezone=config.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Copies every table, one run per table; dagster.yaml says how many at the same time.",
    )
    def refresh() -> Iterator[dg.RunRequest]:
        for one in loaded:
            yield table_run(one)

    return [refresh]


def table_run(one: LoadedChain) -> dg.RunRequest:
    """One run of one chain, its checks included."""
    table = one.chain.table.id
    return dg.RunRequest(run_key=str(table), asset_selection=list(one.keys), tags=table_tags(one.chain.database, table))
