"""All commands: each of these modules adds its own to `app`."""

from mssql_starrocks.cli import api, discover, doctor, jars, migrate, plan, report, rollback, sandbox
from mssql_starrocks.cli.shared import app

__all__ = ["api", "app", "discover", "doctor", "jars", "migrate", "plan", "report", "rollback", "sandbox"]
