"""The named points of a chain, and how a child stops at one of them. Nothing of the product knows of them."""

import functools
import importlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


def _any_call(_: tuple[Any, ...]) -> bool:
    return True


def _last_record(args: tuple[Any, ...]) -> bool:
    """Of the ledger: earlier ones name the shadow that is being filled."""
    return not args[-1].shadow


def _pending_record(args: tuple[Any, ...]) -> bool:
    """Of the ledger: the one before the take-over, which names both snapshots."""
    return bool(args[-1].pending_snapshot_id)


@dataclass(frozen=True)
class Point:
    """A function of the product; the first call that is `meant` is the point."""

    module: str
    function: str
    meant: Callable[[tuple[Any, ...]], bool] = _any_call


_STAGES, _LOADERS = "mssql_starrocks.stages", "mssql_starrocks.warehouse.loaders"
_LAKE, _REPLACE = "mssql_starrocks.lake", "mssql_starrocks.warehouse.replace"
POINTS: Mapping[str, Point] = {
    "snapshot": Point(_STAGES, "snapshot"),
    "prove_snapshot": Point(_STAGES, "prove_snapshot"),
    "publish": Point(_STAGES, "publish"),
    "load": Point(_STAGES, "load"),
    "prove_warehouse": Point(_STAGES, "prove_warehouse"),
    "ensure_table": Point("mssql_starrocks.stages.evolving", "ensure_table"),
    "schema": Point(f"{_LAKE}.schemas", "stage"),
    "fork": Point(f"{_LAKE}.branch", "fork"),
    "copy": Point("mssql_starrocks.engines.arrow", "shape"),
    "commit": Point(f"{_LAKE}.journal", "commit"),
    "certify": Point(f"{_LAKE}.publishing", "certify"),
    "main": Point(f"{_LAKE}.publishing", "publish"),
    "claim": Point("mssql_starrocks.warehouse.ledger", "claim"),
    "shadow": Point(_REPLACE, "make_shadow"),
    "insert": Point(f"{_LOADERS}.catalog_insert", "CatalogInsert.load"),
    "begin": Point(f"{_LOADERS}.stream_load", "_Transaction.begin"),
    "send": Point(f"{_LOADERS}.stream_load", "_Transaction.load"),
    "prepare": Point(f"{_LOADERS}.stream_load", "_Transaction.prepare"),
    "commit_load": Point(f"{_LOADERS}.stream_load", "_Transaction.commit"),
    "prove_shadow": Point("mssql_starrocks.stages.loading", "_prove_table"),
    "pending": Point("mssql_starrocks.warehouse.ledger", "record", _pending_record),
    "take_over": Point(_REPLACE, "take_over"),
    "drop": Point(_REPLACE, "drop"),
    "record": Point("mssql_starrocks.warehouse.ledger", "record", _last_record),
}


def owner_of(point: Point) -> tuple[Any, str]:
    """The module or class that holds the function, and its name there."""
    *path, name = point.function.split(".")
    return functools.reduce(getattr, path, importlib.import_module(point.module)), name


def stop_at(where: str, when: str, reached: Callable[[str], None]) -> None:
    """Call `reached` once, before or after the point's function runs, with the label of the load that it is about."""
    point = POINTS[where]
    owner, name = owner_of(point)
    real, lock = getattr(owner, name), threading.Lock()
    done: list[bool] = []

    @functools.wraps(real)
    def stopping(*args: Any, **kwargs: Any) -> Any:
        with lock:
            meant = not done and point.meant(args)
            if meant:
                done.append(True)
        if meant and when == "before":
            reached(_label(args))
        answer = real(*args, **kwargs)
        if meant and when == "after":
            reached(_label(args))
        return answer

    setattr(owner, name, stopping)


def _label(args: tuple[Any, ...]) -> str:
    orders = [getattr(one, "_order", one) for one in args]
    return next((str(order.label) for order in orders if hasattr(order, "label")), "")
