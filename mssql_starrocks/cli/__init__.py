"""The command `mssql-starrocks`; each module adds its commands to `app`.

Exit codes: 0 done or certified, 1 failed, 2 wrong use, 130 interrupted.
"""

from mssql_starrocks.cli import api, discover, doctor, jars, migrate, plan, report, rollback, sandbox
from mssql_starrocks.cli.app import app

__all__ = ["api", "app", "discover", "doctor", "jars", "migrate", "plan", "report", "rollback", "sandbox"]
