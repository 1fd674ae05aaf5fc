"""Table properties, checked by name and value (truth topic ddl-property; facts/starrocks_judged.md A8, A9)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mssql_starrocks.sandbox.starrocks.errors import analyzing, plain, unsupported

COMPRESSION = {"lz4", "zstd", "zlib", "snappy", "lz4_frame", "no_compression"}
KEPT_AS_WRITTEN = {"colocate_with", "partition_live_number", "mutable_bucket_num"}
CHANGED_ELSEWHERE = {
    "in_memory", "write_quorum", "replicated_storage", "storage_medium", "bucket_size", "fast_schema_evolution",
}  # fmt: skip
# Known to StarRocks, without a rule here.
NOT_HERE = (
    "storage_cooldown", "dynamic_partition.", "partition_ttl", "unique_constraints", "foreign_key_constraints",
    "datacache.", "binlog_", "labels.location", "label", "file_bundling", "base_compaction", "flat_json",
    "enable_async_write_back", "storage_volume", "storage_format", "storage_type", "version_info", "tablet_type",
    "session.", "function_column.", "enable_load_profile", "primary_index_cache", "enable_statistic_collect",
    "bucket_reshard", "timeout", "time_drift_constraint",
)  # fmt: skip


def check_properties(
    properties: Mapping[str, str],
    columns: Sequence[str],
    primary: bool,
    hashed: bool,
    backends: int,
    version: tuple[int, int],
) -> dict[str, str]:
    """The properties the table has from now on."""
    shown = {"compression": "LZ4", "fast_schema_evolution": "true", "replicated_storage": "true"}
    # default_replication_num, as far as there are back ends
    shown["replication_num"] = str(min(3, backends))
    if primary:
        shown["enable_persistent_index"] = "true"
    for key, value in properties.items():
        checked = _check(key, value, columns, primary, hashed, backends, version)
        if checked is not None:
            shown[key] = checked
    return dict(sorted(shown.items()))


def _check(
    key: str, value: str, columns: Sequence[str], primary: bool, hashed: bool, backends: int, version: tuple[int, int]
) -> str | None:
    if key == "replication_num":
        return _replication(value, backends)
    if key == "compression":
        return _compression(value)
    if key == "enable_persistent_index":
        if value.lower() == "false" and primary:
            raise plain("In-Memory index is not supported, please create table with persistent index")
        return value if primary else None
    if key in ("fast_schema_evolution", "replicated_storage", "in_memory"):
        if value.lower() not in ("true", "false"):
            raise plain(f"{key} must be `true` or `false`")
        return value if key != "in_memory" else None
    if key == "bucket_size":
        return _bucket_size(value, hashed, version)
    if key == "storage_medium":
        if value.upper() not in ("SSD", "HDD"):
            raise plain(f"Invalid storage medium: {value}")
        return value.upper()
    if key == "write_quorum":
        if value.upper() not in ("ALL", "ONE", "MAJORITY"):
            raise plain(f"unknown write quorum: {value}")
        return value
    if key == "bloom_filter_columns":
        return _bloom_filter(value, columns)
    if key in KEPT_AS_WRITTEN:
        return value
    if key.startswith(NOT_HERE):
        raise unsupported(f"table property {key}")
    raise plain(f"Unknown properties: {{{key}={value}}}")


def _replication(value: str, backends: int) -> str:
    if not re.fullmatch(r"-?\d+", value):
        raise plain(f'For input string: "{value}"')
    if int(value) <= 0:
        raise analyzing("Replication num should larger than 0")
    if int(value) > backends:
        alive = ", ".join(str(10001 + at) for at in range(backends))
        raise analyzing(
            "Table replication num should be less than of equal to the number of available BE nodes. You can "
            "change this default by setting the replication_num table properties. Current alive backend is "
            f"[{alive}]. , table=, properties.replication_num={value}"
        )
    return str(int(value))


def _compression(value: str) -> str:
    found = re.fullmatch(r"(\w+)(?:\((\d+)\))?", value)
    if not found or found[1].lower() not in COMPRESSION:
        raise plain(f"unknown compression type: {value}")
    if found[2] and (found[1].lower() != "zstd" or not 1 <= int(found[2]) <= 22):
        raise plain("Invalid level for zstd compression type")
    return value.upper()


def _bucket_size(value: str, hashed: bool, version: tuple[int, int]) -> str:
    if not value.isdigit():
        raise plain(f"Invalid bucket_size format: {value}")
    if hashed and version >= (4, 0):
        raise plain("bucket_size is only supported for tables with RANDOM distribution")
    return value


def changed_properties(new: Mapping[str, str], columns: Sequence[str], backends: int) -> dict[str, str]:
    """ALTER TABLE .. SET (truth alter-108..113)."""
    found: dict[str, str] = {}
    for key, value in new.items():
        if key in ("replication_num", "default.replication_num"):
            found[key] = _replication(value, backends)
        elif key == "enable_persistent_index":
            if value.lower() not in ("true", "false"):
                raise unsupported(f"enable_persistent_index = {value}")
            found[key] = value.lower()
        elif key == "bloom_filter_columns":
            found[key] = _bloom_filter(value, columns)
        elif key.startswith(NOT_HERE) or key in KEPT_AS_WRITTEN or key in CHANGED_ELSEWHERE:
            raise unsupported(f"changing the table property {key}")
        else:
            raise analyzing(f"Unknown properties: {{{key}={value}}}")
    return found


def _bloom_filter(value: str, columns: Sequence[str]) -> str:
    known = {column.lower() for column in columns}
    missing = [name for name in value.split(",") if name.strip().lower() not in known]
    if missing:
        raise plain(f"Invalid bloom filter column '{missing[0]}': not exists")
    return value
