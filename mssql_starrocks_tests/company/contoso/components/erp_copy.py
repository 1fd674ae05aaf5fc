"""Contoso's way of copying: their names and owners, a line in the log around each stage, failures to their own bell."""

import logging
from collections.abc import Callable

import dagster as dg

from mssql_starrocks.orchestration.alerts import Alert, Receiver
from mssql_starrocks.orchestration.assets import Result
from mssql_starrocks.orchestration.component import SqlServerToStarRocks
from mssql_starrocks.orchestration.translator import ChainProps


class ErpCopy(SqlServerToStarRocks):
    """The ERP database of Contoso in StarRocks."""

    def get_asset_spec(self, props: ChainProps) -> dg.AssetSpec:
        spec = super().get_asset_spec(props)
        return spec.replace_attributes(key=spec.key.with_prefix("erp"), owners=["team:erp"])

    def execute(self, context: dg.AssetExecutionContext, props: ChainProps, run: Callable[[], Result]) -> Result:
        context.log.info(f"contoso copies {props.chain.table.id}: {props.stage.value}")
        return super().execute(context, props, run)

    def receiver(self) -> Receiver | None:
        return ring


def ring(alert: Alert) -> None:
    """Where a company's own way of telling people would be."""
    logging.getLogger("contoso").error(alert.text)
