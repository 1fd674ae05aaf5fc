"""CREATE USER and GRANT."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.permissions import ALL, DEFINITION, SELECT, TRACKING, Place, not_found
from mssql_starrocks.sandbox.sqlserver.words import Words

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.executor import Executor

ADMINISTRATOR = "sa"


def run(executor: "Executor", text: str) -> None:
    """CREATE USER .. FOR LOGIN, and GRANT .. ON OBJECT:: or SCHEMA:: .. TO; by the administrator only."""
    words = Words(text)
    if executor.user.lower() != ADMINISTRATOR:
        raise SqlError(15247, "User does not have permission to perform this action.", 16)
    if words.accept("CREATE"):
        words.expect("USER")
        user = words.name()
        words.expect("FOR")
        words.expect("LOGIN")
        if words.name().lower() != user.lower():
            raise unsupported("a user whose name is not its login's")
        words.end()
        executor.engine.permissions.add_user(user)
        return
    words.expect("GRANT")
    permissions = list(_permissions(words))
    place = _place(executor, words)
    words.expect("TO")
    user = words.name()
    words.end()
    for permission in permissions:
        executor.engine.permissions.grant(user, permission, place)


def _permissions(words: Words) -> Iterator[str]:
    while True:
        found = next((p for p in (SELECT, DEFINITION, TRACKING) if words.accept(*p.split())), None)
        if found is None:
            raise unsupported(f"GRANT {words.peek()}")
        yield found
        if not words.accept(","):
            break
    words.expect("ON")


def _place(executor: "Executor", words: Words) -> Place:
    if words.accept("SCHEMA", "::"):
        schema = words.name()
        if schema.lower() not in executor.database.schemas:
            raise not_found("schema", schema)
        return schema.lower(), ALL
    words.accept("OBJECT", "::")
    table = executor.find_table(words.dotted())
    return table.schema.lower(), table.name.lower()
