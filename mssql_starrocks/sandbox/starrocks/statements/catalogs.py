"""External catalogs (facts/starrocks_judged.md A14, A15; truth topic catalog)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mssql_starrocks.sandbox.starrocks.errors import access_denied, analyzing, plain, unknown_catalog, unsupported
from mssql_starrocks.sandbox.starrocks.meta.model import Catalog
from mssql_starrocks.sandbox.starrocks.meta.store import DEFAULT_CATALOG
from mssql_starrocks.sandbox.starrocks.rules.names import check_catalog
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.statements.show import table_of
from mssql_starrocks.sandbox.starrocks.wire.packets import Result

OTHER_TYPES = {"hive", "hudi", "jdbc", "elasticsearch", "deltalake", "paimon", "odps", "kudu", "unified", "benchmark"}
# the first property such a catalog cannot be without
NEEDED = {"hive": "hive.metastore.uris", "jdbc": "driver_class"}
ICEBERG_NEEDED = {"hive": "hive.metastore.uris", "hadoop": "iceberg.catalog.warehouse"}
ICEBERG_TYPES = {"glue", "rest", "jdbc", *ICEBERG_NEEDED}
MASKED = {
    "aws.s3.access_key", "aws.s3.secret_key", "aws.glue.access_key", "aws.glue.secret_key",
    "aws.s3.session_token", "aws.glue.session_token", "iceberg.catalog.jdbc.password",
}  # fmt: skip


def create(session: Session, cursor: Cursor) -> None:
    if_not_exists = cursor.accept("IF NOT EXISTS")
    name = cursor.name()
    comment = cursor.string() if cursor.accept("COMMENT") else ""
    cursor.expect("PROPERTIES")
    properties = cursor.properties()
    cursor.end()
    session.store.grants.need(session.user, "CREATE EXTERNAL CATALOG", "SYSTEM")
    check_catalog(name)
    if name == DEFAULT_CATALOG:
        raise analyzing(f"External catalog name can't be the same as internal catalog name '{name}'")
    _check_type(name, properties, session.release)
    with session.store.lock:
        if name in session.store.catalogs:
            if if_not_exists:
                return
            raise plain(f"Catalog '{name}' already exists", 5514)
        session.store.catalogs[name] = Catalog(name, properties, comment)


def _check_type(name: str, properties: dict[str, str], release: tuple[int, int]) -> None:
    kind = properties.get("type", "").lower()
    if not kind:
        raise analyzing("'type' can not be null or empty")
    if kind in OTHER_TYPES:
        needed = NEEDED.get(kind)
        if needed and not properties.get(needed):
            raise plain(
                f"connector create failed {{Failed to init connector [type: {kind}, name: {name}]. "
                f"msg: Missing {needed} in properties}}"
            )
        raise unsupported(f"catalogs of type {kind}")
    if kind != "iceberg":
        raise analyzing(f"[type : {properties['type']}] is not supported")
    if not properties.get("iceberg.catalog.type"):
        raise plain(
            f"connector create failed {{Failed to init connector [type: iceberg, name: {name}]. "
            "msg: Can't find iceberg.catalog.type}"
        )
    catalog_type = properties["iceberg.catalog.type"].lower()
    if release < (4, 1):
        return
    # 4.1 connects at CREATE (facts/starrocks_judged.md A14)
    needed = ICEBERG_NEEDED.get(catalog_type) or ("" if catalog_type == "glue" else "iceberg.catalog.uri")
    if catalog_type not in ICEBERG_TYPES or (needed and not properties.get(needed)):
        raise plain(f"connector create failed {{Failed to init connector [type: iceberg, name: {name}]}}")
    if catalog_type in ICEBERG_NEEDED:
        raise unsupported(f"iceberg.catalog.type = {catalog_type}")


def alter(session: Session, cursor: Cursor) -> None:
    name = cursor.name()
    cursor.expect("SET")
    properties = cursor.properties()
    cursor.end()
    found = session.store.catalogs.get(name)
    if found is None:
        raise plain(f"Unknown catalog '{name}'", 5078)
    session.store.grants.need(session.user, "ALTER", "CATALOG", name)
    with session.store.lock:
        session.store.catalogs[name] = replace(found, properties=found.properties | properties)
    session.engine.forget_lake(name)


def drop(session: Session, cursor: Cursor) -> None:
    if_exists = cursor.accept("IF EXISTS")
    name = cursor.name()
    cursor.end()
    if name == DEFAULT_CATALOG:
        raise analyzing("Can't drop the default internal catalog")
    if name not in session.store.catalogs:
        if if_exists:
            return
        raise plain(f"Unknown catalog '{name}'", 5078)
    session.store.grants.need(session.user, "DROP", "CATALOG", name)
    with session.store.lock:
        del session.store.catalogs[name]
    session.engine.forget_lake(name)


def _mask(key: str, value: str, release: tuple[int, int]) -> str:
    """First and last two characters stay (facts/starrocks_judged.md A15)."""
    hidden = key in MASKED or (key == "iceberg.catalog.oauth2.credential" and release >= (4, 0))
    return f"{value[:2]}******{value[-2:]}" if hidden else value


def hash_order(keys: Iterable[str]) -> list[str]:
    """The order in which a Java HashMap of up to 12 or 24, 48 .. keys gives them (truth catalog-034)."""
    found, size = list(keys), 16
    while len(found) > size * 3 // 4:
        size *= 2
    return sorted(found, key=lambda key: _spread(key) % size)


def _spread(text: str) -> int:
    number = 0
    for char in text:
        number = (31 * number + ord(char)) % 2**32
    return number ^ (number >> 16)


def show_create(session: Session, cursor: Cursor) -> Result:
    name = cursor.name()
    cursor.end()
    header = ["Catalog", "Create Catalog"]
    if name == DEFAULT_CATALOG:
        return table_of(header, [])
    found = session.store.catalogs.get(name)
    if found is None:
        raise unknown_catalog(name)
    comment = f'comment "{found.comment}"\n' if found.comment else ""
    lines = ",\n".join(
        f'"{key}"  =  "{_mask(key, found.properties[key], session.release)}"' for key in hash_order(found.properties)
    )
    return table_of(header, [(name, f"CREATE EXTERNAL CATALOG `{name}`\n{comment}PROPERTIES ({lines}\n)")])


def set_catalog(session: Session, cursor: Cursor) -> None:
    name = cursor.name()
    cursor.end()
    if name != DEFAULT_CATALOG:
        if name not in session.store.catalogs:
            raise plain(f"Unknown catalog '{name}'", 5078)
        if not _visible(session, name):
            session.store.grants.need(session.user, "USAGE", "CATALOG", name)
    session.catalog, session.database = name, ""


def _visible(session: Session, name: str) -> bool:
    held = session.store.grants.of(session.user)
    return any(isinstance(grant.target, tuple) and grant.target[0] == name for grant in held)


def refresh(session: Session, cursor: Cursor) -> None:
    path = cursor.path()
    if cursor.peek() == "PARTITION":
        raise unsupported("REFRESH of single partitions")
    cursor.end()
    catalog, database, name = session.path(path)
    if catalog == DEFAULT_CATALOG:
        raise unsupported("REFRESH EXTERNAL TABLE of the default catalog")
    if catalog not in session.store.catalogs:
        raise unknown_catalog(catalog)
    # 3.5 wants ALTER, 4.0 has REFRESH (facts/starrocks_judged.md A22)
    grants, path3 = session.store.grants, (catalog, database, name)
    privilege = "REFRESH" if session.release >= (4, 0) else "ALTER"
    if not grants.on_external(session.user, privilege, path3):
        raise access_denied(privilege, "TABLE", name)
    session.engine.lake(catalog).refresh(database, name)
