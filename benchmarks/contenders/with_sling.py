"""Sling's own binary of the wheel sling-linux-amd64, to Parquet on S3."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.metadata import files, version
from pathlib import Path

from result import mark, tell

E = os.environ
PACKAGE = "sling-linux-amd64"


def main() -> None:
    binary = next(f.locate() for f in files(PACKAGE) or () if f.name == PACKAGE)
    login = f"{E['MSSQL_USER']}:{E['MSSQL_PASSWORD']}@127.0.0.1:{E['MSSQL_PORT']}"
    store = {
        "type": "s3",
        "bucket": E["S3_BUCKET"],
        "access_key_id": E["AWS_ACCESS_KEY_ID"],
        "secret_access_key": E["AWS_SECRET_ACCESS_KEY"],
        "endpoint": E["AWS_ENDPOINT_URL"],
        "region": E["AWS_REGION"],
    }
    environment = {
        **E,
        "SLING_DISABLE_TELEMETRY": "true",
        "SLING_DUCKDB_COMPUTE": "false",  # its own Parquet writer; else it downloads DuckDB's command line
        "SOURCE": f"sqlserver://{login}?database={E['MSSQL_DATABASE']}&encrypt=disable",
        "STORE": json.dumps(store),
    }
    folder = f"sling_{os.getpid()}"
    command = [str(binary), "run", "--src-conn", "SOURCE", "--src-stream", "SELECT * FROM bench.wide",
               "--tgt-conn", "STORE", "--tgt-object", f"s3://{E['S3_BUCKET']}/{folder}/wide.parquet",
               "--tgt-options", json.dumps({"format": "parquet"})]  # fmt: skip
    Path(binary).chmod(0o755)
    mark("READY")
    subprocess.run(command, env=environment, check=True)
    mark("COPIED")
    tell(parquet=f"{E['S3_BUCKET']}/{folder}", version=version(PACKAGE))


if __name__ == "__main__":
    main()
