"""What the location shows of tables that cannot be copied, and of a location without a manifest."""

from collections.abc import Sequence

import dagster as dg

from mssql_starrocks.chain import Refused
from mssql_starrocks.model import Difference, Manifest
from mssql_starrocks.naming import collisions, marked, slug
from mssql_starrocks.orchestration.own import Own
from mssql_starrocks.orchestration.reports import differences_table

GROUP = "refused"
_DISCOVER = "run `mssql-starrocks discover` (a component: `dg utils refresh-defs-state`)"
NO_MANIFEST = f"No manifest yet. {_DISCOVER.capitalize()}, then reload this code location."


def refused_specs(refused: Sequence[Refused], taken: set[str], name: str = "") -> list[dg.AssetSpec]:
    """Assets without execution whose description is the reason.

    Args:
        refused: the tables.
        taken: group names of real chains.
        name: of the copy, a part of its keys: another copy of the location may refuse tables of the same names.

    """
    group = GROUP if GROUP not in taken else f"{GROUP}_tables"
    alike = collisions(r.table for r in refused)
    return [
        dg.AssetSpec(
            key=[
                GROUP,
                *filter(None, [name]),
                slug(r.table.schema),
                marked(r.table) if r.table in alike else slug(r.table.name),
            ],
            description=f"`{r.table}` is not copied.\n\n{r.reason}",
            group_name=group,
            kinds={"sqlserver"},
            metadata={"mssql/table": str(r.table), "reason": r.reason},
        )
        for r in refused
    ]


def refused_metadata(refused: Sequence[Refused], own: Own) -> dict[str, dg.TableMetadataValue]:
    """The same list on the code location itself."""
    if not refused:
        return {}
    rows = tuple(Difference(str(r.table), "a copy", r.reason) for r in refused)
    return {own.named("refused_tables"): differences_table(rows)}


def unmatched_metadata(patterns: Sequence[str], own: Own) -> dict[str, dg.JsonMetadataValue]:
    """Patterns of the configuration that match no table, on the code location."""
    return {own.named("unmatched_patterns"): dg.MetadataValue.json(list(patterns))} if patterns else {}


def no_manifest_spec(own: Own) -> dg.AssetSpec:
    """The only thing to see before discovery has run."""
    return _setup_spec(own.named("no_manifest"), NO_MANIFEST)


def no_table_spec(own: Own, text: str) -> dg.AssetSpec:
    """The only thing to see where the configuration leaves no table."""
    return _setup_spec(own.named("no_table"), text)


def no_table_text(manifest: Manifest) -> str:
    return (
        f"include: and exclude: leave none of {len(manifest.tables)} tables of {manifest.database}: nothing is copied. "
        f"Change them, or {_DISCOVER} where the database has changed, then reload this code location."
    )


def _setup_spec(name: str, text: str) -> dg.AssetSpec:
    return dg.AssetSpec(key=["mssql_starrocks", name], group_name="setup", description=text, kinds={"sqlserver"})
