"""Bytes, identifiers, documents, variants and paths."""

from datetime import datetime as dt  # noqa: F401

from mssql_starrocks_tests.golden.model import Golden, Value, v

_GUIDS = [("'00000000-0000-0000-0000-000000000000'", "00000000-0000-0000-0000-000000000000"),
          ("'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"),
          ("'6f9619ff-8b86-d011-b42d-00c04fc964ff'", "6F9619FF-8B86-D011-B42D-00C04FC964FF")]  # fmt: skip
GUID = Golden("c_guid", "uniqueidentifier", [v(sql, text) for sql, text in _GUIDS])
GUID_LOWER = Golden("c_guid", "uniqueidentifier", [v(sql, text.lower()) for sql, text in _GUIDS])
_LONG = bytes(range(256)) * 31 + bytes(range(64))
BYTES = (
    Golden("c_binary", "binary(4)", [v("0x", bytes(4)), v("0x01", b"\x01\0\0\0"), v("0xFFFFFFFF", b"\xff" * 4)]),
    Golden("c_varbinary", "varbinary(8)", [v("0x", b""), v("0x00", b"\0"), v("0x0100", b"\x01\0"), v("0x5C4E0A2720", b"\\N\n' ")]),
    Golden("c_varbinary_long", "varbinary(8000)", [v("0x" + _LONG.hex(), _LONG)]),
    Golden("c_varbinary_max", "varbinary(max)", [v("0x", b""), v("0x00FF00", b"\0\xff\0"), v("0x" + _LONG.hex() * 2, _LONG * 2)]),
    Golden("c_image", "image", [v("0x", b""), v("0x00FF00", b"\0\xff\0")]),
)
XML = Golden("c_xml", "xml", [v("N'<a/>'", "<a/>"), v("N'<a b=\"&lt;&amp;\">é 漢 😀</a>'", '<a b="&lt;&amp;">é 漢 😀</a>'), v("N''", "")])
HIERARCHY = Golden(
    "c_hierarchyid",
    "hierarchyid",
    [v("'/'", "/"), v("'/1/'", "/1/"), v("'/1/2/3/'", "/1/2/3/"), v("'/0/-1/'", "/0/-1/"), v("'/1.5/'", "/1.5/")],
)


def _variant(sql: str, text: str, base: str) -> Value:
    return v(sql, text, type=base)


VARIANT = Golden(
    "c_variant",
    "sql_variant",
    [_variant("CAST(-5 AS int)", "-5", "int"), _variant("CAST(1 AS bit)", "1", "bit"),
     _variant("CAST(N'漢 ' AS nvarchar(20))", "漢 ", "nvarchar"), _variant("CAST('' AS varchar(5))", "", "varchar"),
     _variant("CAST(0.25 AS decimal(5,2))", "0.25", "decimal"), _variant("CAST(9223372036854775807 AS bigint)", "9223372036854775807", "bigint")],
)  # fmt: skip
OTHERS = (*BYTES, GUID, XML, HIERARCHY, VARIANT)
OTHERS_CHOSEN = (GUID_LOWER,)
