"""The generated pages of docs/: `make docs` writes them, and a test fails when one is stale."""

from mssql_starrocks.reference.configuration import configuration_page
from mssql_starrocks.reference.errors import errors_page
from mssql_starrocks.reference.permissions import permissions_page
from mssql_starrocks.reference.types import types_page

PAGES = {
    "configuration.md": configuration_page,
    "errors.md": errors_page,
    "permissions.md": permissions_page,
    "types.md": types_page,
}
