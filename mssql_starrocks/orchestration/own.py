"""What one copy calls its own where several share a code location (`name` of the configuration)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from mssql_starrocks.orchestration.resources import (
    GlueCatalogResource,
    MssqlResource,
    SparkResource,
    StarRocksResource,
)

CONNECTIONS = ("mssql", "lake", "spark", "starrocks")


@dataclass(frozen=True)
class Own:
    """Puts `<name>_` before what a whole location knows by one name; nothing where the copy has no name."""

    name: str = ""

    def named(self, plain: str) -> str:
        return f"{self.name}_{plain}" if self.name else plain

    def keys(self, *plain: str) -> set[str]:
        """Resource keys of these connections."""
        return {self.named(one) for one in plain}

    def resources(self, plain: Mapping[str, Any]) -> dict[str, Any]:
        """The connections under their keys; what else was given stays as it is."""
        return {self.named(key) if key in CONNECTIONS else key: value for key, value in plain.items()}

    def connections(self, resources: Any) -> "Connections":
        """The same again out of `context.resources`."""
        return Connections(self, resources)


NAMELESS = Own()


@dataclass(frozen=True)
class Connections:
    """The resources of a step or a tick that asked for them, by their plain names."""

    own: Own
    resources: Any

    @property
    def mssql(self) -> MssqlResource:
        return cast("MssqlResource", getattr(self.resources, self.own.named("mssql")))

    @property
    def lake(self) -> GlueCatalogResource:
        return cast("GlueCatalogResource", getattr(self.resources, self.own.named("lake")))

    @property
    def spark(self) -> SparkResource:
        return cast("SparkResource", getattr(self.resources, self.own.named("spark")))

    @property
    def starrocks(self) -> StarRocksResource:
        return cast("StarRocksResource", getattr(self.resources, self.own.named("starrocks")))
