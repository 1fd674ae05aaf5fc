"""Put a filled and proven shadow table under the target's name, so that readers see the old load or the new one.

First load: RENAME. Same columns: INSERT OVERWRITE from the shadow, which keeps grants and views. Other columns: SWAP,
after a pre-flight, because SWAP loses table grants and inactivates materialised views (facts/starrocks.md 3).
"""

from __future__ import annotations

import re
import secrets

from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import WarehouseError
from mssql_starrocks.settings import StarRocksSettings
from mssql_starrocks.types.dialects import quote_starrocks, text_starrocks
from mssql_starrocks.warehouse.connect import WarehouseSession
from mssql_starrocks.warehouse.ddl import create_table, table_name
from mssql_starrocks.warehouse.schema import columns_of, same_columns

_SHADOW = re.compile(r"__mssr_[0-9a-f]{8}")
RENAME, OVERWRITE, SWAP = "rename", "overwrite", "swap"


def shadow_name(chain: Chain) -> str:
    """A name of its own for every load, so that two loads of one table never share a shadow."""
    return f"{chain.names.table}__mssr_{secrets.token_hex(4)}"


def make_shadow(session: WarehouseSession, chain: Chain, starrocks: StarRocksSettings, name: str) -> tuple[str, str]:
    """An empty table with the target's DDL."""
    shadow = (chain.names.warehouse_database, name)
    session.run(create_table(chain, starrocks, shadow), f"table {'.'.join(chain.names.warehouse)}")
    return shadow


def drop(session: WarehouseSession, chain: Chain, shadow: str) -> None:
    """Drop a shadow table, if it is still there.

    Raises:
        WarehouseError: no shadow of the chain's is called so. Names come from the ledger, which others may write to.
    """
    path = (chain.names.warehouse_database, shadow)
    if not shadow.startswith(chain.names.table) or not _SHADOW.fullmatch(shadow[len(chain.names.table) :]):
        raise WarehouseError(
            f"The load ledger of {chain.names.warehouse_database} says that {shadow!r} is a shadow of "
            f"{chain.names.table}, which is no name of ours: somebody changed the ledger. Nothing was dropped."
        )
    session.run(f"DROP TABLE IF EXISTS {table_name(path)} FORCE", f"table {'.'.join(path)}")


def take_over(session: WarehouseSession, chain: Chain, shadow: tuple[str, str], label: str) -> str:
    """Make the shadow's rows the target's; returns how.

    Raises:
        WarehouseError: a SWAP would lose grants or inactivate views; the message names them.
    """
    target = chain.names.warehouse
    subject = f"table {'.'.join(target)}"
    existing = columns_of(session, target)
    if not existing:
        session.run(f"ALTER TABLE {table_name(shadow)} RENAME {quote_starrocks(target[1])}", subject)
        return RENAME
    if same_columns(existing, columns_of(session, shadow)):
        names = ", ".join(quote_starrocks(c.name) for c in existing)
        session.run(
            f"INSERT OVERWRITE {table_name(target)} WITH LABEL {quote_starrocks(label)} ({names}) "
            f"SELECT {names} FROM {table_name(shadow)}",
            subject,
        )
        how = OVERWRITE
    else:
        refuse_loss(session, target)
        session.run(f"ALTER TABLE {table_name(target)} SWAP WITH {quote_starrocks(shadow[1])}", subject)
        how = SWAP
    drop(session, chain, shadow[1])
    return how


def refuse_loss(session: WarehouseSession, target: tuple[str, str]) -> None:
    """Stop a SWAP that would lose something of the target's; changes nothing.

    Raises:
        WarehouseError: names grants and views.
    """
    database, table = map(text_starrocks, target)
    grants = session.rows(
        "SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.table_privileges "
        f"WHERE TABLE_SCHEMA = {database} AND TABLE_NAME = {table}"
    )
    definitions = session.rows(
        "SELECT TABLE_SCHEMA, TABLE_NAME, MATERIALIZED_VIEW_DEFINITION FROM information_schema.materialized_views"
    )
    views = [f"{schema}.{name}" for schema, name, text in definitions if _reads(str(text), schema, target)]
    if grants or views:
        lost = [f"grant {privilege} of {grantee}" for grantee, privilege in grants] + [f"view {v}" for v in views]
        raise WarehouseError(
            f"{'.'.join(target)}: its columns changed, and replacing the table would lose {', '.join(lost[:5])}. "
            "Grant ON ALL TABLES IN DATABASE instead and drop the views, or drop the table."
        )


def _reads(definition: str, schema: str, target: tuple[str, str]) -> bool:
    """Whether a view's text may read the table: by its name in the same database, or with the database's name."""
    return target[1] in definition and (schema == target[0] or target[0] in definition)
