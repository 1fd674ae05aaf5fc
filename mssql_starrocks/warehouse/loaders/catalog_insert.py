"""The default loader: StarRocks reads the snapshot itself."""

from __future__ import annotations

from mssql_starrocks.errors import WarehouseError, WarehouseUnreachableError
from mssql_starrocks.settings import LakeSettings, StarRocksSettings
from mssql_starrocks.types.dialects import quote_starrocks, text_starrocks
from mssql_starrocks.warehouse.connect import WarehouseSession, warehouse_session
from mssql_starrocks.warehouse.ddl import table_name
from mssql_starrocks.warehouse.external import ensure_catalog
from mssql_starrocks.warehouse.loaders.order import LoadOrder

_USED = "has already been used"  # with any error number (facts/starrocks_measured.md 4)


class CatalogInsert:
    """Server-side INSERT ... SELECT ... FOR VERSION AS OF from an Iceberg external catalog (facts/starrocks.md 4.1)."""

    name = "catalog_insert"

    def __init__(self, starrocks: StarRocksSettings, lake: LakeSettings) -> None:
        self._starrocks, self._lake = starrocks, lake

    def load(self, session: WarehouseSession, order: LoadOrder) -> int:
        """Load in one statement, hence one transaction.

        Raises:
            WarehouseError: StarRocks refused; nothing was loaded.
            WarehouseUnreachableError: the connection was lost and the label did not become visible.
        """
        ensure_catalog(session, self._starrocks, self._lake)
        try:
            return session.run(self._statement(order), order.subject).rows
        except WarehouseError as error:
            if not isinstance(error, WarehouseUnreachableError) and _USED not in str(error):
                raise
            rows = self._rows_of(order)
            if rows is None:
                raise
            return rows

    def _statement(self, order: LoadOrder) -> str:
        chain = order.chain
        pairs = [(c.name, c.load) for c in chain.columns] + [(a.name, "{c}") for a in chain.audit_columns()]
        targets = ", ".join(quote_starrocks(name) for name, _ in pairs)
        values = ", ".join(load.format(c=quote_starrocks(name)) for name, load in pairs)
        lake = table_name((self._starrocks.catalog, *chain.names.lake))
        return (
            f"INSERT INTO {table_name(order.into)} WITH LABEL {quote_starrocks(order.label)} ({targets}) "
            f"SELECT {values} FROM {lake} FOR VERSION AS OF {order.snapshot_id:d}"
        )

    def _rows_of(self, order: LoadOrder) -> int | None:
        """What became of a label whose answer was lost or that is used: its rows when they are in, else None."""
        with warehouse_session(self._starrocks) as session:
            found = session.rows(
                "SELECT STATE, SINK_ROWS, ERROR_MSG FROM information_schema.loads "
                f"WHERE LABEL = {text_starrocks(order.label)} AND DB_NAME = {text_starrocks(order.into[0])}"
            )
        if found and found[0][0] == "CANCELLED":
            raise WarehouseError(f"{order.subject}: load {order.label} was cancelled: {found[0][2]}")
        return int(found[0][1]) if found and found[0][0] == "FINISHED" else None
