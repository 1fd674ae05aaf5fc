"""The API over a sandbox with three tables: opened, asked over HTTP, and opened again."""

import time
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from mssql_starrocks.api.app import create_app
from mssql_starrocks.api.jobs import Jobs
from mssql_starrocks.config import Config
from mssql_starrocks.orchestration.address import WebserverAddress
from mssql_starrocks.orchestration.launch.prepare import Workplace
from mssql_starrocks.settings import Settings

TOKEN = "a-token-of-the-tests-only"
TABLES = ("shop.one", "shop.two", "shop.three")


@pytest.fixture(scope="module")
def source(certificate):
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as box:
        box.sqlserver.execute("CREATE SCHEMA shop")
        for number, name in enumerate(TABLES, start=1):
            box.sqlserver.execute(f"CREATE TABLE {name} (id int NOT NULL PRIMARY KEY, a nvarchar(20) NULL)")
            for row in range(number):
                box.sqlserver.execute(f"INSERT INTO {name} VALUES ({row}, N'value {row}')")
        box.sqlserver.execute("CREATE TABLE dbo.floats (id float NOT NULL PRIMARY KEY)")
        yield box


@pytest.fixture
def home(tmp_path):
    found = tmp_path / "home"
    found.mkdir()
    (found / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    return found


class Api:
    """One opening of the service after the other, over the same home."""

    def __init__(self, source, home, **config):
        self._settings = Settings.load(source.environment(), dotenv=None)
        self._home, self.config = home, Config(**{"retries": 0, **config})
        self._file = home / "mssql_starrocks.yaml"

    @contextmanager
    def opened(self, at_once=4, token=TOKEN, base="http://testserver"):
        jobs = Jobs(lambda: Workplace(self.config, self._file, lambda: self._settings), self._settings, self._home,
                    at_once)  # fmt: skip
        with jobs:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            app = create_app(jobs, token, WebserverAddress.parse("ui.example:3000"))
            yield Client(TestClient(app, base_url=base, headers=headers, raise_server_exceptions=False), jobs)


class Client:
    def __init__(self, http, jobs):
        self.http, self.jobs = http, jobs

    def get(self, path, **parameters):
        return self.http.get(path, params=parameters)

    def post(self, path, **body):
        return self.http.post(path, json=body)

    def launched(self, path, **body):
        answer = self.post(path, **body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "pending"
        return answer.json()["job_id"]

    def status(self, number, **parameters):
        answer = self.get(f"/migration/status/{number}", **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ended(self, number):
        while (found := self.status(number))["status"] in ("pending", "running"):
            time.sleep(0.2)
        return found

    def done(self, path, **body):
        return self.ended(self.launched(path, **body))


@pytest.fixture
def api(source, home):
    return Api(source, home)


@pytest.fixture
def client(api):
    with api.opened() as client:
        yield client
