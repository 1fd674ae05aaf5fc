"""Grants of StarRocks: what is needed, what SHOW GRANTS says is held, and whether the one covers the other.

Both are texts of GRANT statements (docs.starrocks.io, "SHOW GRANTS", "GRANT"), so one reading serves both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MIGHTY = frozenset({"root", "db_admin"})  # built-in roles that may do everything with data
_GRANT = re.compile(r"GRANT (?P<privileges>.+?) ON (?P<where>.+) TO (?P<who>.+?);?\s*$", re.I | re.S)
_ROLES = re.compile(r"GRANT (?P<roles>.+?) TO .+$", re.I | re.S)
_KINDS = re.compile(r"(?P<kind>ALL TABLES IN DATABASE|DATABASE|CATALOG) (?P<names>.+)$", re.I)
_CATALOG = re.compile(r"SET CATALOG (?P<name>.+);")
_OWN = "default_catalog"
_EVERYWHERE = {
    "ALL TABLES IN DATABASE": "ALL TABLES IN ALL DATABASES",
    "DATABASE": "ALL DATABASES",
    "CATALOG": "ALL CATALOGS",
}


@dataclass(frozen=True)
class Needed:
    """Privileges on one object, and the statement that gives them."""

    catalog: str
    where: str
    privileges: frozenset[str]
    statement: str


@dataclass(frozen=True)
class Held:
    catalog: str
    where: str
    privileges: frozenset[str]


NEW_CATALOG = Needed(_OWN, "SYSTEM", frozenset({"CREATE EXTERNAL CATALOG"}), "")


def needed(text: str) -> tuple[Needed, ...]:
    """The grants among the statements of permissions.warehouse_grants."""
    catalog, found = _OWN, []
    for line in text.splitlines():
        if switch := _CATALOG.match(line):
            catalog = _plain(switch["name"])
        elif grant := _GRANT.match(line):
            before = f"SET CATALOG {catalog}; " if catalog != _OWN else ""
            found.append(Needed(catalog, _plain(grant["where"]), _privileges(grant["privileges"]), before + line))
    return tuple(found)


def held(rows: Iterable[tuple[str | None, str]]) -> tuple[Held, ...]:
    """From the columns Catalog and Grants of SHOW GRANTS."""
    return tuple(
        Held(_OWN if catalog in (None, "default") else catalog, where, _privileges(grant["privileges"]))
        for catalog, text in rows
        if (grant := _GRANT.match(text))
        for where in _places(_plain(grant["where"]))
    )


def roles(texts: Iterable[str]) -> frozenset[str]:
    """From the same column: `GRANT 'root', 'analyst' TO 'u'@'%'`."""
    found = [match["roles"] for text in texts if not _GRANT.match(text) and (match := _ROLES.match(text))]
    return frozenset(_plain(role).strip() for line in found for role in line.split(","))


def covered(wanted: Needed, given: Iterable[Held]) -> bool:
    """Whether all its privileges are held on the object itself, or on all objects of its kind."""
    kind = next((k for k in _EVERYWHERE if wanted.where.startswith(f"{k} ")), wanted.where)
    places = {wanted.where, _EVERYWHERE.get(kind, wanted.where)}
    found = {
        privilege
        for one in given
        if one.where in places and (kind == "CATALOG" or one.catalog == wanted.catalog)
        for privilege in one.privileges
    }
    return bool(found & {"ALL", "ALL PRIVILEGES"}) or wanted.privileges <= found


def _places(where: str) -> Iterator[str]:
    """`DATABASE a, b` is two places."""
    match = _KINDS.match(where)
    if match is None:
        yield where
        return
    for name in match["names"].split(","):
        yield f"{match['kind'].upper()} {name.strip()}"


def _privileges(text: str) -> frozenset[str]:
    return frozenset(one.strip().upper() for one in text.split(","))


def _plain(name: str) -> str:
    return re.sub(r"[`'\"]", "", name)
