"""CREATE TYPE name FROM base: a name for a system type, listed in sys.types from user_type_id 257 on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.types import SqlType, parse_type

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.catalog import Database
    from mssql_starrocks.sandbox.sqlserver.words import Words

_FIRST = 257


@dataclass(frozen=True)
class AliasType:
    schema: str
    name: str
    base: SqlType
    nullable: bool
    user_type_id: int


def create(database: "Database", words: "Words") -> None:
    schema, name = _place(database, words.dotted())
    words.expect("FROM")
    base = declared(words)
    if base.family in ("xml", "json", "spatial", "variant", "vector", "hierarchyid"):
        raise unsupported(f"an alias type of {base.name}")
    nullable = not words.accept("NOT", "NULL")
    words.accept("NULL")
    if (schema.lower(), name.lower()) in database.types:
        raise SqlError(219, f"The type '{schema}.{name}' already exists, or you do not have permission to create it.")
    number = max([_FIRST - 1, *(known.user_type_id for known in database.types.values())]) + 1
    made = AliasType(schema, name, base, nullable, number)
    database.types = {**database.types, (schema.lower(), name.lower()): made}


def drop(database: "Database", words: "Words") -> None:
    optional = words.accept("IF", "EXISTS")
    schema, name = _place(database, words.dotted())
    found = database.types.get((schema.lower(), name.lower()))
    if found is None:
        if optional:
            return
        raise SqlError(3701, f"Cannot drop the type '{schema}.{name}', because it does not exist.", 11, 5)
    if any(column.user_type == found.user_type_id for table in database.tables.values() for column in table.columns):
        raise SqlError(3732, f"Cannot drop type '{schema}.{name}' because it is being referenced by an object.")
    database.types = {key: kept for key, kept in database.types.items() if kept is not found}


def _place(database: "Database", parts: tuple[str, ...]) -> tuple[str, str]:
    schema = database.schemas.get(parts[-2].lower() if len(parts) > 1 else "dbo")
    if schema is None:
        raise SqlError(2760, f'The specified schema name "{parts[-2]}" does not exist.')
    return schema[0], parts[-1]


def find(database: "Database", words: "Words") -> AliasType | None:
    """The alias type that comes next; nothing is taken where it is none."""
    start = words.place
    parts = words.dotted()
    found = database.types.get((parts[-2].lower() if len(parts) > 1 else "dbo", parts[-1].lower()))
    if found is None:
        words.place = start
    return found


def declared(words: "Words") -> SqlType:
    parts = words.dotted()
    arguments = f"({words.parenthesised()})" if words.peek() == "(" else ""
    return parse_type(parts[-1] + arguments)
