"""dlt's sql_database with one of its backends, to Iceberg on S3. Usage: with_dlt.py BACKEND"""

from __future__ import annotations

import os
import sys
import tempfile

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
os.environ.pop("ICEBERG_CATALOG_TYPE", None)  # ours; dlt has a setting of the same name

import dlt
import sqlalchemy as sa
from dlt.sources.sql_database import sql_table
from result import mark, tell
from sqlalchemy.dialects import mssql

E = os.environ
LOGIN = f"{E['MSSQL_USER']}:{E['MSSQL_PASSWORD']}@127.0.0.1:{E['MSSQL_PORT']}/{E['MSSQL_DATABASE']}"

# Reflection asks sys.identity_columns.is_identity, which the stand-in does not know: dlt is given what it would find.
TYPES = {
    "int": mssql.INTEGER,
    "bigint": mssql.BIGINT,
    "nvarchar": mssql.NVARCHAR,
    "varchar": mssql.VARCHAR,
    "decimal": mssql.DECIMAL,
    "money": mssql.MONEY,
    "datetime2": mssql.DATETIME2,
    "float": mssql.FLOAT,
    "date": mssql.DATE,
    "bit": mssql.BIT,
    "tinyint": mssql.TINYINT,
    "smallint": mssql.SMALLINT,
    "uniqueidentifier": mssql.UNIQUEIDENTIFIER,
}


def reflected() -> sa.MetaData:
    metadata = sa.MetaData(schema="bench")
    columns = [sa.Column(name, _type(declared), nullable="NOT NULL" not in declared, primary_key=name == "id")
               for name, declared in (part.split("=") for part in E["BENCH_DECLARED"].split(";"))]  # fmt: skip
    sa.Table("wide", metadata, *columns)
    return metadata


def _type(declared: str) -> sa.types.TypeEngine:
    name, _, arguments = declared.split(maxsplit=1)[0].rstrip(")").partition("(")
    return TYPES[name](*map(int, arguments.split(","))) if arguments else TYPES[name]()


def main(backend: str) -> None:
    folder = f"dlt_{backend}_{os.getpid()}"
    lake = dlt.destinations.filesystem(
        bucket_url=f"s3://{E['S3_BUCKET']}/{folder}",
        credentials={
            "aws_access_key_id": E["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": E["AWS_SECRET_ACCESS_KEY"],
            "endpoint_url": E["AWS_ENDPOINT_URL"],
            "region_name": E["AWS_REGION"],
        },
    )
    options = {}
    if backend == "connectorx":
        options["backend_kwargs"] = {
            "conn": f"mssql://{LOGIN}?encrypt=false&trust_server_certificate=true",
            "return_type": "arrow",
        }
    wide = sql_table(
        f"mssql+pymssql://{LOGIN}",
        table="wide",
        metadata=reflected(),
        backend=backend,
        reflection_level="full_with_precision",
        **options,
    )
    wide.apply_hints(table_format="iceberg")
    with tempfile.TemporaryDirectory() as work:
        pipeline = dlt.pipeline("bench", pipelines_dir=work, destination=lake, dataset_name="lake")
        mark("READY")
        pipeline.run(wide, write_disposition="append")
        mark("COPIED")
    tell(newest_metadata=f"{E['S3_BUCKET']}/{folder}/lake/wide/metadata", version=dlt.__version__)


if __name__ == "__main__":
    main(sys.argv[1])
