"""docs/permissions.md, with the statements that permissions.py prints for one table."""

from __future__ import annotations

from pydantic import SecretStr

from mssql_starrocks import permissions
from mssql_starrocks.chain import Chain, plan_chain
from mssql_starrocks.config import Config
from mssql_starrocks.model import Column, Key, Table, TableId
from mssql_starrocks.reference.markdown import MADE
from mssql_starrocks.settings import LakeSettings, MssqlSettings, StarRocksSettings
from mssql_starrocks.warehouse.external import catalog_properties, create_catalog

_PAGE = """# Permissions
{made}
The least that a copy needs, here for one table, `sales.orders` of the database `Company`. For your own tables and names
`mssql-starrocks plan --all` prints the same. `mssql-starrocks doctor` says which right is missing, with its statement, once
`discover` has told it the tables: all of SQL Server's and StarRocks', and of AWS's what can be tried without leaving anything
behind, which is reading the catalog and writing, reading and deleting a file, not making or changing a table.
A test runs the chain with exactly these rights, and without each of them ([security.md](security.md) says what that proves).

## SQL Server
A login that cannot write anything:

```sql
{source}```

| right | why |
|---|---|
| SELECT on each table | the rows, their count and fingerprints |
| VIEW DEFINITION on each schema | comments, keys, and security policies: a row filter that is not seen would thin the copy unnoticed |
| VIEW CHANGE TRACKING, where it is on | the version of the copy, by which `migrate --resume` knows that nothing has changed |
| snapshot isolation, `ALTER DATABASE Company SET ALLOW_SNAPSHOT_ISOLATION ON` | no right, and not needed; but with it each table is read at one instant (grade B instead of D or E) |
| CREATE DATABASE for a database snapshot | not needed by the login: an administrator makes the snapshot that `MSSQL_SNAPSHOT_DATABASE` names (grade A), after the grants above: it is read-only, users included |

## AWS: the copy
```json
{writer}```

`DeleteObject` is for metadata files that Iceberg itself replaces and for the files of a copy that failed. There is no
`glue:DeleteTable` and no `glue:DeleteDatabase`: nothing here drops a table. With encryption by a key of yours add
`kms:GenerateDataKey` and `kms:Decrypt` on that key. With a catalog other than Glue its own rights apply.

## AWS: StarRocks, and other readers
```json
{reader}```

## StarRocks
An administrator makes the external catalog once (or the copy does, if its login may); with
`STARROCKS_LAKE_ROLE=instance_profile` no key is in it:

```sql
{catalog};
```

Then, for the login of `STARROCKS_USER`:

```sql
{warehouse}```

| right | why |
|---|---|
| CREATE TABLE on the target database | each load writes a shadow table first; the ledger of loads lies there, too |
| SELECT, INSERT, ALTER, DROP on its tables | proving, loading, taking over by RENAME, OVERWRITE or SWAP, and removing the shadow; on all tables, since each load makes one: give the copy a database that it does not share |
| SELECT on `sys.grants_to_users`, `sys.grants_to_roles` | when a table must be replaced: which grants that would lose |
| USAGE on the catalog, SELECT on the lake's databases | reading the snapshot that is loaded |

No UPDATE, DELETE, CREATE DATABASE or system right is needed. Loaders other than `catalog_insert` need no external catalog.

## Dagster, the REST API and the report
Who may start a run in Dagster's UI, or holds the token of the REST API, acts with the logins above. `report` asks
SQL Server nothing and writes nothing but its two files.
"""


def permissions_page() -> str:
    """Each right, why it is needed, and the statement that gives it."""
    chains = [_chain()]
    lake = LakeSettings(region="eu-central-1", bucket="company-lake")
    starrocks = StarRocksSettings(host="starrocks.example.internal", user="loader")
    return _PAGE.format(
        made=MADE.format("permissions.py"),
        source=permissions.source_grants(
            MssqlSettings(
                host="sql.example.internal", user="starrocks_reader", password=SecretStr(""), database="Company"
            ),
            chains,
        ),
        writer=permissions.lake_policy(lake, chains),
        reader=permissions.reader_policy(lake, chains),
        catalog=create_catalog(starrocks.catalog, catalog_properties(lake, role="instance_profile")),
        warehouse=permissions.warehouse_grants(starrocks, chains),
    )


def _chain() -> Chain:
    """A table that is under Change Tracking, so that its right is shown, too."""
    column = Column(name="id", ordinal=1, type="int", nullable=False)
    table = Table(
        TableId("sales", "orders"),
        object_id=1,
        columns=(column,),
        keys=(Key("PK_orders", ("id",), primary=True),),
        change_tracking=True,
    )
    return plan_chain(table, Config(), "Company")
