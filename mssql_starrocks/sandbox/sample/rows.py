"""Rows of the sample's bigger tables as Arrow; a linear congruence instead of a random generator."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa

_ORDERS, _LINES = 2_000, 3
_START = dt.datetime(2023, 1, 1, 6, 30)
_STATUS = ("NEW", "PAID", "SENT", "BACK")
_PRODUCTS = ("AB-100", "AB-200", "CX-1", "ZZ-9", "ß-77")
_KINDS = ("login", "view", "basket", "payment", "Rückgabe")


def _noise(i: int, below: int) -> int:
    return (i * 1_103_515_245 + 12_345) % 2_147_483_648 % below


def orders() -> pa.Table:
    ids = range(1, _ORDERS + 1)
    placed = [_START + dt.timedelta(minutes=37 * i, microseconds=_noise(i, 10**6)) for i in ids]
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "customer_id": pa.array([_noise(i, 8) + 1 for i in ids], pa.int32()),
            "order_date": pa.array([p.date() for p in placed], pa.date32()),
            "placed_at": pa.array([f"{p:%Y-%m-%d %H:%M:%S.%f}{i % 10} {_offset(i)}" for i, p in enumerate(placed, 1)]),
            "status": pa.array([_STATUS[_noise(i, 4)] for i in ids]),
            "total": pa.array([Decimal(_noise(i, 10**8)) / 100 for i in ids], pa.decimal128(18, 2)),
            "comment": pa.array([None if i % 7 else f"bitte bis {i % 24} Uhr „sofort“ ✓" for i in ids]),
        }
    )  # fmt: skip


def order_lines() -> pa.Table:
    keys = [(order, line) for order in range(1, _ORDERS + 1) for line in range(1, _noise(order, _LINES) + 2)]
    return pa.table(
        {
            "order_id": pa.array([o for o, _ in keys], pa.int64()),
            "line_no": pa.array([n for _, n in keys], pa.int16()),
            "product": pa.array([_PRODUCTS[_noise(o + n, 5)] for o, n in keys]),
            "quantity": pa.array([_noise(o * n, 20) + 1 for o, n in keys], pa.int32()),
            "price": pa.array([Decimal(_noise(o - n, 10**6)) / 10_000 for o, n in keys], pa.decimal128(12, 4)),
        }
    )


def events(rows: int) -> pa.Table:
    ids = range(1, rows + 1)
    stamps = [_START + dt.timedelta(seconds=7 * i) for i in ids]
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "customer_id": pa.array([None if i % 11 == 0 else _noise(i, 8) + 1 for i in ids], pa.int32()),
            "kind": pa.array([_KINDS[_noise(i, 5)] for i in ids]),
            "at": pa.array(stamps, pa.timestamp("us")),
            "duration": pa.array([_noise(i, 100_000) / 64 for i in ids], pa.float64()),
            "amount": pa.array([Decimal(_noise(i, 10**7) - 5 * 10**6) / 100 for i in ids], pa.decimal128(12, 2)),
            "page": pa.array([f"/shop/{_PRODUCTS[i % 5]}?session={_noise(i, 10**9):09d}" for i in ids]),
            "mobile": pa.array([i % 3 == 0 for i in ids], pa.bool_()),
        }
    )


def _offset(i: int) -> str:
    return ("+00:00", "+05:30", "-08:00", "+01:00")[i % 4]
