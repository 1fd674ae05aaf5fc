"""Connections that are not encrypted or not verified: always by somebody's decision, and never without a word."""

from __future__ import annotations

import ipaddress
import logging
import threading
from urllib.parse import urlsplit

from mssql_starrocks.settings import LakeSettings, MssqlSettings, Settings, StarRocksSettings

_log = logging.getLogger("mssql_starrocks.transport")
_said: set[str] = set()
_lock = threading.Lock()


def source_exposures(mssql: MssqlSettings) -> tuple[str, ...]:
    """What the settings leave open on the way to SQL Server."""
    where = f"SQL Server {mssql.host}:{mssql.port}"
    if not mssql.encrypt:
        return (f"{where}: nothing is encrypted, the password included (MSSQL_ENCRYPT=false).",)
    if mssql.trust_server_certificate:
        return (f"{where}: its certificate is not verified (MSSQL_TRUST_SERVER_CERTIFICATE=true).",)
    return ()


def warehouse_exposures(starrocks: StarRocksSettings) -> tuple[str, ...]:
    """What the settings leave open on the way to StarRocks; what the server does not offer shows when it is met."""
    where = f"StarRocks {starrocks.host}:{starrocks.port}"
    if starrocks.tls == "off":
        return (f"{where}: nothing is encrypted (STARROCKS_TLS=off).",)
    if starrocks.trust_server_certificate:
        return (f"{where}: its certificate is not verified (STARROCKS_TRUST_SERVER_CERTIFICATE=true).",)
    return ()


def lake_exposures(lake: LakeSettings) -> tuple[str, ...]:
    """Plain HTTP to a store or a catalog that is not on this machine."""
    addresses = {"AWS_ENDPOINT_URL": lake.endpoint, "ICEBERG_CATALOG_URI": lake.uri if lake.catalog == "rest" else None}
    return tuple(
        f"{name} is plain HTTP: nothing to and from {urlsplit(url).hostname} is encrypted."
        for name, url in addresses.items()
        if url and urlsplit(url).scheme == "http" and not is_loopback(urlsplit(url).hostname or "")
    )


def exposures(settings: Settings) -> tuple[str, ...]:
    """All of them, for people to read."""
    return (
        *source_exposures(settings.mssql),
        *lake_exposures(settings.lake),
        *warehouse_exposures(settings.starrocks),
    )


def warn_once(*texts: str) -> None:
    """Log each text as a warning, once in the life of this process."""
    for text in texts:
        with _lock:
            if text in _said:
                continue
            _said.add(text)
        _log.warning(text)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
