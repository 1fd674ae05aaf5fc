"""Log in to SQL Server by both drivers and say what came of it, as JSON; settings are in the environment.

A process of its own, because mssql-python reads its trust store once a process.
"""

from __future__ import annotations

import json
import logging
import sys

from mssql_starrocks.errors import MssqlStarrocksError
from mssql_starrocks.settings import Settings
from mssql_starrocks.source.connect import control_session, reader_session


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def main() -> None:
    heard, found = _Heard(), {}
    logging.getLogger("mssql_starrocks").addHandler(heard)
    mssql = Settings.load(dotenv=None).mssql
    for name, opened in (("pymssql", control_session), ("mssql-python", reader_session)):
        try:
            with opened(mssql) as session:
                found[name] = str(session.rows("SELECT 41 + 1 AS n")[0][0])
        except MssqlStarrocksError as error:
            found[name] = f"{type(error).__name__}: {error}"
    json.dump({"found": found, "said": heard.said}, sys.stdout)


if __name__ == "__main__":
    main()
