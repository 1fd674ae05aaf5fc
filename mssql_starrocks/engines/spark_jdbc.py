"""The `spark_jdbc` loader: Spark reads the snapshot and sends INSERT batches through MySQL's JDBC driver.

Compatibility with the original, and slow: StarRocks takes 64 to 99 ms for each INSERT (facts/starrocks.md 4). The rows
of a failed load are taken out again, and there is no label in StarRocks, so only an empty table is filled. A task that
Spark is still ending may write after that: into a shadow table that nobody will use.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from mssql_starrocks.engines.java import explain
from mssql_starrocks.engines.trust import authority_store
from mssql_starrocks.errors import MssqlStarrocksError, WarehouseError, WarehouseUnreachableError
from mssql_starrocks.lake.catalog import CATALOG_NAME
from mssql_starrocks.model import PlannedColumn
from mssql_starrocks.settings import StarRocksSettings
from mssql_starrocks.types.dialects import quote_starrocks
from mssql_starrocks.warehouse.connect import SQL_MODE, WarehouseSession
from mssql_starrocks.warehouse.ddl import table_name
from mssql_starrocks.warehouse.loaders import LoadOrder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_BATCH_ROWS = 500  # of any width: all of them wait in memory; below StarRocks' 10,000 (facts/starrocks_judged.md A17)
# Everything but bytes travels as text, which StarRocks converts strictly: java.sql.Date and Timestamp have another
# calendar before 1582, and a number with an exponent is a DECIMAL there (facts/starrocks_judged.md B).
_TEXT = {
    "boolean": "CAST(CAST({c} AS INT) AS STRING)",
    "timestamp": "date_format({c}, 'yyyy-MM-dd HH:mm:ss.SSSSSS')",
    "float": "IF({c} IS NULL, NULL, format_string('%.16e', CAST({c} AS DOUBLE)))",
    "double": "IF({c} IS NULL, NULL, format_string('%.16e', {c}))",  # of NULL it makes 'null'
    "string": "{c}",
    "binary": "{c}",
}
_ANY_TEXT = "CAST({c} AS STRING)"
_BY_TARGET = re.compile(r"\{c\}|CAST\(\{c\} AS [A-Z0-9(),]+\)|parse_json\(\{c\}\)|date_format\(\{c\}, '[^']+'\)")
_LOST = ("CommunicationsException", "ConnectionIsClosedException", "StatementIsClosedException")


class SparkJdbc:
    """Fills a table through one Spark session, which is shared and never stopped here."""

    name = "spark_jdbc"

    def __init__(self, spark: SparkSession, starrocks: StarRocksSettings) -> None:
        self._spark, self._starrocks = spark, starrocks

    def load(self, session: WarehouseSession, order: LoadOrder) -> int:
        """Load in many statements, hence many transactions.

        Raises:
            WarehouseError: the table is not empty, or StarRocks refused; the table is empty again.
            WarehouseUnreachableError: StarRocks was lost, or Spark repeated a task that had already written rows; the
                table is empty again as soon as StarRocks can be reached.
        """
        if _count(session, order):
            raise WarehouseError(f"{order.subject} is not empty, and a load through JDBC has no label to ask about.")
        try:
            self._write(order)
            rows = _count(session, order)
            self._refuse_repeated(order, rows)
        except BaseException as error:
            with suppress(WarehouseError):
                session.run(f"TRUNCATE TABLE {table_name(order.into)}", order.subject)
            if isinstance(error, MssqlStarrocksError) or not isinstance(error, Exception):
                raise
            raise self._explained(error, order) from None  # Java's traceback says nothing more
        return rows

    def _refuse_repeated(self, order: LoadOrder, rows: int) -> None:
        """Spark tries a failed task again, and what its first attempt wrote stays."""
        counted = self._spark.sql(f"SELECT count(*) AS n FROM {_snapshot(order)}").first()
        expected = int(counted["n"]) if counted else 0
        if rows != expected:
            raise WarehouseUnreachableError(
                f"{order.subject}: {rows:,} rows arrived of {expected:,}: a task of Spark failed and wrote again."
            )

    def _write(self, order: LoadOrder) -> None:
        context = self._spark.sparkContext
        context.setJobGroup(order.label, f"{order.chain.table.id} to StarRocks", interruptOnCancel=True)
        try:
            self._spark.sql(select(order)).write.jdbc(
                self._url(order), table_name(order.into), mode="append", properties=self._properties()
            )
        except (KeyboardInterrupt, SystemExit):
            context.cancelJobGroup(order.label)
            raise

    def _url(self, order: LoadOrder) -> str:
        return f"jdbc:mysql://{self._starrocks.host}:{self._starrocks.port}/{quote(order.into[0])}"

    def _properties(self) -> dict[str, str]:
        """Of Connector/J and of Spark's writer."""
        return {
            "driver": "com.mysql.cj.jdbc.Driver",
            "user": self._starrocks.user,
            "password": self._starrocks.password.get_secret_value(),
            "rewriteBatchedStatements": "true",
            "sessionVariables": f"sql_mode='{SQL_MODE}',time_zone='UTC',insert_max_filter_ratio=0",
            "connectTimeout": "15000",
            "batchsize": str(_BATCH_ROWS),
            "isolationLevel": "NONE",  # each INSERT commits itself
            "characterSetResults": "utf8",  # the driver's default is NULL, which StarRocks may refuse
            **self._tls(),
        }

    def _tls(self) -> dict[str, str]:
        if not self._starrocks.ca_file:
            return {"sslMode": "PREFERRED"}
        if not self._spark.sparkContext._jsc.isLocal():
            raise WarehouseError(
                "spark_jdbc verifies StarRocks' certificate on a local Spark only: import it into the cluster's Java "
                "and leave STARROCKS_CA_FILE out, or set loader: stream_load."
            )
        store = authority_store(self._starrocks.ca_file, "STARROCKS_CA_FILE", self._spark)
        found = store.properties()
        return {
            "sslMode": "VERIFY_IDENTITY",
            "trustCertificateKeyStoreUrl": store.driver.as_uri(),
            "trustCertificateKeyStoreType": found["trustStoreType"],
            "trustCertificateKeyStorePassword": found["trustStorePassword"],
        }

    def _explained(self, error: Exception, order: LoadOrder) -> WarehouseError:
        said = explain(error, order.subject, self._starrocks.password.get_secret_value())
        lost = any(name in str(error) for name in _LOST)  # an executor's exception can arrive as text only
        return (WarehouseUnreachableError if lost else WarehouseError)(str(said))


def select(order: LoadOrder) -> str:
    """Spark's SELECT of the snapshot, each value as StarRocks takes it from a literal."""
    chain = order.chain
    items = [f"{_value(c)} AS {quote_starrocks(c.name)}" for c in chain.columns]
    items += [
        f"{_TEXT.get(a.iceberg, _ANY_TEXT).format(c=quote_starrocks(a.name))} AS {quote_starrocks(a.name)}"
        for a in chain.audit_columns()
    ]
    return f"SELECT {', '.join(items)} FROM {_snapshot(order)}"


def _snapshot(order: LoadOrder) -> str:
    return f"{table_name((CATALOG_NAME, *order.chain.names.lake))} VERSION AS OF {order.snapshot_id:d}"


def _value(column: PlannedColumn) -> str:
    """`load` in Spark's SQL: what only casts is left to StarRocks, what StarRocks counts in bytes is counted so."""
    name = quote_starrocks(column.name)
    if _BY_TARGET.fullmatch(column.load):
        return _TEXT.get(column.iceberg, _ANY_TEXT).format(c=name)
    if column.load.startswith(("hex(", "if(length(")):
        return column.load.replace("parse_json({c})", "{c}").replace("length(", "octet_length(").format(c=name)
    raise WarehouseError(f"column {column.source}: spark_jdbc cannot convert it; set loader: stream_load.")


def _count(session: WarehouseSession, order: LoadOrder) -> int:
    return int(session.rows(f"SELECT count(*) FROM {table_name(order.into)}", order.subject)[0][0])
