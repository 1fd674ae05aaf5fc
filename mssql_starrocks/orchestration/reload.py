"""Ask the webserver to load a code location again."""

from mssql_starrocks.errors import MssqlStarrocksError
from mssql_starrocks.orchestration.address import WebserverAddress

_TIMEOUT = 50  # seconds; less than a sensor's tick may take


class ReloadError(MssqlStarrocksError):
    """The webserver did not reload the code location."""


def reload_location(webserver: str, location: str) -> None:
    """Reload and wait until it is loaded. `webserver` is `host:port` or a URL.

    Raises:
        ConfigError: `webserver` is no address.
        ReloadError: nobody answers there, or the location cannot be loaded; says why.

    """
    from dagster_graphql import DagsterGraphQLClientError, ReloadRepositoryLocationStatus
    from requests.exceptions import RequestException

    address = WebserverAddress.parse(webserver)
    try:
        found = address.client(_TIMEOUT).reload_repository_location(location)
    except (RequestException, DagsterGraphQLClientError) as error:
        # The client's own text repeats the query; what happened is in the error under it.
        raise ReloadError(f"webserver {address} did not reload {location}: {error.__cause__ or error}") from None
    if found.status is not ReloadRepositoryLocationStatus.SUCCESS:
        reason = (found.message or found.failure_type or "no reason given").strip().splitlines()[0]
        raise ReloadError(f"{location} cannot be loaded: {reason}")
