"""Session variables: defaults of 3.5, validation (truth topic session; facts/starrocks_judged.md A1, A20)."""

from __future__ import annotations

import difflib
import re
import zoneinfo

from mssql_starrocks.sandbox.starrocks.errors import SqlError, analyzing, plain

DEFAULTS = {
    "autocommit": "true", "sql_mode": "ONLY_FULL_GROUP_BY", "time_zone": "Asia/Shanghai", "query_timeout": "300",
    "insert_timeout": "14400", "insert_max_filter_ratio": "0.0", "enable_insert_strict": "true",
    "exec_mem_limit": "2147483648", "version": "8.0.33", "tx_isolation": "REPEATABLE-READ",
    "transaction_isolation": "REPEATABLE-READ", "max_allowed_packet": "33554432", "auto_increment_increment": "1",
    "character_set_client": "utf8", "character_set_connection": "utf8", "character_set_results": "utf8",
    "character_set_server": "utf8", "character_set_database": "utf8", "collation_server": "utf8_general_ci",
    "collation_connection": "utf8_general_ci", "collation_database": "utf8_general_ci", "init_connect": "",
    "interactive_timeout": "3600", "wait_timeout": "28800", "license": "Apache License 2.0",
    "lower_case_table_names": "0", "net_write_timeout": "60", "net_read_timeout": "60", "net_buffer_length": "16384",
    "performance_schema": "false", "query_cache_size": "1048576", "query_cache_type": "0",
    "system_time_zone": "Asia/Shanghai", "sql_select_limit": "9223372036854775807", "sql_safe_updates": "0",
    "parallel_fragment_exec_instance_num": "1", "pipeline_dop": "0", "enable_profile": "false",
    "dynamic_overwrite": "false", "partial_update_mode": "auto", "transaction_read_only": "false",
    "catalog": "default_catalog", "load_mem_limit": "0", "query_mem_limit": "0",
    "cbo_enable_low_cardinality_optimize": "true", "enable_spill": "false", "version_comment": "",
    "default_tmp_storage_engine": "InnoDB", "div_precision_increment": "4", "sql_auto_is_null": "false",
    "big_query_profile_threshold": "0s", "innodb_read_only": "true", "storage_engine": "olap",
    "default_storage_engine": "InnoDB", "warehouse": "default_warehouse",
}  # fmt: skip
SINCE = {"enable_insert_partial_update": ((4, 0), "true")}
UNTIL = {"foreign_key_checks": ((3, 5), "true"), "profiling": ((3, 5), "false")}
READ_ONLY = {
    "version",
    "version_comment",
    "system_time_zone",
    "license",
    "lower_case_table_names",
    "performance_schema",
}
INTEGERS = {
    "query_timeout": (1, 259200), "insert_timeout": (1, 259200), "exec_mem_limit": None, "pipeline_dop": None,
    "parallel_fragment_exec_instance_num": None, "load_mem_limit": None, "query_mem_limit": None, "wait_timeout": None,
    "interactive_timeout": None, "net_write_timeout": None, "net_read_timeout": None, "max_allowed_packet": None,
}  # fmt: skip
SQL_MODES = {
    "", "ALLOW_THROW_EXCEPTION", "ERROR_IF_OVERFLOW", "FORBID_INVALID_DATE", "ONLY_FULL_GROUP_BY", "PIPES_AS_CONCAT",
    "GROUP_CONCAT_LEGACY", "STRICT_TRANS_TABLES", "STRICT_ALL_TABLES", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES",
    "SORT_NULLS_LAST", "DEFAULT", "NO_ZERO_IN_DATE", "NO_ZERO_DATE", "ERROR_FOR_DIVISION_BY_ZERO", "TRADITIONAL",
    "NO_ENGINE_SUBSTITUTION", "NO_AUTO_CREATE_USER", "NO_AUTO_VALUE_ON_ZERO", "HIGH_NOT_PRECEDENCE", "IGNORE_SPACE",
    "REAL_AS_FLOAT", "ANSI", "NO_UNSIGNED_SUBTRACTION", "PAD_CHAR_TO_FULL_LENGTH",
}  # fmt: skip
MODE_ANSI_QUOTES_IGNORED = "accepted by SET, without effect (facts/starrocks_judged.md A1)"
SHORT_ZONES = {"UTC", "GMT", "CST", "SYSTEM", "Z"}


def defaults(version: tuple[int, int], release: str) -> dict[str, str]:
    found = dict(DEFAULTS)
    found["version_comment"] = f"StarRocks version {release}"
    found |= {name: value for name, (since, value) in SINCE.items() if version >= since}
    return found | {name: value for name, (until, value) in UNTIL.items() if version <= until}


def unknown(name: str, known: list[str]) -> SqlError:
    near = ", ".join(f"'{found}'" for found in difflib.get_close_matches(name, known, 3, 0.0))
    return plain(
        f"Unknown system variable '{name}', the most similar variables are {{{near}}} "
        "(or not supported by the sandbox)",
        1193,
    )


def checked(name: str, value: str, quoted: bool = True, hint: bool = False) -> str:
    """The value as it is stored, or the refusal."""
    if name in READ_ONLY:
        raise plain(f"Variable '{name}' is a read only variable", 1621)
    if name in INTEGERS:
        return _integer(name, value, hint)
    if DEFAULTS.get(name) in ("true", "false"):
        return _boolean(name, value)
    if name == "insert_max_filter_ratio":
        return _ratio(name, value)
    if name == "time_zone":
        return value if hint and not _zone_exists(value) else time_zone(value)
    if name == "sql_mode":
        return _sql_mode(value)
    if name.startswith("character_set") and value.lower() not in ("utf8", "utf8mb4", "gbk", "binary", ""):
        raise analyzing(f"Unknown character set: '{value}'", 1115)
    return value


def _integer(name: str, value: str, hint: bool) -> str:
    if not re.fullmatch(r"-?\d+", value):
        if name in ("query_timeout", "insert_timeout") and not hint:
            raise analyzing(f"{name} is not a number")
        raise plain(f"Incorrect argument type to variable '{name}'", 1232)
    bounds = INTEGERS[name]
    if bounds and int(value) < bounds[0]:
        raise analyzing(f"{name} must be equal or greater than {bounds[0]}")
    if bounds and int(value) > bounds[1]:
        raise analyzing(f"{name} must be equal or smaller than {bounds[1]}")
    return str(int(value))


def _boolean(name: str, value: str) -> str:
    if value.lower() in ("true", "on", "1"):
        return "true"
    if value.lower() in ("false", "off", "0"):
        return "false"
    raise plain(f"Variable '{name}' can't be set to the value of '{value}'", 1231)


def _ratio(name: str, value: str) -> str:
    try:
        number = float(value)
    except ValueError:
        raise plain(f"Incorrect argument type to variable '{name}'", 1232) from None
    if not 0 <= number <= 1:
        raise plain(f"Invalid {name}: '{value}'. Expected values should be between 0.0 and 1.0", 5018)
    return str(number)


def _zone_exists(value: str) -> bool:
    if value.upper() in SHORT_ZONES:
        return True
    offset = re.fullmatch(r"([+-])(\d\d?):(\d\d)", value)
    if offset:
        minutes = (int(offset[2]) * 60 + int(offset[3])) * (-1 if offset[1] == "-" else 1)
        return -12 * 60 <= minutes <= 14 * 60 and int(offset[3]) < 60
    try:
        zoneinfo.ZoneInfo(value)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return "/" in value


def time_zone(value: str) -> str:
    if not _zone_exists(value):
        raise analyzing(f"Unknown or incorrect time zone: '{value}'", 1298)
    sign = re.fullmatch(r"([+-])(\d):(\d\d)", value)
    return f"{sign[1]}0{sign[2]}:{sign[3]}" if sign else value


def _sql_mode(value: str) -> str:
    if value.isdigit():
        return "ONLY_FULL_GROUP_BY" if int(value) & 32 else ""
    modes = [part.strip().upper() for part in value.split(",")]
    if not set(modes) <= SQL_MODES:
        raise plain(f"Variable 'sql_mode' can't be set to the value of '{value}'", 1231)
    return ",".join(modes)


def duck_time_zone(value: str) -> str:
    """The zone for DuckDB and Arrow."""
    return {"SYSTEM": "Asia/Shanghai", "CST": "Asia/Shanghai", "Z": "UTC", "GMT": "UTC"}.get(value.upper(), value)
