"""Who may ask: a token on everything but /health."""

from __future__ import annotations

import base64
import binascii
import hmac

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mssql_starrocks.errors import ConfigError

OPEN = "/health"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TOKEN_VARIABLE = "MSSQL_STARROCKS_API_TOKEN"  # noqa: S105  # its name
_SHORTEST = 16


class TokenRequired:
    """In front of the app, so that no route can forget it.

    A browser asks for user and password: any user and the token as password may look, but not change anything, because
    a browser sends them with what other pages make it ask.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == OPEN or self._known(scope):
            await self._app(scope, receive, send)
            return
        challenge = 'Bearer realm="mssql-starrocks", Basic realm="mssql-starrocks: the token is the password"'
        detail = "A token is required: Authorization: Bearer TOKEN"
        await JSONResponse({"detail": detail}, 401, {"WWW-Authenticate": challenge})(scope, receive, send)

    def _known(self, scope: Scope) -> bool:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, credentials = given.partition(b" ")
        if scheme.lower() == b"basic" and scope["method"] in ("GET", "HEAD"):
            credentials = _password(credentials)
        elif scheme.lower() != b"bearer":
            return False
        return hmac.compare_digest(credentials.strip(), self._token)


class OtherSitesRefused:
    """Where no token is asked for: a page of another site may send POST without a body, or with some kinds, unasked.

    Browsers say so by themselves, and scripts cannot change it: https://fetch.spec.whatwg.org/#origin-header and
    https://w3c.github.io/webappsec-fetch-metadata/. Programs send neither header.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _of_another_site(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        detail = "A page of another site asked for this: open the API's own address, or set a token"
        await JSONResponse({"detail": detail}, 403)(scope, receive, send)


def _of_another_site(headers: Headers) -> bool:
    own = headers.get("host", "").lower()
    foreign = any(origin.lower().partition("://")[2] != own for origin in headers.getlist("origin"))
    return foreign or headers.get("sec-fetch-site", "").lower() == "cross-site"


def check_token(token: str | None, host: str) -> None:
    """Refuse what would be open to others.

    Raises:
        ConfigError: no token on an address that others reach, or one that can be guessed.
    """
    if token is None and host not in LOOPBACK:
        raise ConfigError(f"--host {host} can be reached by others: set {TOKEN_VARIABLE}")
    if token is not None and (len(token) < _SHORTEST or not token.isascii() or any(c.isspace() for c in token)):
        raise ConfigError(f"{TOKEN_VARIABLE}: at least {_SHORTEST} ASCII characters without blanks are needed")


def _password(credentials: bytes) -> bytes:
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""
