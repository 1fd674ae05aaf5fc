"""Glue and S3: the moto server, made as strict as AWS is where moto lets things pass (facts/lake_measured.md 2.3)."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

REGION, ACCESS_KEY, SECRET_KEY, BUCKET = "us-east-1", "AKIASANDBOX0000000000", "sandbox-secret-key", "sandbox-lake"
_NAME = re.compile(r"[a-z0-9_]{1,255}")
_COMMENT, _DESCRIPTION = 255, 2048
_patch_lock = threading.Lock()
_update_lock = threading.Lock()
_patched = False


class Aws:
    """The moto server on a free loopback port, with one bucket. Its state is one for the whole process."""

    def __init__(self) -> None:
        self._server: BaseWSGIServer | None = None
        self.endpoint = ""

    def start(self) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
        from werkzeug.serving import make_server

        make_strict()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        application = _KnownKeysOnly(DomainDispatcherApplication(create_backend_app))
        self._server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="aws").start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._make_bucket()

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _make_bucket(self) -> None:
        import boto3

        client = boto3.client("s3", endpoint_url=self.endpoint, region_name=REGION,
                              aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY)  # fmt: skip
        client.create_bucket(Bucket=BUCKET)


class _KnownKeysOnly:
    """Refuses requests signed with another key id, as AWS would; signatures themselves are not computed again."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        if f"Credential={ACCESS_KEY}/" in authorization:
            return self._application(environ, start_response)
        if "/glue/aws4_request" in authorization:
            kind, body = "application/x-amz-json-1.1", '{"__type": "UnrecognizedClientException", "message": "%s"}'
        else:
            kind, body = "application/xml", "<Error><Code>InvalidAccessKeyId</Code><Message>%s</Message></Error>"
        start_response("403 Forbidden", [("Content-Type", kind)])
        return [(body % "The security token included in the request is invalid.").encode()]


def make_strict() -> None:
    """Patch moto's Glue once per process: names, comment lengths, `VersionId` and `SkipArchive`."""
    global _patched  # noqa: PLW0603
    from moto.glue.responses import GlueResponse

    with _patch_lock:
        if _patched:
            return
        real = GlueResponse.create_database, GlueResponse.create_table, GlueResponse.update_table
        GlueResponse.create_database = lambda self: _checked(_check_database, self, real[0])
        GlueResponse.create_table = lambda self: _checked(_check_table, self, real[1])
        GlueResponse.update_table = lambda self: _strict_update(self, real[2])
        _patched = True


def _checked(check: Callable[[Any], None], response: Any, action: Callable[[Any], Any]) -> Any:
    check(response)
    return action(response)


def _strict_update(response: Any, update: Any) -> Any:
    """Glue's optimistic lock: an update of an older version is refused; SkipArchive keeps no old versions."""
    with _update_lock:
        _check_table(response)
        parameters = response.parameters
        table = response.glue_backend.get_table(parameters["DatabaseName"], parameters["TableInput"]["Name"])
        wanted = parameters.get("VersionId")
        if wanted is not None and str(wanted) != str(table._current_version):
            raise _error("ConcurrentModificationException", f"version {wanted} is not {table._current_version}")
        result = update(response)
        if parameters.get("SkipArchive"):
            for version in [v for v in table.versions if v != str(table._current_version)]:
                table.versions.pop(version)
        return result


def _check_database(response: Any) -> None:
    _check_name(response.parameters["DatabaseInput"]["Name"])


def _check_table(response: Any) -> None:
    table = response.parameters["TableInput"]
    _check_name(table["Name"])
    if len(table.get("Description") or "") > _DESCRIPTION:
        raise _error("InvalidInputException", f"Description is longer than {_DESCRIPTION} characters")
    for column in table.get("StorageDescriptor", {}).get("Columns", []):
        comment = column.get("Comment") or ""
        if len(comment) > _COMMENT or "\n" in comment:
            raise _error("InvalidInputException", f"Comment of column {column['Name']} is too long or has a newline")


def _check_name(name: str) -> None:
    """facts/iceberg_spark_glue.md 2: Glue names for Iceberg are lower-case letters, digits and underscore."""
    if not _NAME.fullmatch(name):
        raise _error("InvalidInputException", f"{name!r} is not a valid name")


def _error(kind: str, message: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    error: Exception = JsonRESTError(kind, message)
    return error
