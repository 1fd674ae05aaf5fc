"""Where the password goes, and what is said when StarRocks' HTTP port is not what it should be."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from mssql_starrocks.errors import WarehouseError, WarehouseUnreachableError
from mssql_starrocks.sandbox.starrocks import StarRocks
from mssql_starrocks.settings import StarRocksSettings
from mssql_starrocks.warehouse.http import StarRocksHttp

PASSWORD = "Very-Secret-1"
BEGIN = ("POST", "/api/transaction/begin", {"db": "d", "table": "t", "label": "l"})


class Elsewhere(BaseHTTPRequestHandler):
    """A front end that sends everybody to `server.location`."""

    def do_POST(self):
        self.server.seen.append(dict(self.headers))
        self.send_response(307)
        self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def handle_expect_100(self):
        return True

    def log_message(self, *args):
        pass


@pytest.fixture
def front():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    server.seen = []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def client(port, **options):
    return StarRocksHttp(
        StarRocksSettings(host="127.0.0.1", user="root", password=SecretStr(PASSWORD), http_port=port, **options)
    )


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("http://be.example.invalid:8040/api/transaction/begin", "be.example.invalid to STARROCKS_HTTP_HOSTS"),
        ("http://root:pw@be.example.invalid:8040/x", "be.example.invalid to STARROCKS_HTTP_HOSTS"),
        ("ftp://127.0.0.1/x", "cannot be read"),
        ("http://127.0.0.1:nine/x", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_a_redirect_to_a_stranger_is_refused(front, location, said):
    front.location = location
    with pytest.raises(WarehouseError, match=said) as raised:
        client(front.server_address[1]).call(*BEGIN)
    assert PASSWORD not in str(raised.value)
    assert "pw@" not in str(raised.value)


def test_a_host_that_is_named_is_followed(front):
    front.location = "http://be.example.invalid:8040/x"
    with pytest.raises(WarehouseUnreachableError, match=r"be\.example\.invalid:8040 does not answer"):
        client(front.server_address[1], http_hosts="other, BE.example.invalid").call(*BEGIN)


def test_a_circle_of_redirects_ends(front):
    front.location = f"http://127.0.0.1:{front.server_address[1]}/x"
    with pytest.raises(WarehouseError, match="more than 4 redirects"):
        client(front.server_address[1]).call(*BEGIN)
    assert len(front.seen) == 4


def test_the_password_is_sent_again_to_the_back_end_and_a_wrong_one_is_said():
    with StarRocks(users={"root": PASSWORD}) as server:
        assert "Unknown database" in client(server.http_port).call(*BEGIN)["Message"]
        wrong = StarRocksSettings(
            host="127.0.0.1", user="root", password=SecretStr("Wrong-1"), http_port=server.http_port
        )
        with pytest.raises(WarehouseError, match="refused the login of root") as raised:
            StarRocksHttp(wrong).call(*BEGIN)
        assert "Wrong-1" not in str(raised.value)
        port = server.http_port
    with pytest.raises(WarehouseUnreachableError, match=f"{port} does not answer"):
        client(port).call(*BEGIN)


def test_tls_is_verified_and_not_left_without_leave(certificate):
    with StarRocks(users={"root": PASSWORD}, certificate=certificate, https=True) as server:
        tls = {"https": True, "ca_file": str(certificate.ca_file)}
        with pytest.raises(WarehouseError, match="certificate is not trusted"):
            client(server.http_port, https=True).call(*BEGIN)
        with pytest.raises(WarehouseError, match="would go in clear"):
            client(server.http_port, **tls).call(*BEGIN)
        found = client(server.http_port, **tls, http_hosts="127.0.0.1").call(*BEGIN)
        assert "Unknown database" in found["Message"]
        trusting = {"https": True, "trust_server_certificate": True, "http_hosts": "127.0.0.1"}
        assert "Unknown database" in client(server.http_port, **trusting).call(*BEGIN)["Message"]


@pytest.mark.parametrize("name", ["a\r\nX: y", "a\0b"])
def test_a_header_cannot_be_broken_out_of(front, name):
    with pytest.raises(WarehouseError, match="line break"):
        client(front.server_address[1]).call("POST", "/x", {"label": name})
    assert not front.seen


def test_an_error_page_is_quoted_briefly():
    with StarRocks(users={"root": PASSWORD}) as server:
        server.faults.fail("/api/transaction/begin", 1105, "<html>boom</html>")
        with pytest.raises(WarehouseError, match="HTTP 500 without a JSON object: <html>boom"):
            client(server.http_port).call(*BEGIN)
