"""Put a filled and proven shadow table under the target's name, so that readers see the old load or the new one.

First load: RENAME. Same columns: INSERT OVERWRITE from the shadow, which keeps grants and views. Other columns: ALTER
before it, where that can follow (alter.py). Else SWAP, after a pre-flight, because SWAP loses table grants and
inactivates materialised views (facts/starrocks.md 3).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import WarehouseError
from mssql_starrocks.settings import StarRocksSettings
from mssql_starrocks.types.dialects import quote_starrocks, text_starrocks
from mssql_starrocks.warehouse.alter import alter, alterations
from mssql_starrocks.warehouse.connect import WarehouseSession
from mssql_starrocks.warehouse.ddl import create_table, table_name
from mssql_starrocks.warehouse.grants import grant_again, lost_grants
from mssql_starrocks.warehouse.schema import columns_of

_SHADOW = re.compile(r"__mssr_[0-9a-f]{8}")
RENAME, OVERWRITE, ALTER, SWAP = "rename", "overwrite", "alter and overwrite", "swap"
COPIED = (OVERWRITE, ALTER)  # the others move no row


def shadow_name(chain: Chain) -> str:
    """A name of its own for every load, so that two loads of one table never share a shadow."""
    return f"{chain.names.table}__mssr_{secrets.token_hex(4)}"


def make_shadow(session: WarehouseSession, chain: Chain, starrocks: StarRocksSettings, name: str) -> tuple[str, str]:
    """An empty table with the target's DDL."""
    shadow = (chain.names.warehouse_database, name)
    session.run(create_table(chain, starrocks, shadow), f"table {'.'.join(chain.names.warehouse)}")
    return shadow


def shadows(session: WarehouseSession, chain: Chain) -> tuple[str, ...]:
    """All shadow tables of the chain that exist."""
    rows = session.rows(
        "SELECT TABLE_NAME FROM information_schema.tables "
        f"WHERE TABLE_SCHEMA = {text_starrocks(chain.names.warehouse_database)}"
    )
    return tuple(sorted(name for (name,) in rows if _is_shadow(chain, name)))


def drop(session: WarehouseSession, chain: Chain, shadow: str) -> None:
    """Drop a shadow table, if it is still there.

    Raises:
        WarehouseError: no shadow of the chain's is called so. Names come from the ledger, which others may write to.
    """
    path = (chain.names.warehouse_database, shadow)
    if not _is_shadow(chain, shadow):
        raise WarehouseError(
            f"The load ledger of {chain.names.warehouse_database} says that {shadow!r} is a shadow of "
            f"{chain.names.table}, which is no name of ours: somebody changed the ledger. Nothing was dropped."
        )
    session.run(f"DROP TABLE IF EXISTS {table_name(path)} FORCE", f"table {'.'.join(path)}")


def take_over(
    session: WarehouseSession, chain: Chain, shadow: tuple[str, str], label: str, names: Mapping[str, str]
) -> str:
    """Make the shadow's rows the target's; returns how. `names`: what columns were called in the load before.

    Raises:
        WarehouseError: views would be inactivated, or grants lost; the message names them.
    """
    target = chain.names.warehouse
    subject = f"table {'.'.join(target)}"
    existing = columns_of(session, target)
    if not existing:
        session.run(f"ALTER TABLE {table_name(shadow)} RENAME {quote_starrocks(target[1])}", subject)
        return RENAME
    clauses = alterations(chain, existing, columns_of(session, shadow), names)
    if clauses is None or not all(one.additive for one in clauses):
        _refuse_views(session, target)
    if clauses is None:
        _keep_grants(session, chain, shadow)
        session.run(f"ALTER TABLE {table_name(target)} SWAP WITH {quote_starrocks(shadow[1])}", subject)
        how = SWAP
    else:
        alter(session, target, clauses)
        _overwrite(session, target, shadow, label)
        how = ALTER if clauses else OVERWRITE
    drop(session, chain, shadow[1])
    return how


def _is_shadow(chain: Chain, name: str) -> bool:
    return name.startswith(chain.names.table) and bool(_SHADOW.fullmatch(name[len(chain.names.table) :]))


def _overwrite(session: WarehouseSession, target: tuple[str, str], shadow: tuple[str, str], label: str) -> None:
    names = ", ".join(quote_starrocks(c.name) for c in columns_of(session, shadow))
    session.run(
        f"INSERT OVERWRITE {table_name(target)} WITH LABEL {quote_starrocks(label)} ({names}) "
        f"SELECT {names} FROM {table_name(shadow)}",
        f"table {'.'.join(target)}",
    )


def _keep_grants(session: WarehouseSession, chain: Chain, shadow: tuple[str, str]) -> None:
    target = chain.names.warehouse
    if chain.on_swap == "regrant":
        grant_again(session, target, shadow)
        return
    lost = lost_grants(session, target, shadow)
    if lost:
        raise WarehouseError(
            f"{'.'.join(target)}: its columns changed, and replacing the table would lose "
            f"{', '.join(map(str, lost[:5]))}. Set on_swap: regrant, grant ON ALL TABLES IN DATABASE instead, or drop "
            "the table."
        )


def _refuse_views(session: WarehouseSession, target: tuple[str, str]) -> None:
    definitions = session.rows(
        "SELECT TABLE_SCHEMA, TABLE_NAME, MATERIALIZED_VIEW_DEFINITION FROM information_schema.materialized_views"
    )
    views = [f"view {schema}.{name}" for schema, name, text in definitions if _reads(str(text), schema, target)]
    if views:
        raise WarehouseError(
            f"{'.'.join(target)}: its columns changed, which would inactivate {', '.join(views[:5])}. "
            "Drop the views and make them again after the load."
        )


def _reads(definition: str, schema: str, target: tuple[str, str]) -> bool:
    """Whether a view's text may read the table: by its name in the same database, or with the database's name."""
    return target[1] in definition and (schema == target[0] or target[0] in definition)
