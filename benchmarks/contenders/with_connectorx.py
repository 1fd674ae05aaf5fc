"""ConnectorX into one Arrow table, PyIceberg's append into the lake."""

from __future__ import annotations

import os
import tempfile
from importlib.metadata import version

import connectorx
from pyiceberg.catalog.sql import SqlCatalog
from result import mark, tell

E = os.environ
SOURCE = (
    f"mssql://{E['MSSQL_USER']}:{E['MSSQL_PASSWORD']}@127.0.0.1:{E['MSSQL_PORT']}/{E['MSSQL_DATABASE']}"
    "?encrypt=false&trust_server_certificate=true"
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        catalog = SqlCatalog("bench", **{
            "uri": f"sqlite:///{folder}/catalog.db",
            "warehouse": f"s3://{E['S3_BUCKET']}/connectorx",
            "s3.endpoint": E["AWS_ENDPOINT_URL"],
            "s3.access-key-id": E["AWS_ACCESS_KEY_ID"],
            "s3.secret-access-key": E["AWS_SECRET_ACCESS_KEY"],
            "s3.region": E["AWS_REGION"],
        })  # fmt: skip
        mark("READY")
        rows = connectorx.read_sql(SOURCE, "SELECT * FROM bench.wide", return_type="arrow", partition_on="id",
                                   partition_num=2)  # fmt: skip
        catalog.create_namespace("lake")
        table = catalog.create_table("lake.wide", schema=rows.schema)
        table.append(rows)
        mark("COPIED")
        tell(metadata=table.metadata_location, version=f"{version('connectorx')}, PyIceberg {version('pyiceberg')}")


if __name__ == "__main__":
    main()
