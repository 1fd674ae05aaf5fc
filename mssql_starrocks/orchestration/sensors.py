"""The new-table sensor: a table that appears in SQL Server is added to the manifest, loaded and copied once.

A run can only be requested for assets that the code location holds, so a table takes two ticks: the first adds it and
has the location reloaded, the second, in the reloaded location, launches its chain. The cursor holds what is between.
"""

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from mssql_starrocks.chain import plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.errors import DISCOVER_AGAIN
from mssql_starrocks.manifest_file import load_manifest, save_manifest
from mssql_starrocks.model import Manifest, Table, TableId
from mssql_starrocks.orchestration.own import Own
from mssql_starrocks.orchestration.refused import NO_MANIFEST
from mssql_starrocks.orchestration.reload import ReloadError, reload_location
from mssql_starrocks.orchestration.translator import table_tags, tag_value
from mssql_starrocks.settings import MssqlSettings
from mssql_starrocks.source.discover import discover, list_tables

RUNS_PER_TICK = 50


@dataclass(frozen=True)
class Watch:
    """What the sensor knows of the location that it runs in.

    Attributes:
        keys: the asset keys of each loaded chain.
        refused: tables that the location refuses, and why.
        target_database: StarRocks database of schemas that `targets` does not name.

    """

    config: Config
    manifest_file: Path
    keys: Mapping[TableId, tuple[dg.AssetKey, ...]]
    refused: Mapping[TableId, str]
    target_database: str | None = None

    def tick(self, context: dg.SensorEvaluationContext, mssql: MssqlSettings) -> dg.SensorResult:
        """One look at the source: a catalog query, and discovery only when something is new."""
        manifest = load_manifest(self.manifest_file)
        if manifest is None:
            return dg.SensorResult(skip_reason=NO_MANIFEST, cursor=context.cursor)
        present = set(self.config.selected(list_tables(mssql)))
        waiting = self._waiting(context.cursor, manifest, present)
        new = sorted(present - {table.id for table in manifest.tables})
        messages: list[str] = []
        if new:
            waiting += [table for table in new if table not in waiting]
            manifest, message = self._add(manifest, new, mssql)
            messages.append(message)
        messages += [f"{t} is not copied: {self.refused[t]}" for t in waiting if t in self.refused]
        waiting = [table for table in waiting if table not in self.refused]
        ready = [table for table in waiting if table in self.keys][:RUNS_PER_TICK]
        messages += self._reload(context, [t for t in waiting if t not in self.keys], manifest)
        cursor = _write_cursor(table for table in waiting if table not in ready)
        return self._result(context, manifest, ready, messages, cursor, len(present))

    def _waiting(self, cursor: str | None, manifest: Manifest, present: Container[TableId]) -> list[TableId]:
        """Tables found by earlier ticks, and by those that ended before they could keep their cursor."""
        found = [table for table in _read_cursor(cursor) if table in present]
        loaded = {*self.keys, *self.refused, *found}
        return found + [t.id for t in manifest.tables if t.id in present and t.id not in loaded]

    def _add(self, manifest: Manifest, new: Sequence[TableId], mssql: MssqlSettings) -> tuple[Manifest, str]:
        """Add new tables to the manifest file; what it says of the others stays as it was."""
        names = ", ".join(map(str, new))
        if self.config.webserver is None:
            return manifest, f"New: {names}. To copy them, {DISCOVER_AGAIN} and reload the code location."
        found = [table for table in discover(mssql).tables if table.id in set(new)]
        harmful = self._harmful(manifest, found)
        grown = manifest.with_tables((*manifest.tables, *(table for table in found if table.id not in harmful)))
        save_manifest(grown, self.manifest_file)
        added = f" Added to {self.manifest_file}." if len(found) > len(harmful) else ""
        left = "".join(f" Not added: {reason}" for reason in dict.fromkeys(harmful.values()))
        return grown, f"New: {names}.{added}{left}"

    def _harmful(self, manifest: Manifest, found: Sequence[Table]) -> dict[TableId, str]:
        """New tables that would stop the copy of an old one, because the two would become one; and the reason."""
        grown = manifest.with_tables((*manifest.tables, *found))
        refused = {one.table: one.reason for one in plan_chains(grown, self.config, self.target_database)[1]}
        stopped = {reason for table, reason in refused.items() if table in self.keys}
        return {t.id: refused[t.id] for t in found if refused.get(t.id) in stopped}

    def _reload(self, context: dg.SensorEvaluationContext, missing: Sequence[TableId], manifest: Manifest) -> list[str]:
        """Have the location loaded again when the manifest holds tables that it does not."""
        known = {table.id for table in manifest.tables}
        names = ", ".join(str(table) for table in missing if table in known)
        if not names:
            return []
        origin = context.code_location_origin
        if self.config.webserver is None or origin is None:
            return [f"Reload the code location to load {names}."]
        try:
            reload_location(self.config.webserver, origin.location_name)
        except ReloadError as error:
            context.log.error(str(error))
            return [f"{error} Not loaded yet: {names}."]
        return [f"Reloaded the code location for {names}."]

    def _result(
        self,
        context: dg.SensorEvaluationContext,
        manifest: Manifest,
        ready: Sequence[TableId],
        messages: Sequence[str],
        cursor: str,
        tables: int,
    ) -> dg.SensorResult:
        """Runs for what is ready, else the reason why there are none."""
        text = " ".join(messages) or f"No new table among {tables}."
        if not ready:
            return dg.SensorResult(skip_reason=text, cursor=cursor)
        context.log.info(f"Launching {', '.join(map(str, ready))}. {text}")
        objects = {table.id: table.object_id for table in manifest.tables}
        return dg.SensorResult([self._request(t, objects[t], manifest.database) for t in ready], cursor=cursor)

    def _request(self, table: TableId, object_id: int, database: str) -> dg.RunRequest:
        """One run for ever: a table that is dropped and made anew has another object id."""
        return dg.RunRequest(
            run_key=f"new_table:{table}:{object_id}",
            asset_selection=list(self.keys[table]),
            tags=table_tags(database, table) | {"mssql/new_table": tag_value(str(table))},
        )


def new_tables_sensor(watch: Watch) -> dg.SensorDefinition:
    """The sensor over one database; it is started by hand in the UI, because it launches runs."""
    keys = [key for chain in watch.keys.values() for key in chain]
    own = Own(watch.config.name)

    @dg.sensor(
        name=own.named("new_tables"),
        required_resource_keys=own.keys("mssql"),
        asset_selection=dg.AssetSelection.assets(*keys),
        minimum_interval_seconds=watch.config.sensor_seconds,
        description="Adds tables that appear in SQL Server, reloads the code location and copies each once.",
    )
    def new_tables(context: dg.SensorEvaluationContext, **_: object) -> dg.SensorResult:
        # Called directly, as tests do, Dagster hands the resources over by key once more.
        return watch.tick(context, own.connections(context.resources).mssql.settings())

    return new_tables


def _read_cursor(cursor: str | None) -> list[TableId]:
    return [TableId(schema, name) for schema, name in json.loads(cursor)] if cursor else []


def _write_cursor(tables: Iterable[TableId]) -> str:
    return json.dumps([[table.schema, table.name] for table in tables])
