"""Text at its edges, in both encodings and both choices."""

from mssql_starrocks_tests.golden.model import Golden, v, wide

_CONTROL = ("N'a' + NCHAR(9) + NCHAR(10) + NCHAR(13) + N'b'", "a\t\n\rb")
_NUL = ("N'a' + NCHAR(0) + N'b'", "a\0b")
_QUOTES = ("N'''\"`\\\\''\\'", "'\"`\\\\'\\")
_EDGES = [
    ("N''", ""), ("N'   '", "   "), ("N'trailing   '", "trailing   "), ("N'\\N'", "\\N"), ("N'NULL'", "NULL"),
    _CONTROL, _NUL, _QUOTES, ("N'請求書は月末'", "請求書は月末"), ("N'😀👩‍👩‍👧'", "😀👩‍👩‍👧"),
    ("N'e' + NCHAR(769) + N' ' + NCHAR(233)", "e\u0301 \u00e9"), ("NCHAR(65279) + N'x' + NCHAR(65533)", "\ufeffx\ufffd"),
    ("N'%s %% {0} $1 ?'", "%s %% {0} $1 ?"), ("NCHAR(8232) + NCHAR(133) + NCHAR(127)", "\u2028\u0085\u007f"),
]  # fmt: skip
_PADDED = [
    ("N''", "     "),
    ("N'x '", "x    "),
    ("N'請求書は月'", "請求書は月"),
    ("N'\\N'", "\\N   "),
    ("N'😀😀'", "😀😀 "),
]
TEXTS = (
    Golden("c_nvarchar", "nvarchar(20)", [v(sql, text) for sql, text in [*_EDGES, ("REPLICATE(N'漢', 20)", "漢" * 20)]]),
    Golden("c_nvarchar_long", "nvarchar(4000)", [v("REPLICATE(N'漢', 4000)", "漢" * 4000), v("REPLICATE(N'😀', 2000)", "😀" * 2000)]),
    Golden("c_nvarchar_max", "nvarchar(max)", [v(sql, text) for sql, text in _EDGES]),
    Golden("c_ntext", "ntext", [v(sql, text) for sql, text in _EDGES]),
    Golden("c_nchar", "nchar(5)", [v(sql, text) for sql, text in _PADDED]),
    Golden("c_char", "char(5)", [v("''", "     "), v("'x '", "x    "), v("'abcde'", "abcde"), v("'é€'", "é€   ")]),
    Golden(
        "c_varchar",
        "varchar(8)",
        [v("''", ""), v("'   '", "   "), v("'x  '", "x  "), v("'\\N'", "\\N"), v("'é€ÿß'", "é€ÿß"), v("CHAR(0) + CHAR(9) + CHAR(10)", "\0\t\n")],
    ),
    Golden("c_varchar_long", "varchar(8000)", [v("REPLICATE('é', 8000)", "é" * 8000)]),
    Golden(
        "c_varchar_utf8",
        "varchar(12) COLLATE Latin1_General_100_CI_AS_SC_UTF8",
        [v("N''", ""), v("N'請求書は'", "請求書は"), v("N'😀😀😀'", "😀😀😀"), v("N'x '", "x ")],
    ),
    Golden("c_varchar_max", "varchar(max)", [v("''", ""), v("'é€  '", "é€  "), v("CHAR(0)", "\0"), v("'\\N'", "\\N")]),
    Golden("c_text", "text", [v("''", ""), v("'é€  '", "é€  "), v("'\\N'", "\\N")]),
    Golden("c_sysname", "sysname", [v("N'名前 '", "名前 "), v("REPLICATE(N'漢', 128)", "漢" * 128)]),
)  # fmt: skip
TEXTS_CHOSEN = (
    Golden("c_nvarchar", "nvarchar(20)", [wide(sql, text) for sql, text in _EDGES]),
    Golden("c_nvarchar_max", "nvarchar(max)", [wide(sql, text) for sql, text in _EDGES]),
    Golden("c_ntext", "ntext", [wide(sql, text) for sql, text in _EDGES]),
    Golden("c_nchar", "nchar(5)", [wide(sql, text) for sql, text in _PADDED]),
    Golden(
        "c_nchar_trim",
        "nchar(5)",
        [v("N''", ""), v("N'x '", "x"), v("N'  x'", "  x"), v("N'請求書は月'", "請求書は月")],
        {"unicode_as": "text"},
    ),
    Golden(
        "c_char", "char(5)", [v("''", ""), v("'x '", "x"), v("' x'", " x"), v("'abcde'", "abcde"), v("CHAR(9)", "\t")]
    ),
    Golden("c_sysname", "sysname", [wide("N'名前 '", "名前 ")]),
)
# Halves of surrogate pairs, which UTF-8 has no form for
HALVES = [
    ("NCHAR(0xD83D)", "\ud83d"),
    ("N'a' + NCHAR(0xDE00) + N'b'", "a\ude00b"),
    ("NCHAR(0xDE00) + NCHAR(0xD83D)", "\ude00\ud83d"),
    ("N'whole 😀 x'", "whole 😀 x"),
]
