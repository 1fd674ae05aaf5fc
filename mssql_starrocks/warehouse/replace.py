"""Put a filled and proven shadow table under the target's name, so that readers see the old load or the new one.

First load: RENAME. Same columns: INSERT OVERWRITE from the shadow, which keeps grants and views. Other columns: SWAP,
after a pre-flight, because SWAP loses table grants and inactivates materialised views (facts/starrocks.md 3).
"""

from __future__ import annotations

from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import WarehouseError
from mssql_starrocks.naming import SHADOW
from mssql_starrocks.settings import StarRocksSettings
from mssql_starrocks.types.dialects import quote_starrocks, text_starrocks
from mssql_starrocks.warehouse.connect import WarehouseSession
from mssql_starrocks.warehouse.ddl import create_table, table_name
from mssql_starrocks.warehouse.schema import columns_of, same_columns


def make_shadow(session: WarehouseSession, chain: Chain, starrocks: StarRocksSettings) -> tuple[str, str]:
    """An empty table with the target's DDL; a leftover of a dead load is dropped first."""
    database, table = chain.names.warehouse
    shadow = (database, table + SHADOW)
    session.run(f"DROP TABLE IF EXISTS {table_name(shadow)} FORCE", f"table {'.'.join(shadow)}")
    session.run(create_table(chain, starrocks, shadow), f"table {'.'.join(chain.names.warehouse)}")
    return shadow


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
        return "rename"
    if same_columns(existing, columns_of(session, shadow)):
        names = ", ".join(quote_starrocks(c.name) for c in existing)
        session.run(
            f"INSERT OVERWRITE {table_name(target)} WITH LABEL {quote_starrocks(label)} ({names}) "
            f"SELECT {names} FROM {table_name(shadow)}",
            subject,
        )
        how = "overwrite"
    else:
        _refuse_loss(session, target)
        session.run(f"ALTER TABLE {table_name(target)} SWAP WITH {quote_starrocks(shadow[1])}", subject)
        how = "swap"
    session.run(f"DROP TABLE IF EXISTS {table_name(shadow)} FORCE", subject)
    return how


def _refuse_loss(session: WarehouseSession, target: tuple[str, str]) -> None:
    database, table = map(text_starrocks, target)
    grants = session.rows(
        "SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.table_privileges "
        f"WHERE TABLE_SCHEMA = {database} AND TABLE_NAME = {table}"
    )
    definitions = session.rows(
        "SELECT TABLE_NAME, MATERIALIZED_VIEW_DEFINITION FROM information_schema.materialized_views "
        f"WHERE TABLE_SCHEMA = {database}"
    )
    views = [name for name, definition in definitions if target[1] in str(definition)]
    if grants or views:
        lost = [f"grant {privilege} of {grantee}" for grantee, privilege in grants] + [f"view {v}" for v in views]
        raise WarehouseError(
            f"{'.'.join(target)}: its columns changed, and replacing the table would lose {', '.join(lost[:5])}. "
            "Grant ON ALL TABLES IN DATABASE instead and drop the views, or drop the table."
        )
