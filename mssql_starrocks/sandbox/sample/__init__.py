"""The sample database: a small company with the habits, and the oddities, of a real one. Deterministic."""

from __future__ import annotations

from importlib.resources import files

from mssql_starrocks.sandbox.sample.rows import events, order_lines, orders
from mssql_starrocks.sandbox.sqlserver import LocalServer, SqlServer

DATABASE = "Company"
EVENTS = 300_000


def fill(server: SqlServer | LocalServer, events_rows: int = EVENTS) -> None:
    """Create every table of company.sql and its rows; the big tables come from rows.py."""
    for batch in files(__package__).joinpath("company.sql").read_text(encoding="utf-8").split("\nGO\n"):
        server.execute(batch)
    for table, data in (("orders", orders()), ("order_lines", order_lines()), ("events", events(events_rows))):
        server.load_table("sales", table, {name: name for name in data.column_names}, data)
