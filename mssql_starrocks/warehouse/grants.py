"""Grants on a table itself: they follow the table's id, so a SWAP would take them away (facts/starrocks_judged.md B).

`information_schema.table_privileges` is empty on every StarRocks with roles (FrontendServiceImpl.getTablePrivs), so the
views of `sys` are asked. They list grants on ALL TABLES at each table (GrantsTo.getGrantItems), the shadow included:
what is listed at the target and not at its shadow is what would be lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mssql_starrocks.errors import WarehouseError
from mssql_starrocks.types.dialects import text_starrocks
from mssql_starrocks.warehouse.connect import WarehouseSession
from mssql_starrocks.warehouse.ddl import table_name

_USER = re.compile(r"'(.*)'@'(.*)'", re.DOTALL)
_PRIVILEGE = re.compile(r"[A-Z ]+")


@dataclass(frozen=True, order=True)
class Grant:
    """One privilege on the table."""

    privilege: str
    grantee: str
    role: bool
    grantable: bool

    def __str__(self) -> str:
        return f"grant {self.privilege} of {'role ' if self.role else ''}{self.grantee}"


def lost_grants(session: WarehouseSession, target: tuple[str, str], shadow: tuple[str, str]) -> list[Grant]:
    """Who would lose what if the shadow took the target's place.

    Raises:
        WarehouseError: this login may not see that.
    """
    return [grant for role in (True, False) for grant in _missing(session, target, shadow, role=role)]


def grant_again(session: WarehouseSession, target: tuple[str, str], shadow: tuple[str, str]) -> None:
    """Give the shadow the target's grants, before it takes its place: nobody is without them for a moment.

    Roles come first: what a user has through a role is listed for the user, too, and needs no grant of its own then.

    Raises:
        WarehouseError: this login may not grant; the target is as it was.
    """
    for role in (True, False):
        for grant in _missing(session, target, shadow, role=role):
            session.run(_statement(grant, shadow), f"{grant} on table {'.'.join(target)} (on_swap: regrant)")


def _missing(session: WarehouseSession, target: tuple[str, str], shadow: tuple[str, str], *, role: bool) -> list[Grant]:
    return sorted(_grants(session, target, role=role) - _grants(session, shadow, role=role))


def _grants(session: WarehouseSession, table: tuple[str, str], *, role: bool) -> set[Grant]:
    view = "grants_to_roles" if role else "grants_to_users"
    try:
        rows = session.rows(
            f"SELECT GRANTEE, PRIVILEGE_TYPE, IS_GRANTABLE FROM sys.{view} WHERE OBJECT_CATALOG = 'default_catalog' "
            f"AND OBJECT_DATABASE = {text_starrocks(table[0])} AND OBJECT_NAME = {text_starrocks(table[1])} "
            "AND OBJECT_TYPE = 'TABLE'"
        )
    except WarehouseError as error:
        raise WarehouseError(
            f"{'.'.join(table)}: its columns changed, and this login may not see which grants replacing the table "
            f"would lose. GRANT SELECT ON TABLE sys.grants_to_users, sys.grants_to_roles to it. ({error})"
        ) from error
    return {
        Grant(privilege.strip(), grantee, role, grantable == "YES")
        for grantee, privileges, grantable in rows
        for privilege in privileges.split(",")
    }


def _statement(grant: Grant, table: tuple[str, str]) -> str:
    user = _USER.fullmatch(grant.grantee)
    if not _PRIVILEGE.fullmatch(grant.privilege) or not (grant.role or user):
        raise WarehouseError(f"{'.'.join(table)}: {grant} cannot be given again; drop the table to load it anew.")
    if grant.role or user is None:
        grantee = f"ROLE {text_starrocks(grant.grantee)}"
    else:
        grantee = f"USER {text_starrocks(user[1])}@{text_starrocks(user[2])}"
    option = " WITH GRANT OPTION" if grant.grantable else ""
    return f"GRANT {grant.privilege} ON TABLE {table_name(table)} TO {grantee}{option}"
