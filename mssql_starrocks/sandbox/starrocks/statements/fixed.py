"""SHOW statements whose answer does not depend on what is stored here (rows and headers: truth topic show)."""

from __future__ import annotations

import re
from collections.abc import Callable

from mssql_starrocks.sandbox.starrocks.errors import no_database, table_not_found, unknown_database, unsupported
from mssql_starrocks.sandbox.starrocks.information_schema import loads_of
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.statements.show import filtered, table_of
from mssql_starrocks.sandbox.starrocks.wire.packets import Result

HEADERS = {
    "SHOW ALTER TABLE ROLLUP": (
        "JobId|TableName|CreateTime|FinishedTime|BaseIndexName|RollupIndexName|RollupId|"
        "TransactionId|State|Msg|Progress|Timeout"
    ),
    "SHOW ALTER TABLE OPTIMIZE": (
        "JobId|TableName|CreateTime|FinishTime|Operation|TransactionId|State|Msg|Progress|Timeout"
    ),
    "SHOW TRIGGERS": (
        "Trigger|Event|Table|Statement|Timing|Created|sql_mode|Definer|character_set_client|"
        "collation_connection|Database Collation"
    ),
    "SHOW EVENTS": (
        "Db|Name|Definer|Time|Type|Execute at|Interval value|Interval field|Status|Ends|Status|"
        "Originator|character_set_client|collation_connection|Database Collation"
    ),
    "SHOW ENGINES": "Engine|Support|Comment|Transactions|XA|Savepoints",
    "SHOW CHARSET": "Charset|Description|Default collation|Maxlen",
    "SHOW COLLATION": "Collation|Charset|Id|Default|Compiled|Sortlen",
    "SHOW AUTHORS": "Name|Location|Comment",
    "SHOW OPEN TABLES": "Database|Table|In_use|Name_locked",
    "SHOW PRIVILEGES": "Privilege|Context|Comment",
    "SHOW DELETE": "TableName|PartitionName|CreateTime|DeleteCondition|State",
    "SHOW ROUTINE LOAD": (
        "Id|Name|CreateTime|PauseTime|EndTime|DbName|TableName|State|DataSourceType|"
        "CurrentTaskNum|JobProperties|DataSourceProperties|CustomProperties|Statistic|Progress|"
        "TimestampProgress|ReasonOfStateChanged|ErrorLogUrls|TrackingSQL|OtherMsg|"
        "LatestSourcePosition|OffsetLag"
    ),
    "SHOW STREAM LOAD": (
        "Label|Id|LoadId|TxnId|DbName|TableName|State|ErrorMsg|TrackingURL|ChannelNum|"
        "PreparedChannelNum|NumRowsNormal|NumRowsAbNormal|NumRowsUnselected|NumLoadBytes|"
        "TimeoutSecond|CreateTimeMs|BeforeLoadTimeMs|StartLoadingTimeMs|StartPreparingTimeMs|"
        "FinishPreparingTimeMs|EndTimeMs|ChannelState|Type|TrackingSQL"
    ),
}
INDEX_HEADER = (
    "Table|Non_unique|Key_name|Seq_in_index|Column_name|Collation|Cardinality|Sub_part|Packed|Null|Index_type|Comment"
)
LOAD_HEADER = (
    "JobId|Label|State|Progress|Type|Priority|ScanRows|FilteredRows|UnselectedRows|SinkRows|"
    "EtlInfo|TaskInfo|ErrorMsg|CreateTime|EtlStartTime|EtlFinishTime|LoadStartTime|"
    "LoadFinishTime|TrackingSQL|JobDetails|Warehouse"
)
ROWS: dict[str, list[tuple[str, ...]]] = {
    "SHOW ENGINES": [
        ("OLAP", "YES", "Default storage engine of StarRocks", "NO", "NO", "NO"),
        ("MySQL", "YES", "MySQL server which data is in it", "NO", "NO", "NO"),
        ("ELASTICSEARCH", "YES", "ELASTICSEARCH cluster which data is in it", "NO", "NO", "NO"),
        ("HIVE", "YES", "HIVE database which data is in it", "NO", "NO", "NO"),
        ("ICEBERG", "YES", "ICEBERG data lake which data is in it", "NO", "NO", "NO"),
    ],
    "SHOW CHARSET": [
        ("utf8", "UTF-8 Unicode", "utf8_general_ci", "3"),
    ],
    "SHOW COLLATION": [
        ("utf8_general_ci", "utf8", "33", "Yes", "Yes", "1"),
        ("binary", "binary", "63", "Yes", "Yes", "1"),
        ("gbk_chinese_ci", "gbk", "28", "Yes", "Yes", "1"),
    ],
}
LOAD_CONDITION = re.compile(
    r"(WHERE\s+(LABEL|STATE)\s*=\s*('[^']*'|\"[^\"]*\"))?\s*(ORDER\s+BY\s+\w+(\s+(ASC|DESC))?)?\s*(LIMIT\s+\d+)?", re.I
)


def _fixed(words: str) -> Callable[[Session, Cursor], Result]:
    def answer(session: Session, cursor: Cursor) -> Result:
        _database(session, cursor)
        return filtered(cursor, HEADERS[words].split("|"), ROWS.get(words, []))

    return answer


def _database(session: Session, cursor: Cursor) -> str:
    if not cursor.accept_any("FROM", "IN"):
        return session.database
    name = cursor.path()[-1]
    if name not in session.store.databases:
        raise unknown_database(name)
    return name


def show_index(session: Session, cursor: Cursor) -> Result:
    """A primary key is no index; others cannot be made here."""
    if not cursor.accept("IN"):
        cursor.expect("FROM")
    parts = cursor.path()
    if cursor.accept_any("FROM", "IN"):
        parts = [*cursor.path(), parts[-1]]
    cursor.end()
    session.native(parts, table_not_found)
    return table_of(INDEX_HEADER.split("|"), [])


def show_load(session: Session, cursor: Cursor) -> Result:
    database = _database(session, cursor)
    if not database:
        raise no_database()
    if any(load.database == database for load in loads_of(session)):
        raise unsupported("SHOW LOAD: read information_schema.loads")
    start, rest = cursor.start(), cursor.rest()
    if not LOAD_CONDITION.fullmatch(rest):
        raise unsupported(f"SHOW LOAD {cursor.sql[start:]}")
    return table_of(LOAD_HEADER.split("|"), [])


HANDLERS: dict[str, Callable[[Session, Cursor], Result | None]] = {
    **{words: _fixed(words) for words in HEADERS},
    "SHOW INDEX": show_index, "SHOW INDEXES": show_index, "SHOW KEYS": show_index, "SHOW LOAD": show_load,
}  # fmt: skip
