"""Which tables somebody means: names, patterns, schemas, lists, and where to begin."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from mssql_starrocks.chain import Chain, Refused, plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.errors import SelectionError
from mssql_starrocks.model import Manifest, TableId

_PART = r"(?:\[(?:[^\]]|\]\])+\]|[^.\[\]]+)"
_BRACKETED = re.compile(rf"({_PART})\.({_PART})")


@dataclass(frozen=True)
class Selection:
    """Tables as somebody asks for them.

    `*` and `?` make a pattern, but not in brackets. The exact spelling wins where names differ in case only, otherwise
    case is ignored.

    Attributes:
        tables: `sales.orders`, `[sales].[orders]`, `orders` where one schema has it, or patterns.
        schemas: `sales`, `[sales]`, or patterns.
        everything: every table that the configuration selects.
        include: patterns; of what the above choose only tables that match. Alone they choose by themselves.
        exclude: patterns of tables to leave out.
        resume_from: leave out the tables before this one; the order is the manifest's.
        skip_until: leave out the tables up to this one and itself (facts/peers.md 1.1).

    """

    tables: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    everything: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    resume_from: str | None = None
    skip_until: str | None = None


def select(selection: Selection, manifest: Manifest, config: Config) -> tuple[TableId, ...]:
    """The tables meant, in the order of the manifest; never none.

    Raises:
        SelectionError: a name or a pattern matches nothing, or nothing is left; names the closest ones.
    """
    return _Selecting(manifest, config).tables(selection)


def select_one(name: str, manifest: Manifest, config: Config) -> TableId:
    """The table that a name means.

    Raises:
        SelectionError: it is a pattern, or means no table or several; names the closest ones.
    """
    found = select(Selection((name,)), manifest, config)
    if _is_pattern(name):
        raise SelectionError(f"{name} is a pattern: name one table.")
    return found[0]


def chains_of(
    tables: Collection[TableId], manifest: Manifest, config: Config, warehouse_database: str | None = None
) -> tuple[tuple[Chain, ...], tuple[Refused, ...]]:
    """What becomes of these tables. The others are planned with them: two may claim one name."""
    wanted = set(tables)
    chains, refused = plan_chains(manifest, config, warehouse_database)
    return tuple(c for c in chains if c.table.id in wanted), tuple(r for r in refused if r.table in wanted)


def read_table_list(file: Path) -> tuple[str, ...]:
    """Tables of a file, one a line; `#` at its beginning, or after it with blanks around, begins a comment.

    Raises:
        SelectionError: it cannot be read, or names no table.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SelectionError(f"{file} cannot be read: {error}") from None
    names = tuple(name for line in lines if (name := re.sub(r"^\s*#.*|\s#\s.*", "", line).strip()))
    if not names:
        raise SelectionError(f"{file} names no table.")
    return names


class _Selecting:
    def __init__(self, manifest: Manifest, config: Config) -> None:
        self._database = manifest.database
        self._known = [t.id for t in config.select(manifest)]
        self._selected = set(self._known)
        self._names = _Names([t.id for t in manifest.tables])

    def tables(self, wanted: Selection) -> tuple[TableId, ...]:
        if not (wanted.tables or wanted.schemas or wanted.everything or wanted.include):
            raise SelectionError("Nothing is selected: name tables or schemas, or choose all of them (--all).")
        chosen = {t for name in wanted.tables for t in self._named(name)}
        chosen |= {t for name in wanted.schemas for t in self._of_schema(name)}
        if wanted.everything or not (wanted.tables or wanted.schemas):
            chosen |= self._selected
        if wanted.include:
            chosen &= {t for name in wanted.include for t in self._named(name)}
        for name in wanted.exclude:
            chosen -= set(self._left_out(name))
        left = self._from([t for t in self._known if t in chosen], wanted)
        if not left:
            raise SelectionError(f"Nothing is left to do: the selection leaves none of {len(self._known)} tables of "
                                 f"{self._database}.")  # fmt: skip
        return tuple(left)

    def _named(self, name: str) -> list[TableId]:
        meant = self._names.meant(name)
        found = [t for t in meant if t in self._selected]
        if not found:
            raise SelectionError(self._unknown(name, left_out=bool(meant)))
        if len(found) > 1 and not _is_pattern(name):
            raise SelectionError(f"{name} {_either(found)}: write one of them as it is written here.")
        return found

    def _left_out(self, name: str) -> list[TableId]:
        """A pattern may match nothing; a name that does was misspelt, and would be copied."""
        return self._names.meant(name) if _is_pattern(name) else self._named(name)

    def _of_schema(self, name: str) -> list[TableId]:
        found = [t for t in self._names.of_schema(name) if t in self._selected]
        if not found:
            plain = _unbracketed(name)
            near = _near(plain, {t.schema for t in self._known})
            raise SelectionError(f"{self._database} has no schema {plain} with tables to copy{near}")
        return found

    def _from(self, tables: list[TableId], wanted: Selection) -> list[TableId]:
        for what, name, first in (("resume_from", wanted.resume_from, 0), ("skip_until", wanted.skip_until, 1)):
            if name is None:
                continue
            among = set(tables)
            found = [t for t in self._names.meant(name) if t in among]
            if len(found) > 1:
                raise SelectionError(f"{what} {name}: {_either(found)}.")
            if not found:
                near = _near(name, {str(t) for t in tables})
                raise SelectionError(f"{what} {name}: is not among the selected tables{near}")
            tables = tables[tables.index(found[0]) + first :]
        return tables

    def _unknown(self, name: str, *, left_out: bool) -> str:
        if left_out:
            return f"{name} is left out by include: and exclude: of the configuration."
        near = _near(name, {str(t) for t in self._known})
        todo = "Views are not copied; after changes at the source run  mssql-starrocks discover"
        return f"{self._database} has no table {name}{near} {todo}"


class _Names:
    """All tables by every way to write one: a list of thousands of names is looked up, not searched for.

    Tables that the configuration leaves out are known too, so that their names do not mean others that differ in case.
    """

    def __init__(self, tables: Sequence[TableId]) -> None:
        self._tables = tables
        self._spelled: defaultdict[str | TableId, list[TableId]] = defaultdict(list)
        self._folded: defaultdict[str | TableId, list[TableId]] = defaultdict(list)
        for table in tables:
            lower = _lower(table)
            self._spelled[table].append(table)
            for name in {str(table), _unless_pattern(table.plain)}:
                self._spelled[name].append(table)
            self._folded[lower].append(table)
            for name in {str(lower), _unless_pattern(lower.plain), lower.name}:
                self._folded[name].append(table)

    def meant(self, name: str) -> list[TableId]:
        """The tables that a name or a pattern means."""
        if name in self._spelled:
            return self._spelled[name]
        parts = _in_brackets(name)
        if parts:
            return self._spelled.get(parts) or self._folded.get(_lower(parts), [])
        if not _is_pattern(name):
            return self._folded.get(_unbracketed(name.lower()), [])
        like = _pattern(name if "." in name or name == "*" else f"*.{name}")
        return [t for t in self._tables if like.fullmatch(t.plain.lower())]

    def of_schema(self, name: str) -> list[TableId]:
        """The tables of the schemas that a name or a pattern means."""
        plain = _unbracketed(name)
        found = [t for t in self._tables if t.schema == plain]
        if found or plain != name:
            return found or [t for t in self._tables if t.schema.lower() == plain.lower()]
        like = _pattern(plain)
        return [t for t in self._tables if like.fullmatch(t.schema.lower())]


def _either(found: Sequence[TableId]) -> str:
    return f"may be {' or '.join(map(str, found))}"


def _near(name: str, known: set[str]) -> str:
    lower = {k.lower(): k for k in known}
    found = difflib.get_close_matches(name.lower(), lower, 3, 0.5)
    return f"; did you mean {' or '.join(lower[n] for n in found)}?" if found else "."


def _is_pattern(name: str) -> bool:
    return ("*" in name or "?" in name) and _in_brackets(name) is None


def _unless_pattern(name: str) -> str:
    """The name, if nobody could mean a pattern by it."""
    return "" if _is_pattern(name) else name


def _pattern(name: str) -> re.Pattern[str]:
    """For names in lower case; brackets are a part of names here."""
    return re.compile(fnmatch.translate(name.lower().replace("[", "[[]")))


def _in_brackets(name: str) -> TableId | None:
    """The table of `[schema].[name]`, where brackets may be left out around one of them."""
    parts = _BRACKETED.fullmatch(name) if "[" in name else None
    return TableId(*map(_unbracketed, parts.groups())) if parts else None


def _lower(table: TableId) -> TableId:
    return TableId(table.schema.lower(), table.name.lower())


def _unbracketed(part: str) -> str:
    return part[1:-1].replace("]]", "]") if part.startswith("[") and part.endswith("]") else part
