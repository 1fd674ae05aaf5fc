"""A Spark session as the product starts it, its first answer, and its first Iceberg table. Usage: spark_session.py
FOLDER [plain]
"""

from __future__ import annotations

import sys
from pathlib import Path

from result import mark, tell

from mssql_starrocks.engines import archive
from mssql_starrocks.orchestration.resources import LazySpark
from mssql_starrocks.settings import LakeSettings, Settings


def main(folder: Path, *, plain: bool) -> None:
    if plain:
        archive.archive_options = lambda *_: ""
    lake = LakeSettings(catalog="sql", uri=f"sqlite:///{folder}/lake.db", warehouse_path=str(folder / "warehouse"))
    source = LazySpark(Settings.spark_from_environment())
    session = source.session(lake)
    session.sql("SELECT 1").collect()
    mark("SELECT")
    session.sql("CREATE NAMESPACE lake.bench")
    session.sql("CREATE TABLE lake.bench.first (id bigint, name string) USING iceberg")
    session.sql("INSERT INTO lake.bench.first VALUES (1, 'one'), (2, 'two')")
    rows = session.table("lake.bench.first").count()
    mark("TABLE")
    tell(rows=rows)
    source.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), plain="plain" in sys.argv)
