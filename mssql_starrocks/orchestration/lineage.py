"""Which column comes from which, from SQL Server to StarRocks: what the UI draws as column lineage."""

import dagster as dg

from mssql_starrocks.chain import Chain

COLUMN_LINEAGE = "dagster/column_lineage"


def lake_lineage(chain: Chain, snapshot: dg.AssetKey) -> dg.TableColumnLineage:
    """Each column of the lake and the column of SQL Server it comes from; a companion has its column's origin."""
    return dg.TableColumnLineage({c.name: [dg.TableColumnDep(snapshot, c.source)] for c in chain.columns})


def warehouse_lineage(chain: Chain, lake: dg.AssetKey) -> dg.TableColumnLineage:
    """Each column of StarRocks and the lake's column of the same name, audit columns too."""
    names = [*(c.name for c in chain.columns), *(name for _, name in chain.audit)]
    return dg.TableColumnLineage({name: [dg.TableColumnDep(lake, name)] for name in names})
