"""shared/truth: every answer equals SQL Server's documented one, or is refused; never anything else."""

import datetime
import decimal
import gzip
import json
import re
import struct
import uuid
from pathlib import Path
from typing import Any

import pymssql
import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer

with gzip.open(Path(__file__).with_name("truth.jsonl.gz"), "rt", encoding="utf-8") as lines:
    CASES = [json.loads(line) for line in lines]
MADE = re.compile(r"\bCREATE\s+(TABLE|VIEW|SCHEMA|SEQUENCE|PROCEDURE|TYPE)\s+((?:[\w.#]|\[[^\]]*\])+)", re.IGNORECASE)
CLASSES: dict[str, Any] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), int),
    "bit": bool,
    **dict.fromkeys(("decimal", "numeric", "money", "smallmoney"), decimal.Decimal),
    **dict.fromkeys(("real", "float"), float),
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar", "sysname", "xml", "text", "ntext"), str),
    **dict.fromkeys(("binary", "varbinary", "image", "rowversion"), bytes),
    "uniqueidentifier": uuid.UUID,
    "date": datetime.date,
}


def shown(value: Any, declared: str) -> str | None:
    """Canonical text, as truth/TSQL.md writes values; another class than declared never agrees."""
    if value is None:
        return None
    base, *digits = re.split(r"[(,)]", declared or "")
    wanted = CLASSES.get(base)
    if wanted is not None and (not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))):
        return f"{type(value).__name__}: {value}"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return short_real(value) if base == "real" else repr(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return "0x" + value.hex().upper()
    if isinstance(value, uuid.UUID):
        return str(value).upper()
    if isinstance(value, datetime.datetime | datetime.time):
        return moment(value, base, digits)
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def moment(value: Any, base: str, digits: list[str]) -> str:
    count = {"smalldatetime": 0, "datetime": 3}.get(base, int(digits[0]) if digits else 7)
    day = f"{value.year:04}-{value.month:02}-{value.day:02} " if isinstance(value, datetime.datetime) else ""
    zone = f" {value.strftime('%z')[:3]}:{value.strftime('%z')[3:5]}" if value.tzinfo else ""
    clock = f"{value.hour:02}:{value.minute:02}:{value.second:02}"
    return day + clock + ("." + f"{value.microsecond:06}0"[:count] if count else "") + zone


def short_real(value: float) -> str:
    texts = (f"{value:.{digits}g}" for digits in range(1, 18))
    return next(text for text in texts if struct.pack("f", float(text)) == struct.pack("f", value))


def batch(link: Any, sql: str, columns: list[str] | None) -> dict[str, Any]:
    cursor, rows = link.cursor(), []
    try:
        cursor.execute(sql)
        while True:
            if cursor.description:
                kinds = (columns or []) + [""] * len(cursor.description)
                rows = [[shown(v, k) for v, k in zip(row, kinds, strict=False)] for row in cursor.fetchall()]
            if not cursor.nextset():
                return {"rows": rows}
    except pymssql.Error as failure:
        number, text = failure.args[0] if isinstance(failure.args[0], tuple) else failure.args
        return {"error": number, "message": text.decode("utf-8", "replace")}


def play(case: dict[str, Any], link: Any) -> dict[str, Any]:
    for entry in case["setup"]:
        step = entry if isinstance(entry, dict) else {"sql": entry}
        got = batch(link, step["sql"], None)
        if got.get("error") != step.get("error"):
            return {"setup": step["sql"], **got}
    return batch(link, case["sql"], case.get("columns"))


def clean(case: dict[str, Any], connect: Any) -> None:
    texts = [*(s if isinstance(s, str) else s["sql"] for s in case["setup"]), case["sql"]]
    drops = [f"DROP {kind} {name}" for text in texts for kind, name in MADE.findall(text)][::-1]
    if drops:
        link = connect()
        for drop in drops:
            batch(link, drop, None)
        link.close()


def verdict(case: dict[str, Any], got: dict[str, Any]) -> str:
    if got.get("error") == 50000 and "not supported by the sandbox" in got["message"]:
        return "refused"
    if "setup" in got:
        return "wrong"
    if "error" in case:
        return "agree" if got.get("error") == case["error"] else "wrong"
    return "agree" if got.get("rows") == case["rows"] else "wrong"


@pytest.mark.parametrize("topic", sorted({case["topic"] for case in CASES}))
def test_never_wrong(server: SqlServer, connect: Any, topic: str, record_property: Any) -> None:
    tally: dict[str, list[str]] = {"agree": [], "refused": [], "wrong": []}
    for case in (one for one in CASES if one["topic"] == topic):
        clean(case, connect)
        link = connect()
        got = play(case, link)
        link.close()
        clean(case, connect)
        found = verdict(case, got)
        tally[found].append(case["id"] if found != "wrong" else f"{case['id']}: {got}")
    record_property("agree", len(tally["agree"]))
    record_property("refused", len(tally["refused"]))
    assert not tally["wrong"]
    assert len(tally["agree"]) >= {"variant": 0, "windows": 3, "statements": 7}.get(topic, len(tally["refused"]) // 2)
