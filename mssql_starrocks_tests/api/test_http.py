"""Who may ask what, and how wrong requests are refused: before anything is launched."""

import base64
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from mssql_starrocks.api.requests import LoadFromLake, MigrateSchema, Validate
from mssql_starrocks.api.security import check_token
from mssql_starrocks.config import Config
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.manifest_file import save_manifest
from mssql_starrocks.model import TableId
from mssql_starrocks.orchestration.launch.prepare import Workplace
from mssql_starrocks.selection import Selection
from mssql_starrocks.settings import Settings
from mssql_starrocks.source.discover import discover
from mssql_starrocks_tests.api.conftest import TOKEN, Api


def _basic(password):
    return "Basic " + base64.b64encode(f"anybody:{password}".encode()).decode()


def test_everything_but_health_needs_the_token(client):
    anybody = {"Authorization": ""}
    health = client.http.get("/health", headers=anybody)
    assert (health.status_code, health.json()["status"], set(health.json())) == (200, "healthy", {"status", "version"})
    paths = client.get("/openapi.json").json()["paths"]
    asked = [(method, path.replace("{job_id}", "1")) for path, item in paths.items() for method in item]
    assert len(asked) == 13
    others = ("/docs", "/openapi.json", "/nowhere", "/health/", "/nowhere/health")
    for method, path in [*asked, *(("get", path) for path in others)]:
        if path != "/health":
            for given in ("", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Token {TOKEN}", "Basic ?", "é"):
                answer = client.http.request(method, path, headers={"Authorization": given.encode()})
                assert answer.status_code == 401, (method, path, given)
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_browser_may_look_but_not_change(client):
    browser = {"Authorization": _basic(TOKEN)}
    assert client.http.get("/docs", headers=browser).status_code == 200
    assert client.http.get("/docs", headers={"Authorization": _basic("wrong")}).status_code == 401
    assert client.http.post("/validate", json={"source_schema": "shop"}, headers=browser).status_code == 401
    assert client.get("/jobs").json()["jobs"] == []


def test_without_a_token_only_this_machine_s_own_names_are_answered(api):
    with api.opened(token=None, base="http://127.0.0.1:8000") as client:
        assert client.get("/jobs").status_code == 200
        assert client.http.get("/jobs", headers={"Host": "evil.example"}).status_code == 400
        for kind in ({}, {"Content-Type": "text/plain"}):  # what a page of another site may send unasked
            answer = client.http.post("/validate", content=b'{"source_schema": "shop"}', headers=kind)
            assert answer.status_code == 422
        assert client.get("/jobs").json()["jobs"] == []


@pytest.mark.parametrize(
    "sent",
    [
        {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:9999", "Sec-Fetch-Site": "same-site"},  # another server of this machine
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_without_a_token_pages_of_other_sites_are_refused(api, sent):
    with api.opened(token=None, base="http://127.0.0.1:8000") as client:
        plain = {"Content-Type": "text/plain", **sent}
        for answer in (
            client.http.post("/jobs/1/cancel", content=b"x=1", headers=plain),
            client.http.get("/jobs", headers=sent),
            client.http.options("/jobs/1/cancel", headers={**sent, "Access-Control-Request-Method": "POST"}),
        ):
            assert answer.status_code == 403
            assert answer.json()["detail"].startswith("A page of another site asked")


def test_without_a_token_the_own_page_may_change(api):
    own = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    with api.opened(token=None, base="http://127.0.0.1:8000") as client:
        assert client.http.post("/jobs/1/cancel", headers=own).status_code == 404
        assert client.http.get("/docs", headers={"Sec-Fetch-Site": "none"}).status_code == 200
        assert client.http.post("/jobs/1/cancel").status_code == 404


@pytest.mark.parametrize(
    ("token", "host", "message"),
    [(None, "0.0.0.0", "can be reached by others"), ("", "127.0.0.1", "at least 16"), ("short", "::1", "at least 16")],
)
def test_an_open_door_is_refused(token, host, message):
    with pytest.raises(ConfigError, match=message):
        check_token(token, host)
    check_token(TOKEN, "0.0.0.0")
    check_token(None, "127.0.0.1")


def test_the_configuration_shows_no_secret(client, source, api):
    text = client.get("/config").text
    secrets = [source.environment()[n] for n in ("MSSQL_PASSWORD", "STARROCKS_PASSWORD", "AWS_SECRET_ACCESS_KEY")]
    assert all(secrets)
    assert not any(secret in text for secret in secrets)
    found = client.get("/config").json()
    assert found["settings"]["MSSQL_PASSWORD"] == "set, not shown"
    assert found["configuration"] == {"retries": 0}


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/migrate/table", {"source_schema": "shop", "table_name": "tow"}, "did you mean shop.two"),
        ("/migrate/table", {"source_schema": "shop", "table_name": "*"}, "has no table [shop].[*]"),
        ("/migrate/schema", {"source_schema": "sh*"}, "has no schema sh*"),
        ("/migrate/schema", {"source_schema": "shop", "table_list": ["one", "none"]}, "[shop].[none]"),
        ("/migrate/schema", {"source_schema": "shop", "resume_from": "none"}, "[shop].[none]"),
        ("/migrate/schema", {"source_schema": "shop", "exclude_tables": ["none"]}, "[shop].[none]"),
        ("/load/s3-to-starrocks", {"target_schema": "elsewhere"}, "name source_schema"),
        ("/validate", {"source_schema": "none"}, "has no schema none"),
    ],
)
def test_an_unknown_table_is_404_and_nothing_is_launched(client, path, body, message):
    answer = client.post(path, **body)
    assert (answer.status_code, message in answer.json()["detail"]) == (404, True), answer.text
    assert client.get("/jobs").json()["jobs"] == []


def test_a_schema_is_chosen_by_its_name_and_not_by_a_list_of_its_tables(client):
    place = client.jobs.place()
    for body in (MigrateSchema(source_schema="shop"), Validate(source_schema="shop")):
        assert body.selection(place) == Selection(schemas=("[shop]",))
    loaded = LoadFromLake(target_schema="shop", skip_until="one")
    assert loaded.selection(place) == Selection(schemas=("[shop]",), skip_until="[shop].[one]")


def test_a_table_whose_twin_differs_in_case_and_is_excluded(source, home):
    api = Api(source, home, exclude=["shop.ONE"])
    manifest = discover(Settings.load(source.environment(), dotenv=None).mssql)
    [one] = [table for table in manifest.tables if str(table.id) == "shop.one"]
    twin = replace(one, id=TableId("shop", "ONE"))
    save_manifest(manifest.with_tables((twin, *manifest.tables)), home / "manifest.json")
    with api.opened() as client:
        found = client.get("/tables", source_schema="shop", limit=1).json()
        assert (found["total"], found["tables"][0]["table"], found["tables"][0]["target"]) == (
            3,
            "shop.one",
            "shop.one",
        )
        done = client.done("/migrate/table", source_schema="shop", table_name="one", target_schema="twins")
        assert (done["status"], done["error"], done["result"]["rows"]) == ("completed", None, 1)
        assert client.post("/migrate/table", source_schema="shop", table_name="ONE").status_code == 404


def test_unknown_jobs_are_404(client):
    for answer in (client.get("/migration/status/7"), client.post("/jobs/7/cancel"), client.get("/jobs", before=7)):
        assert (answer.status_code, answer.json()) == (404, {"detail": "There is no job 7."})


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/migrate/table", {"source_schema": "shop"}, "table_name"),
        ("/migrate/table", {"source_schema": "shop", "table_name": "one", "only_s4": True}, "only_s4"),
        ("/migrate/table", {"source_schema": "shop", "table_name": "one", "only_s3": "perhaps"}, "only_s3"),
        ("/migrate/table", {"source_schema": "shop", "table_name": "one", "target_schema": "a-b"}, "target_schema"),
        ("/migrate/table", {"source_schema": "shop", "table_name": "one", "target_schema": "sys"}, "target_schema"),
        ("/migrate/schema", {"source_schema": "shop", "table_list": []}, "table_list"),
        ("/migrate/schema", {"source_schema": "shop", "parallel": 0}, "parallel"),
        ("/load/s3-to-starrocks", {}, "target_schema"),
        ("/validate", {"source_schema": ""}, "source_schema"),
    ],
)
def test_wrong_fields_are_422_and_named(client, path, body, field):
    answer = client.post(path, **body)
    assert answer.status_code == 422
    assert [wrong["loc"] for wrong in answer.json()["detail"]] == [["body", field]]
    assert client.get("/jobs").json()["jobs"] == []


@pytest.mark.parametrize("text", ["a: 2026-99-99", "[" * 200_000, "enigne: arrow"])
def test_a_wrong_configuration_is_503(client, home, text):
    file = home / "mssql_starrocks.yaml"
    file.write_text(text)
    client.jobs.place = lambda: Workplace(Config.load(file), file)
    answer = client.post("/validate", source_schema="shop")
    assert (answer.status_code, str(file) in answer.json()["detail"]) == (503, True), answer.text


def test_a_storage_of_jobs_that_does_not_answer_is_503(client, home):
    with closing(sqlite3.connect(home / "history" / "runs.db")) as runs:
        runs.execute("DROP TABLE runs")
    assert client.get("/health").status_code == 503
    for answer in (client.get("/jobs"), client.post("/validate", source_schema="shop")):
        assert answer.status_code == 503
        assert answer.json()["detail"].startswith(f"DAGSTER_HOME {home}: Dagster's storage there cannot be used (")


def test_a_body_that_is_no_json_is_400(client):
    answer = client.http.post("/migrate/table", content=b"{bad", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["detail"]) == (400, "The body is no JSON")


def test_a_parameter_that_is_misspelt_is_422_and_named(client):
    answer = client.get("/tables", source_schem="shop")
    assert answer.status_code == 422
    [wrong] = answer.json()["detail"]
    assert (wrong["loc"], wrong["msg"]) == (
        ["query", "source_schem"],
        "There is no such parameter; known: limit, offset, source_schema",
    )


def test_text_that_is_no_unicode_is_422(client):
    answer = client.http.post("/validate", content=b'{"source_schema": "\\ud800", "\\udfff": 1}',
                              headers={"Content-Type": "application/json"})  # fmt: skip
    assert answer.status_code == 422


def test_fields_of_the_original_without_a_meaning_are_told(client):
    found = client.post("/migrate/table", source_schema="shop", table_name="two", create_table=False,
                        auto_partition=False).json()  # fmt: skip
    assert [note.split()[0] for note in found["notes"]] == ["create_table", "auto_partition"]
    client.ended(found["job_id"])


def test_plan_and_report(client):
    plan = client.get("/plan", source_schema="shop", table_name="three").json()
    assert (plan["table"], plan["refused"]) == ("shop.three", "")
    assert "CREATE TABLE" in plan["plan"]["ddl"]
    assert plan["outlook"]["seconds"] > 0
    assert client.done("/migrate/table", source_schema="shop", table_name="three")["status"] == "completed"
    page = client.get("/report", source_schema="shop", table_name="three")
    assert (page.status_code, "shop.three" in page.text) == (200, True)
    made = client.get("/report", source_schema="shop", table_name="three", form="json").json()
    assert (made["summary"]["tables"], made["summary"]["certified_tables"]) == (1, 1)
    assert client.get("/report", source_schema="none").status_code == 404


def test_the_root_names_the_endpoints(client):
    assert "/migration/status/{job_id}" in client.get("/").json()["endpoints"]


def test_a_second_process_is_refused(api, client, home):
    with pytest.raises(ConfigError, match="another mssql-starrocks api serves"), api.opened():
        pass
    assert client.get("/health").status_code == 200
