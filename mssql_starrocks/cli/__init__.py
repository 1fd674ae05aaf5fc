"""The command `mssql-starrocks`; each module adds its commands to `app`. Exit codes: 0 done, 1 failed, 2 wrong use."""

from mssql_starrocks.cli import discover, jars, sandbox
from mssql_starrocks.cli.app import app

__all__ = ["app", "discover", "jars", "sandbox"]
