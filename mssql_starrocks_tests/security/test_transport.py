"""TLS is verified unless somebody says otherwise, and that is never silent."""

from __future__ import annotations

import json
import logging
import os
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pydantic import SecretStr

from mssql_starrocks import transport
from mssql_starrocks.errors import LakeError, WarehouseError
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.sandbox.certificate import make_certificate
from mssql_starrocks.sandbox.sqlserver import SqlServer
from mssql_starrocks.sandbox.starrocks import StarRocks
from mssql_starrocks.settings import LakeSettings, Settings, StarRocksSettings
from mssql_starrocks.warehouse import connect
from mssql_starrocks.warehouse.connect import warehouse_session

USERS = {"reader": "Reader-1-Secret"}
REFUSED, IN = "SourceError", "42"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """The right one; one of another authority; one for another host, itself trusted."""
    folder = tmp_path_factory.mktemp("certificates")
    made = {name: make_certificate(folder / name) for name in ("right", "foreign")}
    return made | {"elsewhere": make_certificate(folder / "elsewhere", "elsewhere.example")}


def dial(server, ca_file=None, **more):
    environment = {
        "MSSQL_HOST": "localhost",
        "MSSQL_PORT": str(server.port),
        "MSSQL_USER": "reader",
        "MSSQL_PASSWORD": USERS["reader"],
        "MSSQL_DATABASE": "Company",
        "STARROCKS_HOST": "h",
        "STARROCKS_USER": "u",
        **({"MSSQL_CA_FILE": str(ca_file)} if ca_file else {}),
        **more,
    }
    command = [sys.executable, "-m", "mssql_starrocks_tests.security.dial"]
    done = subprocess.run(
        command, env=dict(os.environ) | environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert USERS["reader"] not in done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("shown", "trusted", "wanted"),
    [
        ("right", "right", IN),
        ("foreign", "right", REFUSED),
        ("elsewhere", "elsewhere", REFUSED),
        ("right", None, REFUSED),
    ],
    ids=["right", "unknown authority", "wrong name", "no authority"],
)
def test_sql_server_must_show_a_certificate_of_its_name_by_a_known_authority(certificates, shown, trusted, wanted):
    with SqlServer(users=USERS, certificate=certificates[shown]) as server:
        told = dial(server, certificates[trusted].ca_file if trusted else None)
    assert [answer.partition(":")[0] for answer in told["found"].values()] == [wanted, wanted], told
    assert told["said"] == []
    if wanted == REFUSED:
        assert all("certificate" in answer and "MSSQL_CA_FILE" in answer for answer in told["found"].values()), told


def test_an_unverified_sql_server_is_a_decision_and_said_once(certificates):
    with SqlServer(users=USERS, certificate=certificates["elsewhere"]) as server:
        told = dial(server, MSSQL_TRUST_SERVER_CERTIFICATE="true")
        assert told["found"] == {"pymssql": IN, "mssql-python": IN}
        assert [text.partition(": ")[2] for text in told["said"]] == [
            "its certificate is not verified (MSSQL_TRUST_SERVER_CERTIFICATE=true)."
        ]


def test_an_unencrypted_sql_server_is_a_decision_and_said_once(certificates):
    with SqlServer(users=USERS, certificate=None, encryption="off") as server:
        asked, told = dial(server), dial(server, MSSQL_ENCRYPT="false")
    assert all(answer.startswith("Source") for answer in asked["found"].values()), asked
    assert told["found"] == {"pymssql": IN, "mssql-python": IN}
    assert ["password included" in text for text in told["said"]] == [True]


@pytest.fixture
def heard(caplog, monkeypatch):
    monkeypatch.setattr(transport, "_said", set())
    caplog.set_level(logging.WARNING, "mssql_starrocks")

    def texts():
        return [record.getMessage() for record in caplog.records if record.name.startswith("mssql_starrocks")]

    return texts


def starrocks(server, certificate=None, host="localhost", **more):
    ca_file = str(certificate.ca_file) if certificate else None
    return StarRocksSettings(host=host, port=server.port, user="root", password=SecretStr("Root-1-Secret"),
                             ca_file=ca_file, **more)  # fmt: skip


def encrypted(settings) -> bool:
    with warehouse_session(settings) as session:
        assert session.rows("SELECT 42") == [(42,)]
        return bool(session._connection._secure)


@contextmanager
def front_end(certificate):
    with StarRocks(users={"root": "Root-1-Secret"}, certificate=certificate) as server:
        yield server


def test_starrocks_is_verified_where_it_offers_tls(certificates, heard):
    with front_end(certificates["right"]) as server:
        assert encrypted(starrocks(server, certificates["right"]))
        for wrong in (None, certificates["foreign"]):
            with pytest.raises(WarehouseError, match="certificate that is not trusted.*STARROCKS_CA_FILE") as error:
                encrypted(starrocks(server, wrong))
            assert not error.value.transient
        assert not encrypted(starrocks(server, tls="off"))
    with front_end(certificates["elsewhere"]) as server:
        with pytest.raises(WarehouseError, match=r"certificate that is not trusted.*localhost"):
            encrypted(starrocks(server, certificates["elsewhere"]))
        for _ in range(2):
            assert encrypted(starrocks(server, trust_server_certificate=True))
    assert [text.partition(": ")[2] for text in heard()] == [
        "nothing is encrypted (STARROCKS_TLS=off).",
        "its certificate is not verified (STARROCKS_TRUST_SERVER_CERTIFICATE=true).",
    ]


def test_starrocks_without_tls_is_taken_only_where_nobody_asked_for_it(certificates, heard, monkeypatch):
    with front_end(None) as server:
        assert not encrypted(starrocks(server))
        assert heard() == []  # this machine
        for asking in ({"certificate": certificates["right"]}, {"tls": "required"}):
            with pytest.raises(WarehouseError, match="offers no TLS"):
                encrypted(starrocks(server, **asking))
        monkeypatch.setattr(connect, "is_loopback", lambda host: False)
        for _ in range(2):
            assert not encrypted(starrocks(server))
        assert [text.partition(" offers ")[2][:7] for text in heard()] == ["no TLS:"]


class _Nothing(BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_error(500)

    def log_message(self, *_):
        pass


def test_aws_must_show_a_certificate_by_a_known_authority(certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates["right"].cert_file, certificates["right"].key_file)
    with HTTPServer(("127.0.0.1", 0), _Nothing) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        endpoint = f"https://localhost:{server.server_port}"
        lake = LakeSettings(
            bucket="b", endpoint=endpoint, access_key_id="AK", secret_access_key=SecretStr("Lake-1-Secret")
        )
        with pytest.raises(LakeError, match="(?i)certificate"):
            listed(lake)
        server.shutdown()


def listed(lake):
    from mssql_starrocks.lake.errors import explained

    with explained(lake):
        return open_catalog(lake).list_namespaces()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, ()),
        ({"MSSQL_ENCRYPT": "no"}, ("MSSQL_ENCRYPT",)),
        ({"MSSQL_TRUST_SERVER_CERTIFICATE": "1"}, ("MSSQL_TRUST",)),
        ({"AWS_ENDPOINT_URL": "http://minio.example:9000"}, ("AWS_ENDPOINT_URL is plain HTTP",)),
        ({"AWS_ENDPOINT_URL": "https://minio.example"}, ()),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"}, ()),
        ({"ICEBERG_CATALOG_TYPE": "rest", "ICEBERG_CATALOG_URI": "http://u:p@c.example"}, ("from c.example",)),
        ({"STARROCKS_TLS": "off"}, ("STARROCKS_TLS",)),
        ({"STARROCKS_TRUST_SERVER_CERTIFICATE": "yes"}, ("STARROCKS_TRUST",)),
    ],
)
def test_what_settings_leave_open_is_listed(environment, said):
    base = {"MSSQL_HOST": "h", "MSSQL_USER": "u", "MSSQL_PASSWORD": "p", "MSSQL_DATABASE": "d"}
    base |= {"STARROCKS_HOST": "s", "STARROCKS_USER": "u"}
    found = transport.exposures(Settings.load({**base, **environment}, dotenv=None))
    assert len(found) == len(said)
    assert all(word in text for word, text in zip(said, found, strict=True)), found
