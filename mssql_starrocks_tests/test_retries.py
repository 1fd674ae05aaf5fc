"""Errors that pass are tried again, with the reason in the log; others never."""

import itertools
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mssql_starrocks import retries, stages
from mssql_starrocks.errors import (
    LakeBusyError,
    LakeError,
    LakeUnreachableError,
    SourceError,
    is_transient,
    is_transient_aws,
    is_transient_sql_server,
    is_transient_starrocks,
)
from mssql_starrocks.lake.errors import explained
from mssql_starrocks.settings import LakeSettings
from mssql_starrocks_tests.platform import Platform, failed

_number = itertools.count()


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_WAIT", 0.0)


class _Made(Platform):
    """One source table of three rows, and the log of the stages."""

    def __init__(self, box):
        super().__init__(box)
        self.schema, self.log = f"retry{next(_number)}", []
        self.box.sqlserver.execute(f"CREATE SCHEMA {self.schema}")
        self.box.sqlserver.execute(f"CREATE TABLE {self.schema}.t (id int NOT NULL PRIMARY KEY, v nvarchar(20))")
        self.box.sqlserver.execute(f"INSERT INTO {self.schema}.t VALUES (1, N'a'), (2, N'b'), (3, NULL)")

    def chain(self, retries):
        return self.chains(include=[f"{self.schema}.*"], retries=retries)[f"{self.schema}.t"]

    def snapshot(self, chain):
        return stages.snapshot(chain, self.settings.mssql, self.settings.lake, self.spark, self.log.append)

    def load(self, chain):
        return stages.load(chain, self.settings.lake, self.settings.starrocks, self.log.append)

    @property
    def told(self):
        return [line for line in self.log if "Trying again" in line]


@pytest.fixture(scope="module")
def retry_box(certificate):
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as sandbox:
        yield sandbox


@pytest.fixture
def made(retry_box):
    return _Made(retry_box)


def test_a_source_that_comes_back_is_copied(made):
    chain = made.chain(retries=2)
    made.box.sqlserver.faults.deadlock(f"AS [v] FROM [{made.schema}].[t]", times=2)
    assert made.snapshot(chain).copied.rows == 3
    assert len(made.told) == 2
    assert "1205" in made.told[0] or "deadlock" in made.told[0]
    assert f"{made.schema}.t" in made.told[0]
    assert "(2 of 2)" in made.told[1]


def test_it_is_tried_so_often_and_no_more(made):
    chain = made.chain(retries=1)
    before = made.box.sqlserver.faults.struck()
    made.box.sqlserver.faults.deadlock(f"AS [v] FROM [{made.schema}].[t]", times=5)
    with pytest.raises(SourceError):
        made.snapshot(chain)
    assert made.box.sqlserver.faults.struck() - before == 2
    made.box.sqlserver.faults.clear()


def test_a_table_that_is_gone_is_asked_for_once(made):
    chain = made.chain(retries=3)
    made.box.sqlserver.execute(f"DROP TABLE {made.schema}.t")
    with pytest.raises(SourceError):
        made.snapshot(chain)
    assert not made.told


@pytest.mark.parametrize("when", ["drop_before", "drop_after"])
def test_a_lost_load_is_loaded_by_a_new_label_into_a_new_table(made, when):
    chain = made.chain(retries=1)
    made.snapshot(chain)
    made.prove_snapshot(chain)
    made.publish(chain)
    getattr(made.box.starrocks.faults, when)(f"{made.schema}`.`t__mssr", times=1)
    made.load(chain)
    assert not failed(made.prove_warehouse(chain))
    tables = [row[0] for row in made.warehouse(f"SHOW TABLES FROM {made.schema}")]
    assert [name for name in tables if "__mssr_" in name] == []


def test_starrocks_without_room_is_asked_again(made):
    chain = made.chain(retries=1)
    made.snapshot(chain)
    made.prove_snapshot(chain)
    made.publish(chain)
    made.box.starrocks.faults.fail("FOR VERSION AS OF", 1064, "Too many versions. tablet_id: 7, version_count: 1001")
    made.load(chain)
    assert len(made.told) == 1


def test_of_numbers_and_texts():
    assert is_transient_sql_server(1205)
    assert not is_transient_sql_server(208)
    assert is_transient_starrocks(1040, "")
    assert not is_transient_starrocks(1064, "Getting syntax error")
    assert is_transient_aws("SLOW_DOWN", 0)
    assert is_transient_aws("", 503)
    assert not is_transient_aws("EntityNotFoundException", 400)


_GLUE = '{"__type": "%s", "Message": "no"}'
_S3 = "<Error><Code>%s</Code><Message>no</Message></Error>"


@pytest.mark.parametrize(
    ("status", "code", "transient"),
    [
        (400, "ThrottlingException", True),
        (500, "InternalServiceException", True),
        (400, "ExpiredTokenException", False),
        (400, "AccessDeniedException", False),
        (400, "InvalidInputException", False),
    ],
)
def test_what_glue_says(status, code, transient):
    import boto3
    from botocore.config import Config

    with answering(status, _GLUE % code, "application/x-amz-json-1.1") as endpoint:
        keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s", "region_name": "eu-central-1"}
        glue = boto3.client("glue", endpoint_url=endpoint, config=Config(retries={"total_max_attempts": 1}), **keys)
        with pytest.raises(LakeError) as raised, explained(_lake(endpoint)):
            glue.get_databases()
    assert is_transient(raised.value) is transient, raised.value


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(503, "SlowDown", LakeBusyError), (500, "InternalError", LakeBusyError), (400, "ExpiredToken", LakeError)],
)
def test_what_s3_says(status, code, kind):
    from pyarrow.fs import AwsDefaultS3RetryStrategy, S3FileSystem

    with answering(status, _S3 % code, "application/xml") as endpoint:
        store = S3FileSystem(
            access_key="k", secret_key="s", region="eu-central-1", endpoint_override=endpoint, scheme="http",
            retry_strategy=AwsDefaultS3RetryStrategy(max_attempts=1),
        )  # fmt: skip
        with pytest.raises(LakeError) as raised, explained(_lake(endpoint)):
            store.open_input_stream("bucket/key").read()
    assert type(raised.value) is kind, raised.value


def test_nobody_there():
    from pyiceberg.catalog import load_catalog

    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    endpoint = f"http://127.0.0.1:{server.server_port}"
    server.server_close()
    with pytest.raises(LakeUnreachableError), explained(_lake(endpoint)):
        load_catalog("lake", type="rest", uri=endpoint).list_namespaces()


@contextmanager
def answering(status, text, kind):
    """A server that answers everything alike."""

    class Answer(BaseHTTPRequestHandler):
        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text.encode())

        do_GET = do_POST = do_HEAD = do_PUT = answer  # noqa: N815

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _lake(endpoint):
    return LakeSettings(region="eu-central-1", endpoint=endpoint, bucket="bucket")
