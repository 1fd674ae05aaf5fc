"""The Iceberg catalog and its store: reading the catalog, writing and deleting a file, clock."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from mssql_starrocks.doctor.finding import Check, Finding, System, each, failed, ok
from mssql_starrocks.doctor.patient import Patient
from mssql_starrocks.errors import LakeDeniedError, LakeError
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.errors import explained
from mssql_starrocks.permissions import lake_policy
from mssql_starrocks.settings import LakeSettings
from mssql_starrocks.transport import lake_exposures

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.io import FileIO

_CONTENT = b"written by mssql-starrocks doctor; may be deleted"


def system(patient: Patient) -> System:
    lake = patient.settings.lake
    made = {
        "TLS to the lake": _tls,
        "databases of the lake": _databases,
        "files of the lake": _files,
        "clock of S3": _clock,
    }
    return System(
        "lake",
        lambda: nullcontext(open_catalog(lake)),
        [Check(what, partial(look, patient), 60) for what, look in made.items()],
    )


def _tls(patient: Patient, _: Catalog) -> Iterator[Finding]:
    exposed = lake_exposures(patient.settings.lake)
    return each("TLS to the lake", exposed, "Use an https endpoint.", "encrypted and verified, or on this machine")


def _databases(patient: Patient, catalog: Catalog) -> Iterator[Finding]:
    """Only reads: one database at a time, because the printed policy allows no list."""
    what = "databases of the lake"
    names = sorted({chain.names.lake_database for chain in patient.chains}) or ["mssql_starrocks"]
    there = []
    for name in names:
        try:
            with explained(patient.settings.lake):
                if catalog.namespace_exists(name):
                    there.append(name)
        except LakeError as error:
            yield failed(what, str(error), _advice(error, patient, "Catalog"))
            return
    absent = sorted(set(names) - set(there))
    known = ", ".join(there) or "none"
    text = f"{patient.settings.lake.catalog} catalog can be read, changing it is not tried; {known} there"
    yield ok(what, f"{text}; the first copy makes {', '.join(absent)}" if absent and patient.chains else text)


def _files(patient: Patient, catalog: Catalog) -> Iterator[Finding]:
    """A small file beside the tables, written, read and deleted; it is deleted whatever happens."""
    from pyiceberg.io import load_file_io

    what, lake = "files of the lake", patient.settings.lake
    # the printed policy is about folders of databases
    folder = f"{lake.warehouse}/{patient.chains[0].names.lake_database}" if patient.chains else lake.warehouse
    location = f"{folder}/mssql_starrocks_doctor_{secrets.token_hex(6)}"
    files = load_file_io(catalog.properties, location)
    try:
        with explained(lake):
            try:
                _write_and_read(files, location)
            except BaseException:
                with suppress(Exception):  # what could not be written cannot be deleted
                    _delete(lake, files, location)
                raise
            _delete(lake, files, location)
    except LakeError as error:
        yield failed(what, str(error), _advice(error, patient, "Files"))
        return
    yield ok(what, f"written, read and deleted in {folder}")


def _write_and_read(files: FileIO, location: str) -> None:
    with files.new_output(location).create() as stream:
        stream.write(_CONTENT)
    with files.new_input(location).open() as stream:
        if stream.read() != _CONTENT:
            raise LakeError(f"{location} does not hold what was just written to it.")


def _delete(lake: LakeSettings, files: FileIO, location: str) -> None:
    """Not by Arrow's S3, which puts an empty object in the place of a folder whose last file it deletes."""
    if not lake.bucket:
        files.delete(location)
        return
    import boto3
    from botocore.config import Config

    secret, token = lake.secret_access_key, lake.session_token
    client = boto3.client(
        "s3",
        region_name=lake.region,
        endpoint_url=lake.endpoint,
        aws_access_key_id=lake.access_key_id,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        aws_session_token=token.get_secret_value() if token else None,
        config=Config(s3={"addressing_style": "path"}) if lake.endpoint else None,
    )
    client.delete_object(Bucket=lake.bucket, Key=location.removeprefix(f"s3://{lake.bucket}/"))


def _advice(error: LakeError, patient: Patient, part: str) -> str:
    """The statement of the printed IAM policy that this needs, in one line, if rights are what is missing."""
    lake = patient.settings.lake
    if not isinstance(error, LakeDeniedError):
        return ""
    if lake.catalog != "glue" or not lake.bucket:
        return "Check the rights of this user."
    if not patient.chains:
        return "Check the rights of this user; after  mssql-starrocks discover  the statement is printed here."
    found: list[dict[str, Any]] = json.loads(lake_policy(lake, patient.chains))["Statement"]
    (statement,) = [one for one in found if one["Sid"] == part]
    return f"IAM: {json.dumps(statement)}"


def _clock(patient: Patient, _: Catalog) -> Iterator[Finding]:
    """Every answer of S3 has a date, also a refusal; AWS takes no request that is 15 minutes off."""
    lake = patient.settings.lake
    if not lake.bucket:
        return
    url = lake.endpoint or f"https://s3.{lake.region}.amazonaws.com"

    def ask() -> dt.datetime:
        request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - a setting, http or https
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310
                text = answer.headers["Date"]
        except urllib.error.HTTPError as error:
            text = error.headers["Date"]
        return parsedate_to_datetime(text)

    yield patient.clock("S3", ask, resolution=1)
