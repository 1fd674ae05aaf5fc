"""Every type that may be a key, in keys of at most 128 bytes and 16 columns; StarRocks' forms are those of its key types."""

from datetime import date
from datetime import datetime as dt
from decimal import Decimal

from mssql_starrocks_tests.golden.model import Golden, GoldenTable, v

FIXED = GoldenTable(
    "golden_keys_fixed",
    (
        Golden("k_bit", "bit", [v("0", False, 0), v("1", True, 1)]),
        Golden("k_tinyint", "tinyint", [v("0", 0), v("255", 255)]),
        Golden("k_smallint", "smallint", [v("-32768", -32768), v("32767", 32767)]),
        Golden("k_int", "int", [v("-2147483648", -2147483648), v("2147483647", 2147483647)]),
        Golden("k_bigint", "bigint", [v("-9223372036854775808", -(2**63)), v("9223372036854775807", 2**63 - 1)]),
        Golden("k_decimal_18", "decimal(18,0)", [v("-" + "9" * 18, Decimal("-" + "9" * 18), -(10**18 - 1)), v("0", Decimal("0"), 0)]),
        # a MySQL client reads LARGEINT as text: the protocol has no integer of 128 bits
        Golden("k_decimal_38", "decimal(38,0)", [v("-" + "9" * 38, Decimal("-" + "9" * 38), "-" + "9" * 38), v("9" * 38, Decimal("9" * 38), "9" * 38)]),
        Golden("k_date", "date", [v("'0001-01-01'", date(1, 1, 1)), v("'9999-12-31'", date(9999, 12, 31))]),
        Golden("k_smalldatetime", "smalldatetime", [v("'1900-01-01'", dt(1900, 1, 1)), v("'2079-06-06 23:59'", dt(2079, 6, 6, 23, 59))]),
        Golden("k_datetime", "datetime", [v("'1753-01-01'", dt(1753, 1, 1)), v("'9999-12-31 23:59:59.997'", dt(9999, 12, 31, 23, 59, 59, 997000))]),
        Golden("k_dt2_6", "datetime2(6)", [v("'0001-01-01'", dt(1, 1, 1)), v("'1582-10-10 00:00:00.000001'", dt(1582, 10, 10, 0, 0, 0, 1))]),
    ),
    key=True,
)  # fmt: skip
_SMALL, _MONEY = ("-9999999.99", "0.00"), ("-922337203685477.5808", "0.0001")
_SMALLMONEY, _SEVENTH = ("-214748.3648", "0.0000"), ("0001-01-01 00:00:00.0000000", "9999-12-31 23:59:59.9999999")
NUMBERS_AS_TEXT = GoldenTable(
    "golden_keys_numbers",
    (
        Golden("k_decimal", "decimal(9,2)", [v(text, Decimal(text), text) for text in _SMALL]),
        Golden("k_money", "money", [v(text, Decimal(text), text) for text in _MONEY]),
        Golden("k_smallmoney", "smallmoney", [v(text, Decimal(text), text) for text in _SMALLMONEY]),
        Golden("k_time", "time(7)", [v("'00:00:00'", "00:00:00.0000000"), v("'23:59:59.9999999'", "23:59:59.9999999")]),
        Golden("k_dt2_7", "datetime2(7)", [v(f"'{text}'", text) for text in _SEVENTH]),
    ),
    key=True,
)
_FRACTION = ("-0." + "9" * 38, "0." + "0" * 37 + "1")
_STAMPS = ("9999-12-31 09:59:59.9999999 -14:00", "0001-01-01 14:00:00.0000000 +14:00")
_IDS = ("6F9619FF-8B86-D011-B42D-00C04FC964FF", "00000000-0000-0000-0000-000000000000")
IDENTIFIERS = GoldenTable(
    "golden_keys_ids",
    (
        Golden("k_fraction", "decimal(38,38)", [v(text, Decimal(text), text) for text in _FRACTION]),
        Golden("k_dto", "datetimeoffset(7)", [v(f"'{text}'", text) for text in _STAMPS]),
        Golden("k_guid", "uniqueidentifier", [v(f"'{text}'", text) for text in _IDS]),
        Golden("k_binary", "binary(2)", [v("0x0001", b"\0\x01", "0001"), v("0xFF", b"\xff\0", "FF00")]),
    ),
    key=True,
)
TEXT = GoldenTable(
    "golden_keys_text",
    (
        Golden("k_nvarchar", "nvarchar(12)", [v("N''", ""), v("N'漢😀\"''\\N'", "漢😀\"'\\N"), v("NCHAR(0) + N'x'", "\0x")]),
        Golden("k_nchar", "nchar(2)", [v("N'漢'", "漢 "), v("N''", "  "), v("N'😀'", "😀")]),
        Golden("k_char", "char(3)", [v("''", "   "), v("'é'", "é  "), v("'abc'", "abc")]),
        Golden("k_varchar", "varchar(5)", [v("'x '", "x "), v("''", ""), v("CHAR(9)", "\t")]),
        Golden("k_varbinary", "varbinary(4)", [v("0x", b"", ""), v("0x00", b"\0", "00"), v("0xC0FFEE5C", b"\xc0\xff\xee\\", "C0FFEE5C")]),
    ),
    key=True,
)  # fmt: skip
CHOSEN = GoldenTable(
    "golden_chosen_keys",
    (
        Golden("k_time", "time(7)", [v("'00:00:00'", 0), v("'23:59:59.9999999'", 863999999999)]),
        Golden("k_guid", "uniqueidentifier", [v(f"'{text}'", text.lower()) for text in _IDS]),
        Golden("k_nvarchar", "nvarchar(5) COLLATE Latin1_General_BIN2", [v("N'é '", b"\xe9\0 \0", "E9002000"), v("NCHAR(0xD83D)", b"\x3d\xd8", "3DD8")]),
        Golden("k_nchar", "nchar(2)", [v("N'漢'", b"\x22\x6f \0", "226F2000"), v("N''", b" \0 \0", "20002000")]),
        Golden("k_char", "char(3)", [v("''", ""), v("'x'", "x")]),
    ),
    key=True,
)  # fmt: skip
KEYS = (FIXED, NUMBERS_AS_TEXT, IDENTIFIERS, TEXT, CHOSEN)
NO_KEYS = ("float", "real", "sql_variant")
