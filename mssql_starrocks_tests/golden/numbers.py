"""Numbers at their limits: "int, bigint, smallint, tinyint", "decimal and numeric", "money", "float and real" (T-SQL)."""

from decimal import Decimal

from mssql_starrocks_tests.golden.model import Golden, v

# Iceberg has no 16-bit integer; a MySQL client reads BOOLEAN as 0 and 1
BIT = Golden("c_bit", "bit", [v("0", False, 0), v("1", True, 1)])
TINYINT = Golden("c_tinyint", "tinyint", [v("0", 0), v("255", 255), v("128", 128)])
SMALLINT = Golden("c_smallint", "smallint", [v("-32768", -32768), v("32767", 32767), v("0", 0)])
INT = Golden("c_int", "int", [v("-2147483648", -2147483648), v("2147483647", 2147483647), v("0", 0)])
BIGINT = Golden(
    "c_bigint",
    "bigint",
    [v("-9223372036854775808", -9223372036854775808), v("9223372036854775807", 9223372036854775807), v("0", 0)],
)
_N38, _F38, _T38 = "9" * 38, "0." + "9" * 38, "0." + "0" * 37 + "1"
DECIMALS = (
    Golden("c_decimal_1", "decimal(1,0)", [v("-9", Decimal("-9")), v("9", Decimal("9")), v("-0", Decimal("0"))]),
    Golden(
        "c_decimal_18", "decimal(18,0)", [v("-" + "9" * 18, Decimal("-" + "9" * 18)), v("9" * 18, Decimal("9" * 18))]
    ),
    Golden("c_numeric_9_2", "numeric(9,2)", [v("-9999999.99", Decimal("-9999999.99")), v("0.01", Decimal("0.01"))]),
    Golden(
        "c_decimal_38",
        "decimal(38,0)",
        [v("-" + _N38, Decimal("-" + _N38)), v(_N38, Decimal(_N38)), v("0", Decimal("0"))],
    ),
    Golden(
        "c_decimal_38_38",
        "decimal(38,38)",
        [
            v("-" + _F38, Decimal("-" + _F38)),
            v(_F38, Decimal(_F38)),
            v("-" + _T38, Decimal("-" + _T38)),
            v("0", Decimal("0." + "0" * 38)),
        ],
    ),
    Golden(
        "c_decimal_38_10",
        "decimal(38,10)",
        [
            v("-" + "9" * 28 + "." + "9" * 10, Decimal("-" + "9" * 28 + "." + "9" * 10)),
            v("0.5", Decimal("0.5000000000")),
        ],
    ),
)
MONEY = Golden(
    "c_money",
    "money",
    [v("-922337203685477.5808", Decimal("-922337203685477.5808")), v("922337203685477.5807", Decimal("922337203685477.5807")),
     v("0", Decimal("0.0000")), v("-0.0001", Decimal("-0.0001"))],
)  # fmt: skip
SMALLMONEY = Golden(
    "c_smallmoney",
    "smallmoney",
    [v("-214748.3648", Decimal("-214748.3648")), v("214748.3647", Decimal("214748.3647")), v("0.1", Decimal("0.1000"))],
)
# pyarrow widens a float of 32 bits; StarRocks writes the shortest text that means the same float of 32 bits.
# Subnormals are outside the documented range; databases that were filled by old clients hold them.
REAL = Golden(
    "c_real",
    "real",
    [v("-3.4028235E38", -3.4028234663852886e38, -3.4028235e38), v("3.4028235E38", 3.4028234663852886e38, 3.4028235e38),
     v("1.17549435E-38", 1.1754943508222875e-38, 1.1754944e-38), v("1.4E-45", 1.401298464324817e-45, 1e-45),
     v("0", 0.0), v("-0E0", -0.0), v("0.1", 0.10000000149011612, 0.1), v("16777216", 16777216.0)],
)  # fmt: skip
FLOAT = Golden(
    "c_float",
    "float",
    [v("-1.7976931348623157E308", -1.7976931348623157e308), v("1.7976931348623157E308", 1.7976931348623157e308),
     v("2.2250738585072014E-308", 2.2250738585072014e-308), v("4.9406564584124654E-324", 5e-324),
     v("0", 0.0), v("-0E0", -0.0), v("0.1E0", 0.1), v("9007199254740993E0", 9007199254740992.0)],
)  # fmt: skip
NUMBERS = (BIT, TINYINT, SMALLINT, INT, BIGINT, *DECIMALS, MONEY, SMALLMONEY, REAL, FLOAT)
NOT_IN_SQL_SERVER = (
    "CAST('NaN' AS float)",
    "CAST('Infinity' AS float)",
    "1.8E308",
    "CAST(1E300 AS real)",
    "1E308 * 10",
)
