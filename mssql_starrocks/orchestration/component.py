"""The same platform as a component, for a `defs.yaml` in somebody else's Dagster project."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg
from dagster.components.utils.defs_state import DefsStateConfig, DefsStateConfigArgs
from pydantic import BaseModel, Field, field_validator

from mssql_starrocks.config import Config, copy_name
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.manifest_file import load_manifest, save_manifest
from mssql_starrocks.naming import slug
from mssql_starrocks.orchestration.address import WebserverAddress
from mssql_starrocks.orchestration.alerts import Receiver, webhook_from_environment
from mssql_starrocks.orchestration.assets import Result, run_stage
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.orchestration.resources import MssqlResource, default_resources
from mssql_starrocks.orchestration.schedules import check_schedule
from mssql_starrocks.orchestration.translator import ChainProps, ChainTranslator

STATE_KEY = "SqlServerToStarRocks"
Text = TypeVar("Text", str, str | None)


class Attributes(Config):
    """The fields of `mssql_starrocks.yaml`; `manifest` does not apply, Dagster decides where state lies."""

    state_key: str = Field(STATE_KEY, description="name of the state; one per component in a project")

    @field_validator("manifest")
    @classmethod
    def _no_manifest(cls, text: str) -> str:
        raise ValueError("a component's manifest is its state: Dagster decides where it lies; remove this line")

    @field_validator("name")
    @classmethod
    def _part_of_names(cls, name: str) -> str:
        return _judged(name, copy_name)

    @field_validator("schedule")
    @classmethod
    def _cron(cls, text: str | None) -> str | None:
        return _judged(text, check_schedule)

    @field_validator("webserver")
    @classmethod
    def _address(cls, text: str | None) -> str | None:
        return _judged(text, WebserverAddress.parse)


def _judged(text: Text, judge: Callable[[str], object]) -> Text:
    """Here the error has the line of `defs.yaml`; a template is judged when it is filled in."""
    if text is not None and "{{" not in text:
        try:
            judge(text)
        except ConfigError as error:
            raise ValueError(str(error)) from None
    return text


class CopyScaffolder(dg.Scaffolder[Any]):
    """What `dg scaffold defs` writes: a component of its own name and state, so that a second one fits beside it."""

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        folder = request.target_path.name
        name = slug(folder) if folder[:1].isalpha() and folder.isascii() else f"copy_{slug(folder)}"
        dg.scaffold_component(request, {"include": ["*"], "name": name, "state_key": folder})


@dg.scaffold_with(CopyScaffolder)
class SqlServerToStarRocks(dg.StateBackedComponent, dg.Resolvable):
    """A certified copy of one SQL Server database in StarRocks: three assets and six checks per table.

    State is the manifest: `dg utils refresh-defs-state` discovers the database and writes it into the project
    (LOCAL_FILESYSTEM). Loading the project reads only that file. Connections come from the environment under the
    names of `.env.example`.

    Override `get_asset_spec`, `execute`, `resources` or `receiver` in a subclass.

    Example:
        type: mssql_starrocks.orchestration.component.SqlServerToStarRocks
        attributes:
          include: ["sales.*"]

    """

    def __init__(self, config: Config | None = None, state_key: str = STATE_KEY) -> None:
        self.config = config or Config()
        self.state_key = state_key

    @classmethod
    def model(cls) -> type[BaseModel]:
        return Attributes

    @classmethod
    def resolve_from_model(cls, context: dg.ResolutionContext, model: Any) -> "SqlServerToStarRocks":
        """Make the component from YAML; templates such as `{{ env.NAME }}` are resolved first."""
        fields = context.resolve_value(model.model_dump(exclude_unset=True))
        state_key = fields.pop("state_key", STATE_KEY)
        return cls(Config.parse(fields, "attributes"), state_key)

    @property
    def defs_state_config(self) -> DefsStateConfig:
        """Only on request is the state refreshed: the project loads while SQL Server is down."""
        arguments = DefsStateConfigArgs.local_filesystem().model_copy(update={"refresh_if_dev": False})
        return DefsStateConfig.from_args(arguments, default_key=self.state_key)

    def get_asset_spec(self, props: ChainProps) -> dg.AssetSpec:
        """One asset's key, group, tags and so on."""
        return ChainTranslator().get_asset_spec(props)

    def execute(self, context: dg.AssetExecutionContext, props: ChainProps, run: Callable[[], Result]) -> Result:
        """Called in the place of each stage; `run()` runs it."""
        return run_stage(context, props, run)

    def resources(self) -> Mapping[str, Any]:
        """The connections by their plain names, whatever `name` is: mssql, lake, spark, starrocks."""
        return default_resources()

    def receiver(self) -> Receiver | None:
        """Who is told of failed runs: the webhook of ALERT_WEBHOOK_URL, or nobody."""
        return webhook_from_environment()

    def write_state_to_path(self, state_path: Path) -> None:
        """Discover the database."""
        from mssql_starrocks.source.discover import discover

        mssql = self.resources()["mssql"]
        if not isinstance(mssql, MssqlResource):
            raise ConfigError("resources: mssql must be a MssqlResource")
        save_manifest(discover(mssql.settings()), state_path)

    def build_defs_from_state(self, context: dg.ComponentLoadContext, state_path: Path | None) -> dg.Definitions:
        return build_definitions(
            load_manifest(state_path) if state_path else None,
            self.config,
            translator=_Delegate(self),
            resources=self.resources(),
            execute=self.execute,
            manifest_file=state_path,
            receiver=self.receiver(),
        )


class _Delegate(ChainTranslator):
    """Lets the component be its own translator."""

    def __init__(self, component: SqlServerToStarRocks) -> None:
        self._component = component

    def get_asset_spec(self, props: ChainProps) -> dg.AssetSpec:
        return self._component.get_asset_spec(props)
