"""A table of every type at its limits: T-SQL, what discovery sees of it, and what the lake must hold."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from mssql_starrocks.model import Column

EVERYTHING = """
CREATE TABLE dbo.everything (id int NOT NULL PRIMARY KEY, b bit NULL, ti tinyint NULL, si smallint NULL, bi bigint NULL,
  de decimal(38,10) NULL, mo money NULL, re real NULL, fl float NULL, da date NULL, tm time(7) NULL,
  sd smalldatetime NULL, dt datetime NULL, d7 datetime2(7) NULL, d3 datetime2(3) NULL, dz datetimeoffset(7) NULL,
  ch char(5) NULL, nv nvarchar(50) NULL, vm nvarchar(max) NULL, vb varbinary(8) NULL, gu uniqueidentifier NULL)
"""
ROWS = (
    """(1, 0, 0, -32768, -9223372036854775808, -9999999999999999999999999999.9999999999, -922337203685477.5808, -1.5,
      -1.7976931348623157E308, '0001-01-01', '00:00:00.0000001', '1900-01-01 00:00', '1753-01-01 00:00:00.003',
      '0001-01-01 00:00:00.0000001', '1582-10-10 12:30:00.123', '2024-03-10 02:30:00.1234567 +05:30', 'ab', N'', N'',
      CAST('' AS varbinary(8)), '00000000-0000-0000-0000-000000000001')""",
    """(2, 1, 255, 32767, 9223372036854775807, 9999999999999999999999999999.9999999999, 922337203685477.5807, 0.1, 0.1,
      '1582-10-10', '23:59:59.9999999', '2079-06-06 23:59', '9999-12-31 23:59:59.997', '9999-12-31 23:59:59.9999999',
      '9999-12-31 23:59:59.999', '9999-12-31 23:59:59.9999999 +00:00', 'abcde', N'Zoë 🎉 ''x''', N'long', 0x00FF10,
      'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF')""",
    "(3, " + ", ".join(["NULL"] * 20) + ")",
)
EVERYTHING_COLUMNS = (
    Column("id", 1, "int", nullable=False),
    Column("b", 2, "bit"),
    Column("ti", 3, "tinyint"),
    Column("si", 4, "smallint"),
    Column("bi", 5, "bigint"),
    Column("de", 6, "decimal", precision=38, scale=10),
    Column("mo", 7, "money"),
    Column("re", 8, "real"),
    Column("fl", 9, "float"),
    Column("da", 10, "date"),
    Column("tm", 11, "time", scale=7),
    Column("sd", 12, "smalldatetime"),
    Column("dt", 13, "datetime"),
    Column("d7", 14, "datetime2", scale=7),
    Column("d3", 15, "datetime2", scale=3),
    Column("dz", 16, "datetimeoffset", scale=7),
    Column("ch", 17, "char", max_length=5),
    Column("nv", 18, "nvarchar", max_length=100),
    Column("vm", 19, "nvarchar", max_length=-1),
    Column("vb", 20, "varbinary", max_length=8),
    Column("gu", 21, "uniqueidentifier"),
)
LOWEST = {
    **{"id": 1, "b": False, "ti": 0, "si": -32768, "bi": -(2**63), "re": -1.5, "fl": -1.7976931348623157e308},
    "de": Decimal("-9999999999999999999999999999.9999999999"),
    "mo": Decimal("-922337203685477.5808"),
    "da": dt.date(1, 1, 1),
    "tm": "00:00:00.0000001",
    "sd": dt.datetime(1900, 1, 1),
    "dt": dt.datetime(1753, 1, 1, 0, 0, 0, 3000),
    "d7": dt.datetime(1, 1, 1),
    "d7__ns100": 1,
    "d3": dt.datetime(1582, 10, 10, 12, 30, 0, 123000),
    "dz": dt.datetime(2024, 3, 9, 21, 0, 0, 123456),
    "dz__offset_min": 330,
    "dz__ns100": 7,
    **{"ch": "ab   ", "nv": "", "vm": "", "vb": b"", "gu": "00000000-0000-0000-0000-000000000001"},
}
HIGHEST = {
    **{"id": 2, "b": True, "ti": 255, "si": 32767, "bi": 2**63 - 1, "re": 0.10000000149011612, "fl": 0.1},
    "de": Decimal("9999999999999999999999999999.9999999999"),
    "mo": Decimal("922337203685477.5807"),
    "da": dt.date(1582, 10, 10),
    "tm": "23:59:59.9999999",
    "sd": dt.datetime(2079, 6, 6, 23, 59),
    "dt": dt.datetime(9999, 12, 31, 23, 59, 59, 997000),
    "d7": dt.datetime(9999, 12, 31, 23, 59, 59, 999999),
    "d7__ns100": 9,
    "d3": dt.datetime(9999, 12, 31, 23, 59, 59, 999000),
    "dz": dt.datetime(9999, 12, 31, 23, 59, 59, 999999),
    "dz__offset_min": 0,
    "dz__ns100": 9,
    **{"ch": "abcde", "nv": "Zoë 🎉 'x'", "vm": "long", "vb": b"\x00\xff\x10"},
    "gu": "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
}
