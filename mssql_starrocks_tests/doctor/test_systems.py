"""Each thing that is broken gives its own line, and no other."""

import datetime as dt
import re
import socket
import threading
from contextlib import nullcontext
from dataclasses import replace

import pytest
from pydantic import SecretStr

from mssql_starrocks.doctor import State
from mssql_starrocks.doctor.finding import Check, System, examine, ok
from mssql_starrocks.doctor.warehouse import system as starrocks_system
from mssql_starrocks.sandbox.starrocks import StarRocks
from mssql_starrocks.warehouse.external import catalog_properties, create_catalog
from mssql_starrocks_tests.doctor.conftest import found, problems

CANARY = "canary-Secret-1"


def changed(patient, section, **values):
    """The patient with other settings of one section."""
    other = getattr(patient.settings, section).model_copy(update=values)
    return replace(patient, settings=patient.settings.model_copy(update={section: other}))


def line(patient, what):
    (one,) = [one for one in found(patient) if one.what == what]
    return one


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_good_deployment_is_ok_and_nothing_is_left_behind(patient):
    before = keys(patient)
    lines = found(patient)
    assert keys(patient) == before
    assert [one for one in lines if one.state is not State.OK] == []
    assert {"SQL Server", "files of the lake", "external catalog", "clock of S3", "Java", "Dagster"} <= {
        one.what for one in lines
    }


def keys(patient):
    """Of everything in the bucket."""
    import boto3

    lake = patient.settings.lake
    client = boto3.client("s3", endpoint_url=lake.endpoint, region_name=lake.region,
                          aws_access_key_id=lake.access_key_id,
                          aws_secret_access_key=lake.secret_access_key.get_secret_value())  # fmt: skip
    return [one["Key"] for one in client.list_objects_v2(Bucket=lake.bucket).get("Contents", [])]


@pytest.mark.parametrize(
    ("section", "values", "what"),
    [
        ("mssql", {"password": SecretStr(CANARY)}, "SQL Server"),
        ("mssql", {"database": "Nowhere"}, "SQL Server"),
        ("mssql", {"ca_file": None}, "SQL Server"),
        ("starrocks", {"password": SecretStr(CANARY)}, "StarRocks"),
        ("starrocks", {"ca_file": None}, "StarRocks"),
        ("lake", {"bucket": "no-such-bucket"}, "files of the lake"),
        ("lake", {"bucket": ""}, "lake"),
        ("lake", {"catalog": "rest"}, "lake"),
    ],
)
def test_a_connection_that_fails_is_one_line(patient, section, values, what):
    broken = changed(patient, section, **values)
    assert problems(broken) == [(what, "failed")]
    assert CANARY not in str(found(broken))
    assert "Traceback" not in line(broken, what).text


@pytest.mark.parametrize(("section", "what"), [("mssql", "SQL Server"), ("starrocks", "StarRocks")])
def test_a_server_that_is_not_there_is_one_line(patient, section, what):
    assert problems(changed(patient, section, port=closed_port())) == [(what, "failed")]


def test_wrong_keys_of_aws_fail_both_ways_to_the_lake(patient):
    broken = changed(patient, "lake", access_key_id="AKIAWRONG", secret_access_key=SecretStr(CANARY))
    assert problems(broken) == [("databases of the lake", "failed"), ("files of the lake", "failed")]
    assert CANARY not in str(found(broken))
    assert '"glue:GetDatabase"' in line(broken, "databases of the lake").advice


def test_what_is_not_encrypted_is_a_warning(patient):
    open_ = changed(patient, "mssql", trust_server_certificate=True)
    assert problems(open_) == [("TLS to SQL Server", "warning")]
    assert problems(changed(patient, "starrocks", tls="off", ca_file=None)) == [("TLS to StarRocks", "warning")]


def test_clocks_that_differ_are_warnings(patient):
    late = replace(patient, now=lambda: dt.datetime.now(dt.timezone.utc) - dt.timedelta(minutes=1))
    assert problems(late) == [(f"clock of {where}", "warning") for where in ("SQL Server", "S3", "StarRocks")]
    assert re.fullmatch(r"\+(59|60)\.\d s from this machine's", line(late, "clock of SQL Server").text)


def test_an_external_catalog_that_is_missing_or_caches_is_said(patient):
    absent = changed(patient, "starrocks", catalog="other_lake")
    assert problems(absent) == [("external catalog", "warning")]
    said = line(absent, "external catalog")
    assert "CREATE EXTERNAL CATALOG `other_lake`" in said.advice
    assert patient.settings.lake.secret_access_key.get_secret_value() not in str(said)


def test_a_catalog_with_its_cache_on_fails(box, patient):
    properties = catalog_properties(patient.settings.lake) | {"enable_iceberg_metadata_cache": "true"}
    box.starrocks.execute(create_catalog("cached_lake", properties))
    assert problems(changed(patient, "starrocks", catalog="cached_lake")) == [("external catalog", "failed")]


def test_an_old_starrocks_fails(patient, certificate):
    with StarRocks(users={"root": "x1234"}, certificate=certificate, version="3.4.9") as old:
        broken = changed(patient, "starrocks", port=old.port, password=SecretStr("x1234"))
        lines = [one for one in examine([starrocks_system(broken)]) if one.state is State.FAILED]
    assert [(one.what, one.text) for one in lines] == [("version of StarRocks", "3.4.9-sandbox")]


def test_stream_load_needs_the_http_port(patient):
    sent = replace(patient, chains=tuple(replace(c, loader="stream_load") for c in patient.chains))
    assert problems(sent) == []
    assert problems(changed(sent, "starrocks", http_port=closed_port())) == [("StarRocks over HTTP", "failed")]


def test_files_that_cannot_be_deleted_fail_with_the_iam_statement(box, patient):
    server = box.aws._server
    real = server.app

    def no_delete(environ, start_response):
        if environ["REQUEST_METHOD"] == "DELETE" or "delete" in environ.get("QUERY_STRING", ""):
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"]
        return real(environ, start_response)

    server.app = no_delete
    try:
        (said,) = [one for one in found(patient) if one.state is not State.OK]
    finally:
        server.app = real
    assert said.what == "files of the lake"
    assert "DeleteObject operation" in said.text
    assert '"s3:DeleteObject"' in said.advice


def test_a_bucket_that_is_not_there_is_no_missing_right(patient):
    broken = changed(patient, "lake", bucket="nobodys-bucket")
    (said,) = [one for one in found(broken) if one.what == "files of the lake"]
    assert said.state is State.FAILED
    assert "check S3_BUCKET" in said.text
    assert said.advice == ""


def test_a_check_that_hangs_or_breaks_stops_no_other():
    never = threading.Event()

    def hang(_):
        never.wait()
        yield ok("hang", "")

    def broken(_):
        raise RuntimeError("oops")

    good = Check("good", lambda _: [ok("good", "")])
    first = System("first", nullcontext, [Check("broken", broken), Check("hang", hang, 0.1), good])
    second = System("second", nullcontext, [good])
    lines = [(one.what, one.state.value, one.text) for one in examine([first, second])]
    never.set()
    assert lines == [
        ("broken", "failed", "RuntimeError: oops"),
        ("hang", "failed", "no answer within 0.1 s; the checks after it were not made"),
        ("good", "ok", ""),
    ]
