"""StarRocks: version, TLS, back ends, rights, the external catalog, HTTP, clock."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import partial

from mssql_starrocks.doctor import grants
from mssql_starrocks.doctor.finding import Check, Finding, State, System, each, failed, ok, warning
from mssql_starrocks.doctor.patient import Patient
from mssql_starrocks.errors import WarehouseError
from mssql_starrocks.permissions import warehouse_grants
from mssql_starrocks.settings import redacted
from mssql_starrocks.transport import is_loopback, warehouse_exposures
from mssql_starrocks.types.dialects import quote_starrocks
from mssql_starrocks.warehouse.connect import WarehouseSession, warehouse_session
from mssql_starrocks.warehouse.external import catalog_properties, create_catalog, refuse_cache
from mssql_starrocks.warehouse.http import StarRocksHttp

_OLDEST = (3, 5)


def system(patient: Patient) -> System:
    starrocks = patient.settings.starrocks
    made = {
        "version of StarRocks": _version,
        "TLS to StarRocks": _tls,
        "back ends of StarRocks": _backends,
        "rights in StarRocks": _rights,
        "external catalog": _catalog,
        "StarRocks over HTTP": _http,
        "clock of StarRocks": _clock,
    }
    return System(
        "StarRocks",
        lambda: warehouse_session(starrocks),
        [Check(what, partial(look, patient)) for what, look in made.items()],
        f"{starrocks.host}:{starrocks.port}, as {starrocks.user}",
    )


def _version(_: Patient, session: WarehouseSession) -> Iterator[Finding]:
    what, text = "version of StarRocks", str(session.rows("SELECT current_version()")[0][0])
    found = re.match(r"(\d+)\.(\d+)", text)
    if found is None:
        yield warning(what, f"{text}, which is no release", "Releases from 3.5 on are known.")
    elif (int(found[1]), int(found[2])) < _OLDEST:
        yield failed(what, text, "3.5 is the oldest release that is known: upgrade StarRocks.")
    else:
        yield ok(what, text)


def _tls(patient: Patient, session: WarehouseSession) -> Iterator[Finding]:
    what, starrocks = "TLS to StarRocks", patient.settings.starrocks
    exposed = warehouse_exposures(starrocks)
    if not exposed and not session.encrypted and not is_loopback(starrocks.host):
        exposed = ("The server offers no TLS: nothing to and from it is encrypted.",)
    advice = "Set STARROCKS_TLS=required and STARROCKS_CA_FILE, and give the server a certificate."
    return each(what, exposed, advice, "encrypted and verified" if session.encrypted else "none, on this machine")


def _backends(_: Patient, session: WarehouseSession) -> Iterator[Finding]:
    what = "back ends of StarRocks"
    try:
        nodes = session.named("SHOW BACKENDS") or session.named("SHOW COMPUTE NODES")
    except WarehouseError as error:
        if error.transient:
            raise
        yield warning(what, f"not seen: {error}", "No load needs it. GRANT NODE ON SYSTEM TO USER ... shows them.")
        return
    dead = [f"{node['IP']}:{node['HeartbeatPort']}" for node in nodes if str(node["Alive"]).lower() != "true"]
    text = f"{len(nodes) - len(dead)} of {len(nodes)} alive"
    if len(dead) == len(nodes):
        yield failed(what, text, "Start them; SHOW BACKENDS has ErrMsg.")
    elif dead:
        yield warning(
            what, f"{text}, not {', '.join(dead)}", "Start them; tables with one replica there cannot be read."
        )
    else:
        yield ok(what, text)


def _rights(patient: Patient, session: WarehouseSession) -> Iterator[Finding]:
    """Every grant that permissions.warehouse_grants prints, held against SHOW GRANTS."""
    what = "rights in StarRocks"
    held, roles = _held(session)
    missing = [one for one in _needed(patient) if not grants.covered(one, held)]
    if roles & grants.MIGHTY or not missing:
        yield ok(what, f"by role {', '.join(sorted(roles))}" if roles & grants.MIGHTY else "all that loads need")
        return
    through = sorted(roles - {"public"})
    state = State.WARNING if through else State.FAILED
    for one in missing:
        text = f"no {', '.join(sorted(one.privileges))} on {one.where}"
        more = f"; what comes through {', '.join(through)} is not looked at" if through else ""
        yield Finding(what, state, text + more, one.statement)
    existing = {str(name) for (name,) in session.rows("SHOW DATABASES")}
    for database in sorted({chain.names.warehouse_database for chain in patient.chains} - existing):
        text = f"database {database} is not there, or cannot be seen"
        yield Finding(what, state, text, f"CREATE DATABASE IF NOT EXISTS {quote_starrocks(database)};")


def _needed(patient: Patient) -> tuple[grants.Needed, ...]:
    """By catalog_insert all; the other loaders do not read the lake through StarRocks."""
    found = grants.needed(warehouse_grants(patient.settings.starrocks, patient.chains))
    if _reads_lake(patient):
        return found
    catalog = patient.settings.starrocks.catalog
    return tuple(one for one in found if one.catalog != catalog and one.where != f"CATALOG {catalog}")


def _held(session: WarehouseSession) -> tuple[tuple[grants.Held, ...], frozenset[str]]:
    rows = session.named("SHOW GRANTS")
    return grants.held([(row["Catalog"], row["Grants"]) for row in rows]), grants.roles([row["Grants"] for row in rows])


def _reads_lake(patient: Patient) -> bool:
    return "catalog_insert" in ({chain.loader for chain in patient.chains} or {patient.config.loader})


def _catalog(patient: Patient, session: WarehouseSession) -> Iterator[Finding]:
    if not _reads_lake(patient):
        return
    what, name = "external catalog", patient.settings.starrocks.catalog
    if name not in {str(row[0]) for row in session.rows("SHOW CATALOGS")}:
        properties = catalog_properties(patient.settings.lake, patient.settings.starrocks.lake_role)
        advice = f"An administrator runs: {redacted(create_catalog(name, properties))};"
        held, roles = _held(session)
        text = f"{name} is not there, or {patient.settings.starrocks.user} may not use it"
        if grants.covered(grants.NEW_CATALOG, held) or roles - {"public"}:
            yield warning(what, f"{text}; the first load tries to make it", advice)
        else:
            yield failed(what, text, advice)
        return
    refuse_cache(session, name)
    seen = {str(row[0]) for row in session.rows(f"SHOW DATABASES FROM {quote_starrocks(name)}")}
    wanted = {chain.names.lake_database for chain in patient.chains}
    unseen = ", ".join(sorted(wanted - seen))
    text = f"{name} lists {len(wanted & seen)} of {len(wanted)} databases of the lake, its cache is off"
    yield ok(what, f"{text}; not yet {unseen}" if unseen else text)


def _http(patient: Patient, _: WarehouseSession) -> Iterator[Finding]:
    """Only where rows go that way; the state of a label that nobody used is a question that harms nothing."""
    chain = next((c for c in patient.chains if c.loader == "stream_load"), None)
    if chain is None:
        return
    http = StarRocksHttp(patient.settings.starrocks)
    http.call("GET", f"/api/{chain.names.warehouse_database}/get_load_state?label=mssql_starrocks_doctor")
    yield ok("StarRocks over HTTP", str(http.front))


def _clock(patient: Patient, session: WarehouseSession) -> Iterator[Finding]:
    def ask() -> dt.datetime:
        found = session.rows("SELECT utc_timestamp()")[0][0]
        return dt.datetime.fromisoformat(str(found)).replace(tzinfo=dt.timezone.utc)

    yield patient.clock("StarRocks", ask, resolution=1)
