"""What the location shows of tables that cannot be copied, and of a location without a manifest."""

from collections.abc import Sequence

import dagster as dg

from mssql_starrocks.chain import Refused
from mssql_starrocks.model import Difference
from mssql_starrocks.naming import collisions, marked, slug
from mssql_starrocks.orchestration.reports import differences_table

GROUP = "refused"
NO_MANIFEST = (
    "No manifest yet. Run `mssql-starrocks discover` (a component: `dg utils refresh-defs-state`), "
    "then reload this code location."
)


def refused_specs(refused: Sequence[Refused], taken: set[str]) -> list[dg.AssetSpec]:
    """Assets without execution whose description is the reason; `taken` are group names of real chains."""
    group = GROUP if GROUP not in taken else f"{GROUP}_tables"
    alike = collisions(r.table for r in refused)
    return [
        dg.AssetSpec(
            key=[GROUP, slug(r.table.schema), marked(r.table) if r.table in alike else slug(r.table.name)],
            description=f"`{r.table}` is not copied.\n\n{r.reason}",
            group_name=group,
            kinds={"sqlserver"},
            metadata={"mssql/table": str(r.table), "reason": r.reason},
        )
        for r in refused
    ]


def refused_metadata(refused: Sequence[Refused]) -> dict[str, dg.TableMetadataValue]:
    """The same list on the code location itself."""
    if not refused:
        return {}
    rows = tuple(Difference(str(r.table), "a copy", r.reason) for r in refused)
    return {"refused_tables": differences_table(rows)}


def no_manifest_spec() -> dg.AssetSpec:
    """The only thing to see before discovery has run."""
    return dg.AssetSpec(
        key=["mssql_starrocks", "no_manifest"], group_name="setup", description=NO_MANIFEST, kinds={"sqlserver"}
    )
