"""What changed in the source between two loads, and whether the copy can follow by itself (docs/schema_changes.md)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf

from mssql_starrocks.chain import Chain
from mssql_starrocks.model import Definition, SourceColumn
from mssql_starrocks.types.declared import base_type

_WHOLE = ("tinyint", "smallint", "int", "bigint")
_FLOATS = ("real", "float")
_MONEY = ("smallmoney", "money")
_TEXTS = ("char", "nchar", "varchar", "nvarchar")
_BINARIES = ("binary", "varbinary")
_SHAPE = re.compile(r"([^(]+)(?:\(([^)]*)\))?")
# What a type change in place may be: https://iceberg.apache.org/spec/#schema-evolution, format version 2.
_PROMOTED = {("int", "long"), ("float", "double")}


class Kind(str, Enum):
    """What can happen to a table between two loads."""

    ADDED = "added"
    DROPPED = "dropped"
    RENAMED = "renamed"
    WIDENED = "widened"
    NARROWED = "narrowed"
    RETYPED = "re-typed"
    LOOSENED = "made nullable"
    TIGHTENED = "made not null"
    KEY = "changed"
    RECREATED = "re-created"


@dataclass(frozen=True)
class SchemaChange:
    """One change; one that is not `safe` needs a decision. `column` is empty when it is about the whole table."""

    kind: Kind
    column: str
    before: str
    after: str
    safe: bool

    @property
    def message(self) -> str:
        what = {Kind.KEY: "the key", Kind.RECREATED: "the table"}.get(self.kind, f"column {self.column}")
        return f"{what} was {self.kind.value} ({self.before} -> {self.after})"


def definition_of(chain: Chain) -> Definition:
    """What a later load is compared with."""
    ids = {c.name: c.ordinal for c in chain.table.columns}
    columns = tuple(
        SourceColumn(
            c.ordinal,
            c.name,
            base_type(c),
            c.nullable,
            {p.name: p.iceberg for p in chain.columns if p.source == c.name},
        )
        for c in chain.table.columns
    )
    return Definition(chain.table.object_id, columns, tuple(ids[p.source] for p in chain.key))


def schema_changes(before: Definition, now: Definition) -> tuple[SchemaChange, ...]:
    """Every change of the copied columns, of the key and of the table itself; none when the two are equal."""
    changes = [change for one, other in _pairs(before, now) for change in _changes(one, other)]
    keys = _key(before, by_name=_recreated(before, now)), _key(now, by_name=_recreated(before, now))
    if keys[0] != keys[1]:
        changes.append(SchemaChange(Kind.KEY, "", _key_text(before), _key_text(now), safe=False))
    if _recreated(before, now):
        ids = f"object id {before.object_id}", f"{now.object_id}"
        changes.append(SchemaChange(Kind.RECREATED, "", *ids, safe=False))
    return tuple(changes)


def undecided(changes: Sequence[SchemaChange], accepted: Sequence[str]) -> tuple[SchemaChange, ...]:
    """The changes that need a decision which nobody took."""
    open_ = tuple(change for change in changes if not change.safe)
    return open_ if change_id(changes) not in accepted else ()


def change_id(changes: Sequence[SchemaChange]) -> str:
    """Names exactly these decisions, so that accepting them accepts no later ones."""
    text = repr([(c.kind.value, c.column, c.before, c.after) for c in changes if not c.safe])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def continued(before: Definition, now: Definition) -> Mapping[str, str]:
    """The lake column that each lake column of now was before: its name is another one after a rename."""
    names: dict[str, str] = {}
    for one, other in _pairs(before, now):
        if one and other and one.name == other.name:
            names |= {name: name for name in other.fields if name in one.fields}
        elif one and other:
            names |= dict(zip(other.fields, one.fields, strict=False))
    return names


def promotable(before: str, after: str) -> bool:
    """Whether Iceberg can change a column's type in place, old files and history included."""
    before, after = before.replace(" ", ""), after.replace(" ", "")
    if before == after or (before, after) in _PROMOTED:
        return True
    one, other = (_SHAPE.fullmatch(text) for text in (before, after))
    if not one or not other or one[1] != "decimal" or other[1] != "decimal":
        return False
    (digits, scale), (more, same) = (map(int, found[2].split(",")) for found in (one, other))
    return scale == same and digits <= more


def _recreated(before: Definition, now: Definition) -> bool:
    return before.object_id != now.object_id


def _pairs(before: Definition, now: Definition) -> Iterator[tuple[SourceColumn | None, SourceColumn | None]]:
    """Columns by identity; in a table made anew, whose column ids mean nothing, by name. Only copied ones count."""

    def identity(column: SourceColumn) -> int | str:
        return column.name if _recreated(before, now) else column.id

    old = {identity(c): c for c in before.columns if c.fields}
    new = {identity(c): c for c in now.columns if c.fields}
    return ((old.get(i), new.get(i)) for i in [*new, *(i for i in old if i not in new)])


def _changes(one: SourceColumn | None, other: SourceColumn | None) -> Iterator[SchemaChange]:
    if one is None and other is not None:
        yield SchemaChange(Kind.ADDED, other.name, "absent", other.type, safe=True)
    elif one is not None and other is None:
        yield SchemaChange(Kind.DROPPED, one.name, one.type, "absent", safe=False)
    elif one is not None and other is not None:
        yield from _changes_within(one, other)


def _changes_within(one: SourceColumn, other: SourceColumn) -> Iterator[SchemaChange]:
    if one.name != other.name:
        yield SchemaChange(Kind.RENAMED, other.name, one.name, other.name, safe=True)
    kind = _direction(one.type, other.type)
    follows = _follows(one, other)
    if kind is not None:
        yield SchemaChange(kind, other.name, one.type, other.type, safe=kind is Kind.WIDENED and follows)
    elif not follows:  # the same type, copied otherwise: a choice of the configuration
        yield SchemaChange(Kind.RETYPED, other.name, _forms(one), _forms(other), safe=False)
    if one.nullable != other.nullable:
        kind = Kind.LOOSENED if other.nullable else Kind.TIGHTENED
        texts = ("NOT NULL", "NULL") if other.nullable else ("NULL", "NOT NULL")
        yield SchemaChange(kind, other.name, *texts, safe=True)


def _follows(one: SourceColumn, other: SourceColumn) -> bool:
    """Whether the lake's columns can stay, with types promoted and companions added."""
    old, new = list(one.fields.values()), list(other.fields.values())
    return len(old) <= len(new) and all(promotable(a, b) for a, b in zip(old, new, strict=False))


def _forms(column: SourceColumn) -> str:
    return " and ".join(column.fields.values())


def _direction(before: str, after: str) -> Kind | None:
    """Which way a declared type went; None when it holds the same values."""
    (family, one), (other_family, other) = _family(before), _family(after)
    if (family, one) == (other_family, other):
        return None
    if family == other_family and all(a <= b for a, b in zip(one, other, strict=True)):
        return Kind.WIDENED
    if family == other_family and all(a >= b for a, b in zip(one, other, strict=True)):
        return Kind.NARROWED
    return Kind.RETYPED


def _family(text: str) -> tuple[str, tuple[float, ...]]:
    """A type's family, and measures of which each must be at least as big in a type that holds all its values."""
    found = _SHAPE.fullmatch(text)
    name, sizes = (found[1], found[2]) if found else (text, None)
    for family in (_WHOLE, _FLOATS, _MONEY):
        if name in family:
            return family[-1], (family.index(name),)
    if name in ("decimal", "numeric") and sizes:
        precision, scale = map(int, sizes.split(","))
        return "decimal", (precision - scale, scale)
    size = inf if sizes == "max" else float(sizes or 0)
    if name in _TEXTS:
        return "text", (name.startswith("n"), "var" in name, size)
    if name in _BINARIES:
        return "binary", (name == "varbinary", size)
    return name, (size,)


def _key(definition: Definition, *, by_name: bool) -> tuple[int | str, ...]:
    names = {c.id: c.name for c in definition.columns}
    return tuple(names[i] if by_name else i for i in definition.key)


def _key_text(definition: Definition) -> str:
    return ", ".join(map(str, _key(definition, by_name=True))) or "none"
