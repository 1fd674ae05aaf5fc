"""A plan on disk: what every copy will be, one table a block and one column a line, so that two of them compare well.

Nothing in it changes by itself: no time, no estimate of rows or bytes. The DDL follows from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mssql_starrocks.chain import Chain, Refused
from mssql_starrocks.errors import ConfigError, PlanDriftError
from mssql_starrocks.model import Difference, PlannedColumn, TypeLine
from mssql_starrocks.stages.outlook import Outlook

VERSION = 1
CHANGES, ESTIMATES = "changes", "estimates"
Document = dict[str, Any]
_ABSENT = "absent"
_SHOWN = 5


def document(
    chains: Sequence[Chain],
    refused: Sequence[Refused] = (),
    outlooks: Mapping[str, Outlook] | None = None,
    *,
    estimates: bool = False,
) -> Document:
    """The plan as texts by name.

    Args:
        chains: the tables that will be copied.
        refused: the tables that cannot be.
        outlooks: by table; with them it also holds what would change against what exists.
        estimates: also rows, bytes, chunks and seconds, which differ from day to day.
    """
    tables = {str(chain.table.id): _entry(chain) for chain in chains}
    for name, outlook in (outlooks or {}).items():
        tables[name][CHANGES] = _changes(outlook)
    if estimates:
        for chain in chains:
            name = str(chain.table.id)
            tables[name][ESTIMATES] = _estimates(chain, (outlooks or {}).get(name))
    return {
        "version": VERSION,
        "tables": dict(sorted(tables.items())),
        "refused": {str(one.table): one.reason for one in sorted(refused, key=lambda one: one.table)},
    }


def save(plan: Document, file: Path) -> None:
    """Write it, one value a line.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        file.write_text(json.dumps(plan, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from None


def load(file: Path) -> Document:
    """Read it.

    Raises:
        ConfigError: the file cannot be read, or is no plan of this version.
    """
    try:
        plan = json.loads(file.read_text(encoding="utf-8"))
        json.dumps(plan, ensure_ascii=False).encode()  # a half of a surrogate pair could not be shown
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        plan = None
    if not _is_plan(plan):
        raise ConfigError(f"{file} is no plan of version {VERSION}. Make one: mssql-starrocks plan --all --out {file}")
    return plan  # type: ignore[no-any-return]


def _is_plan(found: Any) -> bool:
    if not isinstance(found, dict) or found.get("version") != VERSION:
        return False
    tables, refused = found.get("tables"), found.get("refused", {})
    entries = tables.values() if isinstance(tables, dict) else [None]
    return isinstance(refused, dict) and all(isinstance(entry, dict) for entry in entries)


def planned_tables(plan: Document) -> tuple[str, ...]:
    """The tables that it will copy; `migrate --plan` takes them as they are. Those that it calls refused are not."""
    return tuple(plan["tables"])


def tells_changes(plan: Document) -> bool:
    """Whether it was made with lake and StarRocks in sight, and so says what it would change there."""
    return any(CHANGES in entry for entry in plan["tables"].values())


def differences(old: Document, new: Document) -> tuple[Difference, ...]:
    """Where two plans differ, by table in their order; `what` is the table and the name of the value."""
    before, after = _lines(old), _lines(new)
    alone = old["tables"].keys() ^ new["tables"].keys()  # one line for a table that only one of them has
    return tuple(
        Difference(what, before.get(what, _ABSENT), after.get(what, _ABSENT))
        for what in dict.fromkeys([*before, *after])
        if before.get(what) != after.get(what) and (what in alone or what.partition(": ")[0] not in alone)
    )


def refuse_drift(
    plan: Document, chains: Sequence[Chain], refused: Sequence[Refused] = (), seen: Mapping[str, Outlook] | None = None
) -> None:
    """Stop when a planned table is not any more what it was when the plan was made.

    Args:
        plan: as `load` gives it.
        chains: what configuration and source give now. Tables that the plan does not copy are passed over.
        refused: the tables that cannot be copied now.
        seen: the outlook by table; with them also what would change in lake and StarRocks has to be the same. Leave
            them out where a part of the plan was carried out already.

    Raises:
        PlanDriftError: names the first differences.
    """
    names = set(planned_tables(plan))
    before = {"tables": {name: _compared(entry, seen) for name, entry in plan["tables"].items()}}
    now = document(
        [c for c in chains if str(c.table.id) in names],
        [r for r in refused if str(r.table) in names],
        {name: outlook for name, outlook in (seen or {}).items() if name in names},
    )
    found = differences(before, now)
    if found:
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        said = "; ".join(f"{d.what}: {d.expected} in the plan, {d.found} now" for d in found[:_SHOWN])
        raise PlanDriftError(f"The plan is out of date: {said}{more}. Make it anew: mssql-starrocks plan --out FILE; "
                             "or, where a part of it was carried out, go on with --resume.")  # fmt: skip


def _compared(entry: Document, seen: Mapping[str, Outlook] | None) -> Document:
    left_out = {ESTIMATES} if seen else {ESTIMATES, CHANGES}
    return {key: value for key, value in entry.items() if key not in left_out}


def _lines(plan: Document) -> dict[str, str]:
    """A name such as `sales.orders: columns.note` for each text."""
    lines = {f"{table}: refused": reason for table, reason in plan.get("refused", {}).items()}
    for table, entry in plan["tables"].items():
        lines[table] = "planned"
        for name, value in entry.items():
            parts = value.items() if isinstance(value, dict) else [("", value)]
            lines |= {f"{table}: {name}{'.' if part else ''}{part}": str(text) for part, text in parts}
    return lines


def _entry(chain: Chain) -> Document:
    return {
        "lake": ".".join(chain.names.lake),
        "warehouse": ".".join(chain.names.warehouse),
        "engine": chain.engine,
        "loader": chain.loader,
        "proof": chain.level.value,
        "key": ", ".join(c.name for c in chain.key) or "none",
        "columns": _columns(chain),
        "audit": {a.name: f"{a.iceberg} -> {a.starrocks}" for a in chain.audit_columns()},
    }


def _columns(chain: Chain) -> dict[str, str]:
    """In the order of the source; what is not copied is called by its source name."""
    planned = {c.name: c for c in chain.columns}
    return {line.name or f"({line.column})": _say(line, planned.get(line.name)) for line in chain.ledger}


def _say(line: TypeLine, column: PlannedColumn | None) -> str:
    if column is None:
        return f"{line.source}, not copied: {line.sentence}"
    lake = f"{line.iceberg}{' not null' if column.required else ''}"
    warehouse = f"{line.starrocks}{' NOT NULL' if column.required and not column.may_null else ''}"
    undeclared = f"; blocked until it is set: {line.undeclared}" if line.undeclared else ""
    return f"{line.source} -> {lake} -> {warehouse} ({line.rule}, {line.loss.value}){undeclared}"


def _changes(outlook: Outlook) -> Document:
    return {"lake": str(outlook.lake), "warehouse": str(outlook.warehouse), "types": "; ".join(outlook.types) or "none"}


def _estimates(chain: Chain, outlook: Outlook | None) -> Document:
    found: Document = {"rows": chain.table.rows, "bytes": chain.table.bytes}
    if outlook:
        found |= {"chunks": outlook.chunks, "cut": outlook.cut, "grade": outlook.grade}
        found |= {"seconds": round(outlook.seconds, 1), "basis": outlook.basis}
    return found
