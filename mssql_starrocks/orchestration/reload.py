"""Ask the webserver to load a code location again."""

from mssql_starrocks.errors import ConfigError, MssqlStarrocksError


class ReloadError(MssqlStarrocksError):
    """The webserver did not reload the code location."""


def reload_location(webserver: str, location: str) -> None:
    """Reload and wait until it is loaded. `webserver` is `host:port`.

    Raises:
        ConfigError: `webserver` is no address.
        ReloadError: nobody answers there, or the location cannot be loaded; says why.

    """
    from dagster_graphql import DagsterGraphQLClient, DagsterGraphQLClientError, ReloadRepositoryLocationStatus
    from requests.exceptions import RequestException

    host, _, port = webserver.removeprefix("http://").rstrip("/").rpartition(":")
    if not host or not port.isdigit():
        raise ConfigError(f"webserver: {webserver} is not host:port")
    try:
        found = DagsterGraphQLClient(host, port_number=int(port), timeout=50).reload_repository_location(location)
    except (RequestException, DagsterGraphQLClientError) as error:
        # The client's own text repeats the query; what happened is in the error under it.
        raise ReloadError(f"webserver {webserver} did not reload {location}: {error.__cause__ or error}") from None
    if found.status is not ReloadRepositoryLocationStatus.SUCCESS:
        reason = (found.message or found.failure_type or "no reason given").strip().splitlines()[0]
        raise ReloadError(f"{location} cannot be loaded: {reason}")
