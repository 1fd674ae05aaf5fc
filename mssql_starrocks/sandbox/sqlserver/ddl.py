"""CREATE, ALTER, DROP, TRUNCATE: read from tokens, since sqlglot loses what the catalog must keep."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.sqlserver import (
    alias_types,
    change_tracking,
    column_options,
    definitions,
    temporal,
)
from mssql_starrocks.sandbox.sqlserver.catalog import Column, Index, Table, now
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql import dialect
from mssql_starrocks.sandbox.sqlserver.tsql.texts import check_collation
from mssql_starrocks.sandbox.sqlserver.types import SqlType
from mssql_starrocks.sandbox.sqlserver.words import Words, split_commas

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.executor import Executor


@dataclass
class Draft:
    """A table while its definition is read."""

    columns: list[Column] = field(default_factory=list)
    keys: list[Index] = field(default_factory=list)  # index ids are given at the end


def run(executor: "Executor", text: str) -> None:
    words = Words(text)
    executor.transactions.remember(executor.database)
    if words.accept("CREATE", "SCHEMA"):
        _create_schema(executor, words)
    elif words.accept("CREATE", "TABLE"):
        _create_table(executor, words)
    elif words.accept("CREATE", "TYPE"):
        alias_types.create(executor.database, words)
    elif words.accept("DROP", "TYPE"):
        alias_types.drop(executor.database, words)
    elif words.accept("DROP", "TABLE"):
        _drop_table(executor, words)
    elif words.accept("DROP", "SCHEMA"):
        _drop_schema(executor, words)
    elif words.accept("TRUNCATE", "TABLE"):
        _truncate(executor, words)
    elif words.accept("ALTER", "TABLE"):
        _alter_table(executor, words)
    elif words.accept("CREATE") and "INDEX" in {words.peek(n) for n in range(3)}:
        _create_index(executor, words)
    else:
        raise unsupported(f"statement {text[:60]}")
    words.end()


def _create_schema(executor: "Executor", words: Words) -> None:
    name = words.name()
    if words.accept("AUTHORIZATION"):
        words.name()
    schemas = executor.database.schemas
    if name.lower() in schemas:
        raise SqlError(2714, f"There is already an object named '{name}' in the database.", 16, 6)
    schemas[name.lower()] = (name, max(number for _, number in schemas.values()) + 1)


def _drop_schema(executor: "Executor", words: Words) -> None:
    optional = words.accept("IF", "EXISTS")
    name = words.name().lower()
    if name not in executor.database.schemas:
        if optional:
            return
        raise SqlError(
            15151, f"Cannot drop the schema '{name}', because it does not exist or you do not have permission."
        )
    if any(place[0] == name for place in executor.database.tables):
        raise SqlError(3729, f"Cannot drop schema '{name}' because it is being referenced by an object.")
    del executor.database.schemas[name]


def _place(executor: "Executor", parts: tuple[str, ...]) -> tuple[str, str]:
    if len(parts) > 2 and parts[0].lower() != executor.database.name.lower():
        raise unsupported("DDL in another database")
    schema, name = (parts[-2] if len(parts) > 1 else "dbo"), parts[-1]
    found = executor.database.schemas.get(schema.lower())
    if found is None:
        raise SqlError(
            2760, f'The specified schema name "{schema}" either does not exist or you do not have permission to use it.'
        )
    return found[0], name


def _create_table(executor: "Executor", words: Words) -> None:
    schema, name = _place(executor, words.dotted())
    if name.startswith("#"):
        raise unsupported("temporary tables")
    if executor.database.find(schema, name) is not None:
        raise SqlError(2714, f"There is already an object named '{name}' in the database.", 16, 6)
    words.expect("(")
    draft, object_id = Draft(), next(executor.engine.object_ids)
    while True:
        if not _table_constraint(executor, words, draft, name):
            draft.columns.append(_column(executor, words, draft, name))
        if not words.accept(","):
            break
        if words.peek() == ")":
            break
    words.expect(")")
    if words.accept("ON"):
        words.name()
    history_name = temporal.read_versioning(words)
    words.end()  # before anything changes
    stamp = now()
    table = Table(object_id, schema, name, tuple(draft.columns), _numbered(draft.keys), stamp, stamp)
    table = _keys_not_null(definitions.typed_computed(executor, table))
    column_options.check(table.columns)
    if history_name is not None:
        table, history = temporal.version(executor, table, history_name)
        create_physical(executor, history)
        executor.database.put(history)
    create_physical(executor, table)
    executor.database.put(table)


def create_physical(executor: "Executor", table: Table) -> None:
    listed = ", ".join(f"{column.physical} {column.type.storage}" for column in table.columns)
    executor.cursor.execute(f"CREATE TABLE {table.physical} ({listed})")


def _numbered(keys: list[Index]) -> tuple[Index, ...]:
    """Index ids: 1 is the clustered one, the others follow from 2. A primary key is clustered unless told otherwise."""
    has_clustered = any(key.clustered for key in keys)
    out: list[Index] = []
    following = 2
    for key in keys:
        clustered = key.clustered and not any(one.clustered for one in out)
        out.append(replace(key, index_id=1 if clustered else following, clustered=clustered))
        following += 0 if clustered else 1
    return tuple(out) if has_clustered or keys else ()


def _keys_not_null(table: Table) -> Table:
    primary = {column for index in table.indexes if index.primary for column, _ in index.columns}
    columns = tuple(replace(c, nullable=False) if c.column_id in primary else c for c in table.columns)
    return replace(table, columns=columns)


def _column(executor: "Executor", words: Words, draft: Draft, table: str) -> Column:
    name, number = words.name(), max((c.column_id for c in draft.columns), default=0) + 1
    if any(column.name.lower() == name.lower() for column in draft.columns):
        raise SqlError(
            2705,
            f"Column names in each table must be unique. Column name '{name}' in table '{table}' is "
            f"specified more than once.",
        )
    if words.accept("AS"):
        text = words.computed()
        column = Column(number, name, SqlType("int"), computed=text, persisted=words.accept("PERSISTED"))
        return replace(column, nullable=not words.accept("NOT", "NULL"))
    alias = alias_types.find(executor.database, words)
    column = Column(number, name, alias.base if alias else alias_types.declared(words))
    if alias is not None:
        column = replace(column, user_type=alias.user_type_id, nullable=alias.nullable)
    if column.type.name == "timestamp":
        column = replace(column, nullable=False)
    while words.peek() not in (",", ")", ""):
        column = _column_option(executor, words, draft, table, column)
    return column


def _column_option(executor: "Executor", words: Words, draft: Draft, table: str, column: Column) -> Column:
    constraint = words.name() if words.accept("CONSTRAINT") else ""
    if words.accept("NOT", "NULL"):
        return replace(column, nullable=False)
    if words.accept("NULL"):
        return replace(column, nullable=True)
    if words.accept("NOT", "FOR", "REPLICATION"):
        return column
    if words.accept("IDENTITY"):
        seed, step = (int(x) for x in words.parenthesised().split(",")) if words.peek() == "(" else (1, 1)
        return replace(column, identity=(seed, step), nullable=False)
    if words.accept("COLLATE"):
        collation = words.name()
        check_collation(collation)
        return replace(column, type=column.type.collated(collation))
    if words.accept("DEFAULT"):
        text, number = words.expression(), next(executor.engine.object_ids)
        shown = constraint or f"DF__{table[:9]}__{column.name[:5]}__{number:08X}"
        return replace(column, default=definitions.wrapped(text), default_name=shown, default_id=number)
    if words.accept("ROWGUIDCOL"):
        return replace(column, rowguid=True)
    if words.peek() in ("PRIMARY", "UNIQUE"):
        _key(executor, words, draft, table, constraint, [(column.column_id, False)])
        return column
    found = column_options.read(words, column)
    if found is None:
        raise unsupported(f"column option {words.peek()}")
    return found


def _table_constraint(executor: "Executor", words: Words, draft: Draft, table: str) -> bool:
    constraint = words.name() if words.accept("CONSTRAINT") else ""
    if words.peek() in ("PRIMARY", "UNIQUE") and not words._quoted(0):
        _key(executor, words, draft, table, constraint, None)
        return True
    if not constraint and words.peek() == "PERIOD" and words.peek(1) == "FOR":
        temporal.read_period(words, draft.columns)
        return True
    if constraint or (words.peek() in ("FOREIGN", "CHECK", "INDEX", "PERIOD") and words.peek(1) in ("KEY", "(", "FOR")):
        raise unsupported(f"{words.peek()} constraint")
    return False


def _key(
    executor: "Executor", words: Words, draft: Draft, table: str, name: str, columns: list[tuple[int, bool]] | None
) -> None:
    primary = words.accept("PRIMARY", "KEY")
    if not primary:
        words.expect("UNIQUE")
    clustered = words.accept("CLUSTERED") or (
        primary and words.peek() != "NONCLUSTERED" and not any(key.clustered for key in draft.keys)
    )
    words.accept("NONCLUSTERED")
    if columns is None:
        columns = _key_columns(words, tuple(draft.columns))
    if words.accept("WITH"):
        words.parenthesised()
    number = next(executor.engine.object_ids)
    shown = name or f"{'PK' if primary else 'UQ'}__{table[:8]}__{number:016X}"
    draft.keys.append(Index(0, shown, tuple(columns), True, primary, not primary, clustered, object_id=number))


def _key_columns(words: Words, columns: tuple[Column, ...]) -> list[tuple[int, bool]]:
    listed = []
    for piece in split_commas(words.parenthesised()):
        parts = [token.text for token in dialect.tokenize(piece)]
        found = [column for column in columns if column.name.lower() == parts[0].lower()]
        if not found:
            raise SqlError(1911, f"Column name '{parts[0]}' does not exist in the target table or view.")
        listed.append((found[0].column_id, len(parts) > 1 and parts[1].upper() == "DESC"))
    return listed


def _create_index(executor: "Executor", words: Words) -> None:
    unique = words.accept("UNIQUE")
    clustered = words.accept("CLUSTERED")
    words.accept("NONCLUSTERED")
    words.expect("INDEX")
    name = words.name()
    words.expect("ON")
    table = executor.find_table(words.dotted())
    columns = _key_columns(words, table.columns)
    included = tuple(c for c, _ in _key_columns(words, table.columns)) if words.accept("INCLUDE") else ()
    if words.peek() == "WHERE":
        raise unsupported("filtered indexes")
    if words.accept("WITH"):
        words.parenthesised()
    if any((index.name or "").lower() == name.lower() for index in table.indexes):
        raise SqlError(
            1913,
            f"The operation failed because an index or statistics with name '{name}' already exists "
            f"on table '{table.name}'.",
        )
    if clustered and any(index.clustered for index in table.indexes):
        raise SqlError(1902, f"Cannot create more than one clustered index on table '{table.name}'.")
    number = 1 if clustered else max([1, *(index.index_id for index in table.indexes)]) + 1
    index = Index(number, name, tuple(columns), unique, clustered=clustered, included=included)
    if unique:
        definitions.check_existing(executor, table, index)
    executor.database.put(replace(table, indexes=(*table.indexes, index), modified=now()))


def _drop_table(executor: "Executor", words: Words) -> None:
    optional = words.accept("IF", "EXISTS")
    while True:
        parts = words.dotted()
        table = executor.database.find(parts[-2] if len(parts) > 1 else "dbo", parts[-1])
        if table is not None:
            temporal.check_free(table, "DROP")
            executor.cursor.execute(f"DROP TABLE {table.physical}")
            executor.database.drop(table)
        elif not optional:
            shown = ".".join(parts)
            raise SqlError(
                3701,
                f"Cannot drop the table '{shown}', because it does not exist or you do not have permission.",
                11,
                5,
            )
        if not words.accept(","):
            return


def _truncate(executor: "Executor", words: Words) -> None:
    parts = words.dotted()
    table = executor.database.find(parts[-2] if len(parts) > 1 else "dbo", parts[-1])
    if table is None:
        raise SqlError(
            4701,
            f'Cannot find the object "{".".join(parts)}" because it does not exist or you do not have permissions.',
        )
    temporal.check_free(table, "TRUNCATE")
    if executor.database.tracking and table.object_id in executor.database.tracking.tables:
        raise unsupported("TRUNCATE of a tracked table")
    executor.cursor.execute(f"DELETE FROM {table.physical}")
    executor.database.identities.pop(table.object_id, None)


def _alter_table(executor: "Executor", words: Words) -> None:
    parts = words.dotted()
    try:
        table = executor.find_table(parts)
    except SqlError:
        raise SqlError(
            4902,
            f'Cannot find the object "{".".join(parts)}" because it does not exist or you do not have permissions.',
        ) from None
    if words.accept("SET"):
        temporal.switch_off(executor, words, table)
        return
    if words.peek(1) == "CHANGE_TRACKING":
        change_tracking.switch_table(executor, table, words)
        return
    temporal.check_free(table, "ALTER")
    if words.accept("ADD"):
        definitions.add_columns(executor, words, table, Draft(list(table.columns), list(table.indexes)), _column)
    elif words.accept("DROP", "COLUMN"):
        optional = words.accept("IF", "EXISTS")
        while True:
            definitions.drop_column(executor, executor.find_table(parts), words.name(), optional=optional)
            if not words.accept(","):
                return
    elif words.accept("ALTER", "COLUMN"):
        from mssql_starrocks.sandbox.sqlserver import alter_column  # which imports what imports this module

        alter_column.change(executor, words, table)
    else:
        raise unsupported(f"ALTER TABLE {words.peek()}")
