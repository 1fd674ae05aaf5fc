"""`python -m mssql_starrocks.cli`."""

from mssql_starrocks.cli import app

app()
