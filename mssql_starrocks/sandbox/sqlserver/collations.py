"""Collations: code page, flags and the five bytes that describe one on the wire (MS-TDS 2.2.5.1.2)."""

import re
import struct
from dataclasses import dataclass
from functools import lru_cache

from mssql_starrocks.sandbox.sqlserver.errors import unsupported

DEFAULT_COLLATION = "SQL_Latin1_General_CP1_CI_AS"
_LOCALES = {  # name: LCID, code page
    "latin1_general": (0x0409, "cp1252"),
    "sql_latin1_general_cp1": (0x0409, "cp1252"),
    "cyrillic_general": (0x0419, "cp1251"),
    "greek": (0x0408, "cp1253"),
    "polish": (0x0415, "cp1250"),
    "japanese": (0x0411, "cp932"),
    "chinese_prc": (0x0804, "cp936"),
}
_SORT_IDS = {"ci_as": 52, "cs_as": 51, "ci_ai": 54}  # of SQL_Latin1_General_CP1
_VERSIONS = {None: 0, "90": 1, "100": 2}
_NAME = re.compile(
    r"(?P<locale>[a-z0-9_]+?)(?:_(?P<version>90|100))?"
    r"_(?:(?P<binary>bin2?)|(?P<case>c[is])_(?P<accent>a[is])(?P<kana>_ks)?(?P<width>_ws)?(?P<sc>_sc)?)(?P<utf8>_utf8)?"
)


@dataclass(frozen=True)
class Collation:
    code_page: str  # as Python names the codec
    wire: bytes
    supplementary: bool  # _SC: functions count code points, not UTF-16 units


@lru_cache(maxsize=256)
def find(name: str) -> Collation:
    """The collation of this name; one that the sandbox does not know is refused."""
    found = _NAME.fullmatch(name.lower())
    if found is None or found["locale"] not in _LOCALES or (found["utf8"] and not found["version"]):
        raise unsupported(f"collation {name}")
    lcid, code_page = _LOCALES[found["locale"]]
    sort_id = 0
    if found["locale"].startswith("sql_"):
        if found["version"] or found["binary"] or found["sc"] or f"{found['case']}_{found['accent']}" not in _SORT_IDS:
            raise unsupported(f"collation {name}")
        sort_id = _SORT_IDS[f"{found['case']}_{found['accent']}"]
    bits = lcid | _flags(found) << 20 | _VERSIONS[found["version"]] << 28
    utf8 = bool(found["utf8"])
    return Collation("utf-8" if utf8 else code_page, struct.pack("<IB", bits, sort_id), bool(found["sc"]) or utf8)


def _flags(found: "re.Match[str]") -> int:
    """fIgnoreCase, fIgnoreAccent, fIgnoreKana, fIgnoreWidth, fBinary, fBinary2, fUTF8, from the lowest bit."""
    bits = 0x40 if found["utf8"] else 0
    if found["binary"]:
        return bits | (0x20 if found["binary"] == "bin2" else 0x10)
    ignored = (found["case"] == "ci", found["accent"] == "ai", not found["kana"], not found["width"])
    return bits | sum(1 << place for place, flag in enumerate(ignored) if flag)
