"""`python -m mssql_starrocks.reference FOLDER`."""

import sys
from pathlib import Path

from mssql_starrocks.reference import PAGES

for name, made in PAGES.items():
    Path(sys.argv[1], name).write_text(made(), encoding="utf-8")
