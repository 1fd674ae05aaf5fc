"""Names a database, table, column or catalog may have (facts/starrocks_judged.md B Names)."""

from __future__ import annotations

import re

from mssql_starrocks.sandbox.starrocks.errors import analyzing, plain

DATABASE = re.compile(r"([A-Za-z][\w+\-~!@#$%^&<>=]{0,255}|_[A-Za-z0-9][\w+\-~!@#$%^&<>=]{0,254})", re.A)
COMMON = re.compile(r"([A-Za-z]\w{0,63}|_[A-Za-z0-9]\w{0,62})", re.A)
RESERVED_COLUMNS = {"__op", "__row"}


def check_database(name: str) -> None:
    if not DATABASE.fullmatch(name):
        raise analyzing(f"Incorrect database name '{name}'", 1102)


def check_table(name: str) -> None:
    if not name:
        raise analyzing("Table name is null")
    if len(name) > 1024 or "\0" in name:
        raise analyzing(f"Incorrect table name '{name}'", 1104)


def check_column(name: str, version: tuple[int, int]) -> None:
    if name.lower() in RESERVED_COLUMNS or (name.lower() == "___count___" and version >= (4, 0)):
        raise analyzing(f"Column name [{name}] is a system reserved name. Please choose a different one")
    if not 1 <= len(name) <= 1024 or set(name) & set("=<>!*\0") or name.startswith("__starrocks_shadow_"):
        raise analyzing(f"Incorrect column name '{name}'", 1166)


def check_catalog(name: str) -> None:
    if not COMMON.fullmatch(name):
        raise analyzing(f"Incorrect catalog name '{name}'", 5063)


def check_role(name: str) -> None:
    if not COMMON.fullmatch(name):
        raise analyzing(f"invalid role format: {name}")


def check_user(name: str) -> None:
    if not re.fullmatch(r"[\w.\-]{1,64}", name, re.A):
        raise plain(f"Getting analyzing error. Detail message: invalid user name: {name}.")
