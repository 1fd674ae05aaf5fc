"""StarRocks types set by hand: the values of the lake stay, StarRocks holds them in another exact form."""

from datetime import date
from datetime import datetime as dt
from decimal import Decimal

from mssql_starrocks_tests.golden.model import Golden, GoldenTable, Value, v


def _set(name: str, declared: str, target: str, *values: Value, narrow: bool = False) -> Golden:
    return Golden(name, declared, values, {"target": target} | ({"accept_loss": True} if narrow else {}))


TARGETS = GoldenTable(
    "golden_targets",
    (
        _set("t_bit", "bit", "TINYINT", v("0", False, 0), v("1", True, 1)),
        _set("t_tinyint", "tinyint", "TINYINT", v("0", 0), v("127", 127), narrow=True),
        _set("t_smallint", "smallint", "LARGEINT", v("-32768", -32768, "-32768")),
        _set("t_int", "int", "VARCHAR(11)", v("-2147483648", -2147483648, "-2147483648"), v("0", 0, "0")),
        _set("t_bigint", "bigint", "DECIMAL(19,0)", v("-9223372036854775808", -(2**63), Decimal("-9223372036854775808"))),
        _set("t_price", "decimal(18,4)", "DECIMAL(38,10)", v("-0.0001", Decimal("-0.0001"), Decimal("-0.0001000000"))),
        _set("t_whole", "decimal(9,0)", "INT", v("-999999999", Decimal("-999999999"), -999999999)),
        _set("t_fraction", "decimal(38,38)", "VARCHAR(41)", v("-0." + "9" * 38, Decimal("-0." + "9" * 38), "-0." + "9" * 38)),
        _set("t_money", "money", "DECIMAL(20,5)", v("922337203685477.5807", Decimal("922337203685477.5807"), Decimal("922337203685477.58070"))),
        _set("t_real", "real", "DOUBLE", v("0.1", 0.10000000149011612), v("-0E0", -0.0)),
        _set("t_date", "date", "DATETIME", v("'0001-01-01'", date(1, 1, 1), dt(1, 1, 1)), v("'1582-10-10'", date(1582, 10, 10), dt(1582, 10, 10))),
        _set("t_date_text", "date", "VARCHAR(10)", v("'0001-01-01'", date(1, 1, 1), "0001-01-01")),
        _set("t_moment", "datetime2(6)", "VARCHAR(26)", v("'0001-01-01 00:00:00.000001'", dt(1, 1, 1, 0, 0, 0, 1), "0001-01-01 00:00:00.000001")),
        _set("t_time", "time(7)", "VARCHAR(20)", v("'23:59:59.9999999'", "23:59:59.9999999")),
        _set("t_text", "nvarchar(20)", "VARCHAR(60)", v("N'漢 '", "漢 "), v("N''", "")),
        _set("t_short", "nvarchar(20)", "VARCHAR(3)", v("N'漢'", "漢"), v("N'abc'", "abc"), narrow=True),
        _set("t_string", "nvarchar(max)", "STRING", v("REPLICATE(CAST(N'x' AS nvarchar(max)), 65533)", "x" * 65533), narrow=True),
        _set("t_json", "nvarchar(50)", "JSON", v("N'{\"a\": [1, null]}'", '{"a": [1, null]}'), narrow=True),
        _set("t_hex", "binary(2)", "VARCHAR(4)", v("0x0aff", b"\x0a\xff", "0AFF")),
        _set("t_bytes", "varbinary(max)", "VARBINARY(2)", v("0x0aff", b"\x0a\xff"), v("0x", b""), narrow=True),
        _set("t_guid", "uniqueidentifier", "VARCHAR(40)", v("'6f9619ff-8b86-d011-b42d-00c04fc964ff'", "6F9619FF-8B86-D011-B42D-00C04FC964FF")),
    ),
)  # fmt: skip
# declared type, target, a value that the target cannot hold
TOO_NARROW = (
    ("tinyint", "TINYINT", "128"),
    ("bigint", "DECIMAL(18,0)", "9223372036854775807"),
    ("int", "VARCHAR(10)", "-2147483648"),
    ("decimal(10,0)", "INT", "2147483648"),
    ("decimal(18,4)", "DECIMAL(10,4)", "1000000"),
    ("decimal(2,2)", "VARCHAR(3)", "0.55"),
    ("nvarchar(20)", "VARCHAR(2)", "N'漢'"),
    ("nvarchar(20)", "JSON", "N'{'"),
    ("binary(2)", "VARCHAR(3)", "0x0aff"),
    ("varbinary(8)", "VARBINARY(1)", "0x0aff"),
    ("nvarchar(max)", "STRING", "REPLICATE(CAST(N'x' AS nvarchar(max)), 65534)"),
)
