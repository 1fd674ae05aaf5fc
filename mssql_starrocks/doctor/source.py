"""SQL Server: both drivers, version, isolation, Change Tracking, rights, clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

from mssql_starrocks.doctor.finding import Check, Finding, System, each, failed, ok, warning
from mssql_starrocks.doctor.patient import Patient
from mssql_starrocks.model import Grade
from mssql_starrocks.permissions import source_grants
from mssql_starrocks.source.connect import Session, control_session, reader_session
from mssql_starrocks.source.point import isolation
from mssql_starrocks.transport import source_exposures
from mssql_starrocks.types.dialects import quote_tsql, text_tsql

_OLDEST = 13  # SQL Server 2016: before it HASHBYTES takes 8,000 bytes only (its documentation, "Remarks")
_HOSTED = frozenset({5, 6, 8, 11, 12})  # editions of Azure and Fabric count their versions otherwise
_EDITION = """
SELECT CAST(SERVERPROPERTY('EngineEdition') AS int) AS engine, CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)),
       CAST(SERVERPROPERTY('Edition') AS nvarchar(128)) AS edition
"""


def system(patient: Patient) -> System:
    mssql = patient.settings.mssql.at_point()
    made = {
        "TLS to SQL Server": _tls,
        "row reader of SQL Server": _reader,
        "version of SQL Server": _version,
        "isolation": _isolation,
        "Change Tracking": _tracking,
        "rights in SQL Server": _rights,
        "clock of SQL Server": _clock,
    }
    return System(
        "SQL Server",
        lambda: control_session(mssql),
        [Check(what, partial(look, patient)) for what, look in made.items()],
        f"{mssql.host}:{mssql.port}, database {mssql.database}, as {mssql.user}",
    )


def _tls(patient: Patient, _: Session) -> Iterator[Finding]:
    exposed = source_exposures(patient.settings.mssql)
    advice = "Set MSSQL_CA_FILE and take that setting back."
    return each("TLS to SQL Server", exposed, advice, "encrypted and verified")


def _reader(patient: Patient, _: Session) -> Iterator[Finding]:
    """The rows come through another driver, with a trust store of its own."""
    with reader_session(patient.settings.mssql) as session:
        session.rows("SELECT 1 AS one")
    yield ok("row reader of SQL Server", "mssql-python logs in")


def _version(_: Patient, session: Session) -> Iterator[Finding]:
    engine, version, edition = session.rows(_EDITION)[0]
    text = f"{version}, {edition}"
    if int(str(version).split(".")[0]) < _OLDEST and engine not in _HOSTED:
        yield failed("version of SQL Server", text, "SQL Server 2016 is the oldest whose proofs can be computed there.")
    else:
        yield ok("version of SQL Server", text)


def _isolation(patient: Patient, session: Session) -> Iterator[Finding]:
    """The best grade of an ordinary table, and whether it is good enough for the configuration."""
    allows, database = isolation(session), quote_tsql(patient.settings.mssql.database)
    best = Grade.A if allows.frozen_at else Grade.B if allows.snapshot else Grade.D if allows.statement else Grade.E
    advice = f"ALTER DATABASE {database} SET ALLOW_SNAPSHOT_ISOLATION ON; gives grade B."
    least = min((c.grades[0].value for c in patient.chains if c.grades[0]), default=None)
    switch = {True: "on", False: "off"}
    text = f"snapshot isolation {switch[allows.snapshot]}, RCSI {switch[allows.statement]}: grade {best.value} at best"
    if least and best.value > least:
        yield failed("isolation", f"{text}, and minimum_grade is {least}", advice)
    elif best.value > Grade.B.value:
        yield warning("isolation", text, advice)
    else:
        yield ok("isolation", text)


def _tracking(patient: Patient, session: Session) -> Iterator[Finding]:
    tracked = sum(chain.table.change_tracking for chain in patient.chains)
    on = bool(session.rows("SELECT database_id FROM sys.change_tracking_databases WHERE database_id = DB_ID()"))
    text = f"{'on' if on else 'off'} in the database, for {tracked} of {len(patient.chains)} tables (manifest)"
    if tracked and not on:
        yield warning("Change Tracking", text, "The manifest is old: run  mssql-starrocks discover")
    else:
        yield ok("Change Tracking", text)


def _rights(patient: Patient, session: Session) -> Iterator[Finding]:
    """Every right that permissions.source_grants prints, as the server itself sees it."""
    missing = False
    for grant in _wanted(patient):
        kind, name, permission, statement = grant
        asked = f"HAS_PERMS_BY_NAME({text_tsql(name)}, N'{kind}', N'{permission}')"
        (held,) = session.rows(f"SELECT {asked} AS held")[0]
        if held != 1:
            missing = True
            gone = f"{name} cannot be seen, or is gone" if held is None else f"no {permission} on {name}"
            yield failed("rights in SQL Server", gone, statement)
    if not missing:
        yield ok("rights in SQL Server", f"to read {len(patient.chains)} tables")


def _wanted(patient: Patient) -> dict[tuple[str, str, str, str], None]:
    """(class, name, permission, statement), each once; the statements are those of permissions.source_grants."""
    found: dict[tuple[str, str, str, str], None] = {}
    for chain in patient.chains:
        for line in source_grants(patient.settings.mssql, [chain]).splitlines():
            if line.startswith("GRANT "):
                permission, _, rest = line.removeprefix("GRANT ").partition(" ON ")
                kind, _, name = rest.partition("::")
                found[kind, name.removesuffix(f" TO {quote_tsql(patient.settings.mssql.user)};"), permission, line] = (
                    None
                )
    return found


def _clock(patient: Patient, session: Session) -> Iterator[Finding]:
    def ask() -> dt.datetime:
        text = str(session.rows("SELECT CONVERT(varchar(27), SYSUTCDATETIME(), 121) AS now")[0][0])
        return dt.datetime.fromisoformat(text[:26]).replace(tzinfo=dt.timezone.utc)

    yield patient.clock("SQL Server", ask)
