"""Dates and times at their limits: "Date and time data types" (T-SQL). Nothing here knows a time zone or a calendar gap."""

from datetime import date
from datetime import datetime as dt

from mssql_starrocks_tests.golden.model import Golden, Value, v

DATE = Golden(
    "c_date",
    "date",
    [v("'0001-01-01'", date(1, 1, 1)), v("'1582-10-10'", date(1582, 10, 10)), v("'1753-01-01'", date(1753, 1, 1)),
     v("'1900-01-01'", date(1900, 1, 1)), v("'1969-12-31'", date(1969, 12, 31)), v("'9999-12-31'", date(9999, 12, 31)),
     v("'1900-02-28'", date(1900, 2, 28)), v("'2000-02-29'", date(2000, 2, 29))],
)  # fmt: skip
TIMES = (
    Golden("c_time0", "time(0)", [v("'00:00:00'", "00:00:00"), v("'23:59:59'", "23:59:59")]),
    Golden("c_time3", "time(3)", [v("'00:00:00.001'", "00:00:00.001"), v("'23:59:59.999'", "23:59:59.999")]),
    Golden(
        "c_time7",
        "time(7)",
        [v("'00:00:00'", "00:00:00.0000000"), v("'23:59:59.9999999'", "23:59:59.9999999"),
         v("'00:00:00.0000001'", "00:00:00.0000001")],
    ),
)  # fmt: skip
TICKS = (
    Golden("c_time0", "time(0)", [v("'00:00:00'", 0), v("'23:59:59'", 863990000000)]),
    Golden("c_time3", "time(3)", [v("'00:00:00.001'", 10000), v("'23:59:59.999'", 863999990000)]),
    Golden(
        "c_time7", "time(7)", [v("'00:00:00'", 0), v("'23:59:59.9999999'", 863999999999), v("'00:00:00.0000001'", 1)]
    ),
)
SMALLDATETIME = Golden(
    "c_smalldatetime",
    "smalldatetime",
    [v("'1900-01-01 00:00'", dt(1900, 1, 1)), v("'2079-06-06 23:59'", dt(2079, 6, 6, 23, 59)),
     v("'2024-03-31 02:30'", dt(2024, 3, 31, 2, 30))],
)  # fmt: skip
# Steps of 1/300 second, which SQL Server shows as .000, .003 and .007
DATETIME = Golden(
    "c_datetime",
    "datetime",
    [v("'1753-01-01 00:00:00.000'", dt(1753, 1, 1)), v("'9999-12-31 23:59:59.997'", dt(9999, 12, 31, 23, 59, 59, 997000)),
     v("'1969-12-31 23:59:59.003'", dt(1969, 12, 31, 23, 59, 59, 3000)),
     v("'2024-03-10 02:30:00.008'", dt(2024, 3, 10, 2, 30, 0, 7000))],
)  # fmt: skip
DATETIME2 = (
    Golden("c_dt2_0", "datetime2(0)", [v("'0001-01-01'", dt(1, 1, 1)), v("'9999-12-31 23:59:59'", dt(9999, 12, 31, 23, 59, 59))]),
    Golden(
        "c_dt2_3",
        "datetime2(3)",
        [v("'1582-10-10 12:30:00.123'", dt(1582, 10, 10, 12, 30, 0, 123000)),
         v("'2024-03-31 02:30:00.001'", dt(2024, 3, 31, 2, 30, 0, 1000))],
    ),
    Golden(
        "c_dt2_6",
        "datetime2(6)",
        [v("'0001-01-01 00:00:00.000001'", dt(1, 1, 1, 0, 0, 0, 1)),
         v("'9999-12-31 23:59:59.999999'", dt(9999, 12, 31, 23, 59, 59, 999999)),
         v("'1582-10-10 00:00:00'", dt(1582, 10, 10))],
    ),
)  # fmt: skip


def _seventh(sql: str, instant: dt, digit: int) -> Value:
    return v(sql, instant, ns100=digit)


DATETIME2_7 = Golden(
    "c_dt2_7",
    "datetime2(7)",
    [_seventh("'0001-01-01'", dt(1, 1, 1), 0), _seventh("'0001-01-01 00:00:00.0000001'", dt(1, 1, 1), 1),
     _seventh("'1582-10-10 12:00:00.1234567'", dt(1582, 10, 10, 12, 0, 0, 123456), 7),
     _seventh("'1969-12-31 23:59:59.9999999'", dt(1969, 12, 31, 23, 59, 59, 999999), 9),
     _seventh("'2024-03-10 02:30:00.5'", dt(2024, 3, 10, 2, 30, 0, 500000), 0),
     _seventh("'9999-12-31 23:59:59.9999999'", dt(9999, 12, 31, 23, 59, 59, 999999), 9)],
)  # fmt: skip
DATETIME2_TEXT = Golden(
    "c_dt2_7",
    "datetime2(7)",
    [v("'0001-01-01'", "0001-01-01 00:00:00.0000000"), v("'9999-12-31 23:59:59.9999999'", "9999-12-31 23:59:59.9999999"),
     v("'1582-10-10 12:00:00.1234567'", "1582-10-10 12:00:00.1234567")],
)  # fmt: skip


def _offset(sql: str, instant: dt, minutes: int) -> Value:
    return v(sql, instant, offset_min=minutes)


def _offset7(sql: str, instant: dt, minutes: int, digit: int) -> Value:
    return v(sql, instant, offset_min=minutes, ns100=digit)


OFFSETS = (
    Golden(
        "c_dto_0",
        "datetimeoffset(0)",
        [_offset("'2024-01-01 00:00:00 +14:00'", dt(2023, 12, 31, 10), 840),
         _offset("'2024-01-01 00:00:00 -14:00'", dt(2024, 1, 1, 14), -840)],
    ),
    Golden("c_dto_3", "datetimeoffset(3)", [_offset("'1582-10-10 12:00:00.123 +05:30'", dt(1582, 10, 10, 6, 30, 0, 123000), 330)]),
    Golden(
        "c_dto_7",
        "datetimeoffset(7)",
        [_offset7("'0001-01-01 00:00:00.0000001 +00:00'", dt(1, 1, 1), 0, 1),
         _offset7("'9999-12-31 23:59:59.9999999 +00:00'", dt(9999, 12, 31, 23, 59, 59, 999999), 0, 9),
         _offset7("'0001-01-01 14:00:00 +14:00'", dt(1, 1, 1), 840, 0),
         _offset7("'9999-12-31 09:59:59.9999999 -14:00'", dt(9999, 12, 31, 23, 59, 59, 999999), -840, 9),
         _offset7("'1969-12-31 23:59:59.1234567 -00:01'", dt(1970, 1, 1, 0, 0, 59, 123456), -1, 7)],
    ),
)  # fmt: skip
OFFSETS_TEXT = (
    Golden("c_dto_0", "datetimeoffset(0)", [v("'2024-01-01 00:00:00 +14:00'", "2024-01-01 00:00:00 +14:00")]),
    Golden("c_dto_3", "datetimeoffset(3)", [v("'1582-10-10 12:00:00.123 +05:30'", "1582-10-10 12:00:00.123 +05:30")]),
    Golden(
        "c_dto_7",
        "datetimeoffset(7)",
        [v("'0001-01-01 00:00:00.0000001 +00:00'", "0001-01-01 00:00:00.0000001 +00:00"),
         v("'9999-12-31 09:59:59.9999999 -14:00'", "9999-12-31 09:59:59.9999999 -14:00")],
    ),
)  # fmt: skip
MOMENTS = (DATE, *TIMES, SMALLDATETIME, DATETIME, *DATETIME2, DATETIME2_7, *OFFSETS)
MOMENTS_CHOSEN = (*TICKS, DATETIME2_TEXT, *OFFSETS_TEXT)
