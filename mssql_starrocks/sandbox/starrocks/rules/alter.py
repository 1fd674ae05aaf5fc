"""Which column changes ALTER TABLE allows (facts/starrocks_judged.md A7, B ALTER matrix, D5)."""

from __future__ import annotations

from mssql_starrocks.sandbox.starrocks.errors import SqlError, plain, unsupported
from mssql_starrocks.sandbox.starrocks.meta.model import Column, Table
from mssql_starrocks.sandbox.starrocks.sql.column_ddl import ColumnDefinition
from mssql_starrocks.sandbox.starrocks.sql.types import INTEGERS, STRING_LENGTH, TEXTS, SqlType

WIDER = {
    **{have: INTEGERS[at + 1 :] for at, have in enumerate(INTEGERS)},
    "FLOAT": ("DOUBLE",),
    "VARCHAR": (*INTEGERS, "FLOAT", "DOUBLE", "DATE", "JSON", "DECIMAL"),
    "DOUBLE": ("VARCHAR",),
    "DATE": ("DATETIME",),
    "DATETIME": ("DATE",),
}
SURE = {("INT", "DOUBLE"), ("INT", "VARCHAR"), ("INT", "DATE"), ("LARGEINT", "VARCHAR"), ("BIGINT", "VARCHAR")}
UNSURE = {(have, to) for have in INTEGERS for to in ("DOUBLE", "VARCHAR", "FLOAT", "DATE")} - {("INT", "FLOAT")} - SURE


def check_modify(table: Table, old: Column, new: ColumnDefinition, version: tuple[int, int]) -> None:
    if old.key and table.is_primary:
        longer = old.type.name == new.type.name == "VARCHAR" and new.type.length >= old.type.length
        if not (version >= (4, 2) and longer) and old.type != new.type:
            raise plain(f"Can not modify key column: {old.name} for primary key table")
    elif old.key:
        raise unsupported("MODIFY COLUMN of a key column of a DUPLICATE KEY table")
    _check_type(old.type, new.type, version)
    nullable = True if new.nullable is None else new.nullable
    if old.nullable and not nullable:
        raise plain("Can not change from nullable to non-nullable")
    if (new.default.text, new.default.call) != (old.default.text, old.default.call):
        raise plain("Can not change default value")


def _check_type(old: SqlType, new: SqlType, version: tuple[int, int]) -> None:
    if old == new:
        return
    if old.name in TEXTS and new.name in TEXTS:
        if (old.name, new.name) == ("VARCHAR", "CHAR"):
            raise _refused(old, new)
        if new.length < old.length:
            raise plain("Cannot shorten string length")
        return
    if old.name == new.name == "VARBINARY":
        return
    if old.name == "DECIMAL":
        _check_decimal(old, new)
        return
    if old.name == "JSON" and new.name == "VARCHAR" and (version >= (4, 1) or new.length >= STRING_LENGTH):
        return
    if new.name in WIDER.get(old.name, ()) or (old.name, new.name) in SURE:
        return
    if (old.name, new.name) == ("JSON", "VARCHAR") and new.length <= 1024:
        raise plain("JSON needs minimum length of 1024")
    if (old.name, new.name) in UNSURE or (old.name, new.name) == ("JSON", "VARCHAR"):
        raise unsupported(f"changing {old.plain} to {new.plain}")
    raise _refused(old, new)


def _check_decimal(old: SqlType, new: SqlType) -> None:
    if new.name == "DECIMAL":
        if new.scale < old.scale or new.length - new.scale < old.length - old.scale:
            raise _refused(old, new)
    elif new.name == "VARCHAR":
        # facts/starrocks_judged.md D5
        if new.length < old.length + (4 if old.scale else 3):
            raise _refused(old, new)
    else:
        raise _refused(old, new)


def _refused(old: SqlType, new: SqlType) -> SqlError:
    return plain(f"Can not change {old.internal} to {new.internal}")
