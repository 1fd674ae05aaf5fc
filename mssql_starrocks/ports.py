"""Ports of the servers that people start by our commands."""

from __future__ import annotations

import socket

from mssql_starrocks.errors import ConfigError


def refuse_busy(port: int, host: str = "127.0.0.1") -> None:
    """Look before a server is started.

    Raises:
        ConfigError: another process listens there.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"Port {port} cannot be had ({error.strerror}); choose another: --port {port + 1}"
            ) from None
