"""A missing right is a line with the statement that gives it; whoever runs them all is well."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from mssql_starrocks.doctor import grants
from mssql_starrocks_tests.doctor.conftest import found, healthy, problems

PASSWORD = "Least-1-Secret"


def test_rights_in_sql_server(own_box):
    patient = healthy(own_box)
    schema = patient.chains[0].table.id.schema
    own_box.sqlserver.execute("ALTER DATABASE Company SET CHANGE_TRACKING = ON")
    own_box.sqlserver.execute(f"ALTER TABLE {schema}.days ENABLE CHANGE_TRACKING")
    tracked = [replace(c, table=replace(c.table, change_tracking=c.table.id.name == "days")) for c in patient.chains]
    patient = replace(patient, chains=tuple(tracked))
    assert problems(patient) == []
    user = f"[{patient.settings.mssql.user}]"
    own_box.sqlserver.execute(f"CREATE USER {user} FOR LOGIN {user}")
    lacking = [one for one in found(patient) if one.what == "rights in SQL Server"]
    assert [one.advice for one in lacking] == [
        f"GRANT VIEW DEFINITION ON SCHEMA::[{schema}] TO {user};",
        f"GRANT SELECT ON OBJECT::[{schema}].[days] TO {user};",
        f"GRANT VIEW CHANGE TRACKING ON OBJECT::[{schema}].[days] TO {user};",
        f"GRANT SELECT ON OBJECT::[{schema}].[notes] TO {user};",
    ]
    assert {one.state.value for one in lacking} == {"failed"}
    for one in lacking:
        own_box.sqlserver.execute(one.advice)
    assert problems(patient) == []


def test_isolation_says_what_grade_it_allows(own_box):
    patient, strict = healthy(own_box), healthy(own_box, minimum_grade="B")
    own_box.sqlserver.execute("ALTER DATABASE Company SET ALLOW_SNAPSHOT_ISOLATION OFF")
    assert problems(patient) == [("isolation", "warning")]
    (said,) = [one for one in found(strict) if one.what == "isolation"]
    assert said.state.value == "failed"
    assert said.text == "snapshot isolation off, RCSI off: grade E at best, and minimum_grade is B"
    assert said.advice.startswith("ALTER DATABASE [Company] SET ALLOW_SNAPSHOT_ISOLATION ON;")


def test_rights_in_starrocks(own_box):
    patient = healthy(own_box)
    own_box.starrocks.execute(f"CREATE USER loader IDENTIFIED BY '{PASSWORD}'")
    user = {"user": "loader", "password": SecretStr(PASSWORD)}
    starrocks = patient.settings.starrocks.model_copy(update=user)
    poor = replace(patient, settings=patient.settings.model_copy(update={"starrocks": starrocks}))
    backends = ("back ends of StarRocks", "warning")
    said = [one for one in found(poor) if one.what == "rights in StarRocks"]
    assert {one.state.value for one in said} == {"failed"}
    assert [one.text.partition(" on ")[0] for one in said] == [
        "no CREATE TABLE", "no ALTER, DROP, INSERT, SELECT", "no SELECT", "no SELECT", "no USAGE", "no SELECT",
        f"database {poor.chains[0].names.warehouse_database} is not there, or cannot be seen",
    ]  # fmt: skip
    assert problems(poor) == [backends, *[("rights in StarRocks", "failed")] * 7, ("external catalog", "failed")]
    for one in (said[-1], *said[:-1]):
        own_box.starrocks.execute(one.advice)
    assert problems(poor) == [backends]


NEEDED = """SET CATALOG default_catalog;
GRANT CREATE TABLE ON DATABASE `a` TO USER 'u';
GRANT SELECT, INSERT ON ALL TABLES IN DATABASE `a` TO USER 'u';
GRANT USAGE ON CATALOG `lake` TO USER 'u';
SET CATALOG `lake`;
GRANT SELECT ON ALL TABLES IN DATABASE `b` TO USER 'u';
"""


@pytest.mark.parametrize(
    ("rows", "missing"),
    [
        ([], {"a", "a tables", "lake", "b tables"}),
        ([("default_catalog", "GRANT CREATE TABLE ON DATABASE x, a TO USER 'u'@'%'")],
         {"a tables", "lake", "b tables"}),
        ([("default", "GRANT INSERT, SELECT ON ALL TABLES IN DATABASE a TO USER 'u'@'%'")], {"a", "lake", "b tables"}),
        ([("default_catalog", "GRANT SELECT ON ALL TABLES IN ALL DATABASES TO USER 'u'@'%'"),
          ("default_catalog", "GRANT INSERT ON ALL TABLES IN DATABASE a TO USER 'u'@'%'")], {"a", "lake", "b tables"}),
        ([("lake", "GRANT SELECT ON ALL TABLES IN ALL DATABASES TO USER 'u'@'%'")], {"a", "a tables", "lake"}),
        ([(None, "GRANT USAGE ON ALL CATALOGS TO USER 'u'@'%'")], {"a", "a tables", "b tables"}),
        ([("lake", "GRANT ALL ON CATALOG lake TO USER 'u'@'%'")], {"a", "a tables", "b tables"}),
        ([("default_catalog", "GRANT SELECT, INSERT ON TABLE a.t TO USER 'u'@'%'")],
         {"a", "a tables", "lake", "b tables"}),
        ([(None, "GRANT 'analyst' TO 'u'@'%'")], {"a", "a tables", "lake", "b tables"}),
    ],
)  # fmt: skip
def test_what_covers_what(rows, missing):
    names = ("a", "a tables", "lake", "b tables")
    held = grants.held(rows)
    assert {n for n, one in zip(names, grants.needed(NEEDED), strict=True) if not grants.covered(one, held)} == missing


def test_roles_are_read_apart_from_privileges():
    assert grants.roles(["GRANT 'root', 'public' TO 'u'@'%'", "GRANT SELECT ON TABLE a.b TO USER 'u'@'%'"]) == {
        "root",
        "public",
    }
