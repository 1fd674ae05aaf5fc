"""Who may read what. Users of CREATE USER have what they were granted; every other login reads like db_datareader."""

from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.catalog import Table

SELECT, DEFINITION, TRACKING = "SELECT", "VIEW DEFINITION", "VIEW CHANGE TRACKING"
ALL = ""  # tables of a schema
# What they show needs VIEW DEFINITION (sys.extended_properties and so on, "Permissions").
_DEFINITIONS = frozenset({"extended_properties", "computed_columns", "default_constraints", "security_predicates",
                          "security_policies"})  # fmt: skip
Place = tuple[str, str]  # schema and table, in lower case


class Permissions:
    """Of all databases together: the sandbox has one."""

    def __init__(self) -> None:
        self._denied: set[tuple[str, Place]] = set()
        self._granted: dict[str, set[tuple[str, Place]]] = {}

    def deny_select(self, user: str, place: Place) -> None:
        self._denied.add((user.lower(), place))

    def add_user(self, user: str) -> None:
        if user.lower() in self._granted:
            raise SqlError(15023, f"User, group, or role '{user}' already exists in the current database.")
        self._granted[user.lower()] = set()

    def grant(self, user: str, permission: str, place: Place) -> None:
        if user.lower() not in self._granted:
            raise not_found("user", user)
        self._granted[user.lower()].add((permission, place))

    def may_select(self, user: str, schema: str, table: str) -> bool:
        place = (schema.lower(), table.lower())
        return (user.lower(), place) not in self._denied and self._has(user, SELECT, place)

    def may_track(self, user: str, schema: str, table: str) -> bool:
        return self._has(user, TRACKING, (schema.lower(), table.lower()))

    def may_define(self, user: str, schema: str) -> bool:
        return self._has(user, DEFINITION, (schema.lower(), ALL))

    def sees(self, user: str, table: "Table") -> bool:
        """Metadata Visibility Configuration: what one has some permission on."""
        place = (table.schema.lower(), table.name.lower())
        return any(self._has(user, permission, place) for permission in (SELECT, DEFINITION, TRACKING))

    def check_view(self, user: str, name: str, tables: "list[Table]") -> None:
        """Refuse what a user without VIEW DEFINITION would see a part of."""
        if name.lower() not in _DEFINITIONS:
            return
        for table in tables:
            if not self._has(user, DEFINITION, (table.schema.lower(), table.name.lower())):
                raise unsupported(f"sys.{name} for a user without VIEW DEFINITION on {table.schema}.{table.name}")

    def _has(self, user: str, permission: str, place: Place) -> bool:
        if user.lower() not in self._granted:
            return True
        held = self._granted[user.lower()]
        return (permission, place) in held or (permission, (place[0], ALL)) in held


def not_found(kind: str, name: str) -> SqlError:
    return SqlError(15151, f"Cannot find the {kind} '{name}', because it does not exist or you do not have permission.")
