"""Bytes, identifiers, documents, variants and paths."""

from mssql_starrocks_tests.golden.model import Golden, Value, v

_GUIDS = [("'00000000-0000-0000-0000-000000000000'", "00000000-0000-0000-0000-000000000000"),
          ("'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"),
          ("'6f9619ff-8b86-d011-b42d-00c04fc964ff'", "6F9619FF-8B86-D011-B42D-00C04FC964FF")]  # fmt: skip
GUID = Golden("c_guid", "uniqueidentifier", [v(sql, text) for sql, text in _GUIDS])
GUID_LOWER = Golden("c_guid", "uniqueidentifier", [v(sql, text.lower()) for sql, text in _GUIDS])
_LONG = bytes(range(256)) * 31 + bytes(range(64))
BYTES = (
    Golden("c_binary", "binary(4)", [v("0x", bytes(4)), v("0x01", b"\x01\0\0\0"), v("0xFFFFFFFF", b"\xff" * 4)]),
    Golden(
        "c_varbinary",
        "varbinary(8)",
        [v("0x", b""), v("0x00", b"\0"), v("0x0100", b"\x01\0"), v("0x5C4E0A2720", b"\\N\n' ")],
    ),
    Golden("c_varbinary_long", "varbinary(8000)", [v("0x" + _LONG.hex(), _LONG)]),
    Golden(
        "c_varbinary_max",
        "varbinary(max)",
        [v("0x", b""), v("0x00FF00", b"\0\xff\0"), v("0x" + _LONG.hex() * 2, _LONG * 2)],
    ),
    Golden("c_image", "image", [v("0x", b""), v("0x00FF00", b"\0\xff\0")]),
)
XML = Golden(
    "c_xml",
    "xml",
    [v("N'<a/>'", "<a/>"), v("N'<a b=\"&lt;&amp;\">é 漢 😀</a>'", '<a b="&lt;&amp;">é 漢 😀</a>'), v("N''", "")],
)
HIERARCHY = Golden(
    "c_hierarchyid",
    "hierarchyid",
    [v("'/'", "/"), v("'/1/'", "/1/"), v("'/1/2/3/'", "/1/2/3/"), v("'/0/-1/'", "/0/-1/"), v("'/1.5/'", "/1.5/")],
)


def _variant(sql: str, text: str, base: str) -> Value:
    return v(sql, text, type=base)


# float and real: style 3 of CONVERT ("always 17 digits"); money: style 2; bytes: style 1; dates: style 121
VARIANT = Golden(
    "c_variant",
    "sql_variant",
    [_variant("CAST(-5 AS int)", "-5", "int"), _variant("CAST(1 AS bit)", "1", "bit"),
     _variant("CAST(255 AS tinyint)", "255", "tinyint"), _variant("CAST(-32768 AS smallint)", "-32768", "smallint"),
     _variant("CAST(9223372036854775807 AS bigint)", "9223372036854775807", "bigint"),
     _variant("CAST(0.25 AS decimal(5,3))", "0.250", "decimal"), _variant("CAST(-0.5 AS numeric(1,1))", "-0.5", "numeric"),
     _variant("CAST(-922337203685477.5808 AS money)", "-922337203685477.5808", "money"),
     _variant("CAST(0.1 AS smallmoney)", "0.1000", "smallmoney"),
     _variant("CAST(0.1 AS float)", "1.0000000000000001e-001", "float"), _variant("CAST(0.5 AS real)", "5.0000000000000000e-001", "real"),
     _variant("CAST(N'漢 ' AS nvarchar(20))", "漢 ", "nvarchar"), _variant("CAST(N'x' AS nchar(3))", "x  ", "nchar"),
     _variant("CAST('' AS varchar(5))", "", "varchar"), _variant("CAST('é' AS char(2))", "é ", "char"),
     _variant("CAST('1582-10-10' AS date)", "1582-10-10", "date"),
     _variant("CAST('23:59:59.9999999' AS time(7))", "23:59:59.9999999", "time"),
     _variant("CAST('2024-03-31 02:30' AS smalldatetime)", "2024-03-31 02:30:00", "smalldatetime"),
     _variant("CAST('1753-01-01 00:00:00.003' AS datetime)", "1753-01-01 00:00:00.003", "datetime"),
     _variant("CAST('9999-12-31 23:59:59.9999999' AS datetime2(7))", "9999-12-31 23:59:59.9999999", "datetime2"),
     _variant("CAST('2024-01-01 00:00:00.5 -14:00' AS datetimeoffset(1))", "2024-01-01 00:00:00.5000000 -14:00", "datetimeoffset"),
     _variant("CAST(0x00FF AS varbinary(4))", "0x00FF", "varbinary"), _variant("CAST(0x01 AS binary(2))", "0x0100", "binary"),
     _variant("CAST('6f9619ff-8b86-d011-b42d-00c04fc964ff' AS uniqueidentifier)", "6F9619FF-8B86-D011-B42D-00C04FC964FF", "uniqueidentifier")],
)  # fmt: skip
# SQL Server 2025 gives a json column back without blanks; StarRocks' JSON puts one after each colon and comma
_DOCUMENTS = [
    ("{}", "{}"), ("[]", "[]"), ('{"a":null,"b":[1,true,"x"]}', '{"a": null, "b": [1, true, "x"]}'),
    ('{"k":"é 漢 😀"}', '{"k": "é 漢 😀"}'), ('[[{"a":{}}],-5]', '[[{"a": {}}], -5]'),
]  # fmt: skip
JSON = Golden("c_json", "json", [v(f"N'{text}'", text) for text, _ in _DOCUMENTS])
JSON_JSON = Golden("c_json", "json", [v(f"N'{text}'", text, document) for text, document in _DOCUMENTS])
VECTOR = Golden(
    "c_vector",
    "vector(3)",
    [v("'[1.0, -0.5, 0.0]'", "[1.0000000e+000,-5.0000000e-001,0.0000000e+000]")],
    {"accept_loss": True},
)
OTHERS = (*BYTES, GUID, XML, HIERARCHY, VARIANT, JSON, VECTOR)
OTHERS_CHOSEN = (GUID_LOWER, JSON_JSON)
