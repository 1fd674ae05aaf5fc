"""Ticks as Python's date and time values; the seventh digit is cut."""

import datetime

from mssql_starrocks.sandbox.sqlserver.types import SqlType

DAY = 864_000_000_000


def moment(kind: SqlType, ticks: int) -> datetime.datetime | datetime.time:
    days, rest = divmod(ticks, DAY)
    if kind.name == "datetime":
        rest = (rest + 5000) // 10000 * 10000
    clock = (datetime.datetime.min + datetime.timedelta(microseconds=rest // 10)).time()
    if kind.family == "time":
        return clock
    return datetime.datetime.combine(datetime.date.fromordinal(days + 1), clock)
