"""What the server answers when it refuses: code, SQLSTATE, text (facts/starrocks_judged.md D11, _measured.md 4)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)
class SqlError(Exception):
    """A refusal as it travels in an ERR packet."""

    code: int
    state: str
    text: str

    def __str__(self) -> str:
        return f"({self.code}, {self.state}) {self.text}"


class DropConnection(Exception):  # noqa: N818 - an instruction to the listener, not an error of a statement
    """A fault asked for the connection to be closed without an answer."""


def unsupported(what: str) -> SqlError:
    """StarRocks may well do this; the sandbox does not and says so."""
    return SqlError(1064, "42000", f"not supported by the sandbox: {what}")


def syntax_error(near: str, column: int = 0, detail: str = "") -> SqlError:
    detail = detail or f"Unexpected input '{near}'"
    where = f"at line 1, column {column}"
    return SqlError(1064, "42000", f"Getting syntax error {where}. Detail message: {detail}.")


def analyzing(text: str, code: int = 1064, state: str = "42000") -> SqlError:
    return SqlError(code, state, f"Getting analyzing error. Detail message: {text}.")


def plain(text: str, code: int = 1064, state: str = "HY000") -> SqlError:
    return SqlError(code, state, text)


def unknown_database(name: str) -> SqlError:
    return analyzing(f"Unknown database '{name}'", 5501, "3F000")


def unknown_table(name: str) -> SqlError:
    return analyzing(f"Unknown table '{name}'", 5502, "42602")


def table_not_found(name: str) -> SqlError:
    return analyzing(f"Table {name} is not found")


def unknown_catalog(name: str) -> SqlError:
    return analyzing(f"Unknown catalog '{name}'", 5078)


def unresolved_column(name: str) -> SqlError:
    return analyzing(f"Column '{name}' cannot be resolved")


def no_database() -> SqlError:
    return analyzing("No database selected", 1046, "3D000")


def access_denied(privileges: str, kind: str, name: str) -> SqlError:
    on = f"{kind} {name}".strip()
    return plain(
        f"Access denied; you need (at least one of) the {privileges} privilege(s) on {on} for this operation. "
        "Please ask the admin to grant permission(s) or try activating existing roles using "
        "<set [default] role>. Current role(s): NONE. Inactivated role(s): NONE.",
        5203,
        "42000",
    )


def login_refused(user: str, using_password: bool) -> SqlError:
    using = "YES" if using_password else "NO"
    return SqlError(1045, "28000", f"Access denied for user '{user}' (using password: {using})")
