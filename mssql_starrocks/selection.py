"""Which tables somebody means: names, patterns, schemas, lists, and where to begin."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mssql_starrocks.config import Config
from mssql_starrocks.errors import SelectionError
from mssql_starrocks.model import Manifest, TableId

_PART = r"(?:\[(?:[^\]]|\]\])+\]|[^.\[\]]+)"
_BRACKETED = re.compile(rf"({_PART})\.({_PART})")


@dataclass(frozen=True)
class Selection:
    """Tables as somebody asks for them. Case is ignored, and `*` and `?` make a pattern.

    Attributes:
        tables: `sales.orders`, `[sales].[orders]`, `orders` where one schema has it, or patterns.
        schemas: names or patterns of schemas.
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
        self._excluded = [t.id for t in manifest.tables if not config.selects(t.id)]

    def tables(self, wanted: Selection) -> tuple[TableId, ...]:
        if not (wanted.tables or wanted.schemas or wanted.everything or wanted.include):
            raise SelectionError("Nothing is selected: name tables, or use --schema or --all.")
        chosen = {t for name in wanted.tables for t in self._named(name)}
        chosen |= {t for name in wanted.schemas for t in self._of_schema(name)}
        if wanted.everything or not (wanted.tables or wanted.schemas):
            chosen |= set(self._known)
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
        found = _matching(name, self._known)
        if not found:
            raise SelectionError(self._unknown(name))
        if len(found) > 1 and not _is_pattern(name):
            raise SelectionError(f"{name} may be {' or '.join(map(str, found))}: name the schema, too.")
        return found

    def _left_out(self, name: str) -> list[TableId]:
        """A pattern may match nothing; a name that does was misspelt, and would be copied."""
        return _matching(name, self._known) if _is_pattern(name) else self._named(name)

    def _of_schema(self, name: str) -> list[TableId]:
        plain = name.strip("[]").lower()
        found = [t for t in self._known if fnmatch.fnmatchcase(t.schema.lower(), plain) or t.schema.lower() == plain]
        if not found:
            near = _near(plain, {t.schema for t in self._known})
            raise SelectionError(f"No schema {name} with tables to copy in {self._database}{near}")
        return found

    def _from(self, tables: list[TableId], wanted: Selection) -> list[TableId]:
        for option, name, first in (("--resume-from", wanted.resume_from, 0), ("--skip-until", wanted.skip_until, 1)):
            if name is None:
                continue
            found = _matching(name, tables)
            if len(found) != 1:
                raise SelectionError(f"{option} {name}: {_which(found)}{_near(name, {str(t) for t in tables})}")
            tables = tables[tables.index(found[0]) + first :]
        return tables

    def _unknown(self, name: str) -> str:
        if any(_matching(name, [t]) for t in self._excluded):
            return f"{name} is left out by include: and exclude: of the configuration."
        near = _near(name, {str(t) for t in self._known})
        return f"{self._database} has no table {name}{near} After changes there run  mssql-starrocks discover"


def _which(found: Sequence[TableId]) -> str:
    return f"may be {' or '.join(map(str, found))}." if found else "is not among the selected tables."


def _near(name: str, known: set[str]) -> str:
    lower = {k.lower(): k for k in known}
    found = difflib.get_close_matches(name.lower(), lower, 3, 0.5)
    return f"; did you mean {' or '.join(lower[n] for n in found)}?" if found else "."


def _is_pattern(name: str) -> bool:
    return "*" in name or "?" in name


def _matching(name: str, tables: Sequence[TableId]) -> list[TableId]:
    """The tables that a name or a pattern means; the exact spelling wins where a database tells case apart."""
    exact = [t for t in tables if str(t) == name]
    return exact or [t for t in tables if _matcher(name)(t)]


def _matcher(name: str) -> Callable[[TableId], bool]:
    lower = name.lower()
    parts = _BRACKETED.fullmatch(lower)
    if parts and "[" in lower:
        wanted = TableId(*(_unbracketed(part) for part in parts.groups()))
        return lambda t: (t.schema.lower(), t.name.lower()) == (wanted.schema, wanted.name)
    if _is_pattern(name):
        pattern = lower if "." in lower or lower == "*" else f"*.{lower}"
        literal = pattern.replace("[", "[[]")  # brackets are a part of names here
        return lambda t: fnmatch.fnmatchcase(str(t).lower(), literal)
    plain = _unbracketed(lower)
    return lambda t: plain in (str(t).lower(), t.name.lower())


def _unbracketed(part: str) -> str:
    return part[1:-1].replace("]]", "]") if part.startswith("[") and part.endswith("]") else part
