"""Our code location with fake stages, for command lines in processes of their own. FAILING names failing checks."""

import os

from mssql_starrocks.definitions import defs
from mssql_starrocks_tests.orchestration.fake_stages import FakeStages

FakeStages(failing=set(os.environ.get("FAILING", "").split())).install()

__all__ = ["defs"]
