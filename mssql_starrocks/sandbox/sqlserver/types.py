"""SQL Server's types: how they are declared, stored in DuckDB, ranked, and described in the catalog."""

import re
from dataclasses import dataclass, replace

from mssql_starrocks.sandbox.sqlserver import collations
from mssql_starrocks.sandbox.sqlserver.collations import DEFAULT_COLLATION
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported

MAX = -1
INTEGERS = ("tinyint", "smallint", "int", "bigint")
FAMILIES = {
    **dict.fromkeys(INTEGERS, "int"),
    "bit": "bit",
    "decimal": "decimal",
    "numeric": "decimal",
    "money": "money",
    "smallmoney": "money",
    "real": "float",
    "float": "float",
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar", "text", "ntext"), "text"),
    **dict.fromkeys(("binary", "varbinary", "image", "timestamp"), "binary"),
    "date": "date",
    "time": "time",
    **dict.fromkeys(("datetime", "smalldatetime", "datetime2"), "datetime"),
    "datetimeoffset": "datetimeoffset",
    "uniqueidentifier": "guid",
    "xml": "xml",
    "sql_variant": "variant",
    "hierarchyid": "hierarchyid",
    "json": "json",
    "vector": "vector",
    "geometry": "spatial",
    "geography": "spatial",
}
OPAQUE = ("xml", "variant", "hierarchyid", "json", "vector", "spatial")  # neither compared nor measured here
ALIASES = {"integer": "int", "dec": "decimal", "rowversion": "timestamp", "character": "char"}
# Data type precedence (Transact-SQL), lowest first
PRECEDENCE = [
    "binary",
    "varbinary",
    "image",
    "timestamp",
    "char",
    "varchar",
    "text",
    "nchar",
    "nvarchar",
    "ntext",
    "uniqueidentifier",
    "bit",
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "smallmoney",
    "money",
    "decimal",
    "numeric",
    "real",
    "float",
    "time",
    "date",
    "smalldatetime",
    "datetime",
    "datetime2",
    "datetimeoffset",
    "xml",
    "json",
    "vector",
    "hierarchyid",
    "geometry",
    "geography",
    "sql_variant",
]
STORAGE = {
    "tinyint": "UTINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "bit": "BOOLEAN",
    "money": "DECIMAL(19,4)",
    "smallmoney": "DECIMAL(10,4)",
    "real": "FLOAT",
    "float": "DOUBLE",
    "date": "DATE",
    "datetimeoffset": "STRUCT(t BIGINT, o SMALLINT)",
    "sql_variant": "STRUCT(kind VARCHAR, base VARCHAR, text VARCHAR, exact VARCHAR)",
}
BY_FAMILY = {
    **dict.fromkeys(("text", "xml", "hierarchyid", "json", "vector"), "VARCHAR"),
    **dict.fromkeys(("binary", "guid", "spatial"), "BLOB"),
}
# name: (system_type_id, max_length, precision, scale) as sys.types tells them
CATALOG = {
    "image": (34, 16, 0, 0),
    "text": (35, 16, 0, 0),
    "uniqueidentifier": (36, 16, 0, 0),
    "date": (40, 3, 10, 0),
    "time": (41, 5, 16, 7),
    "datetime2": (42, 8, 27, 7),
    "datetimeoffset": (43, 10, 34, 7),
    "tinyint": (48, 1, 3, 0),
    "smallint": (52, 2, 5, 0),
    "int": (56, 4, 10, 0),
    "smalldatetime": (58, 4, 16, 0),
    "real": (59, 4, 24, 0),
    "money": (60, 8, 19, 4),
    "datetime": (61, 8, 23, 3),
    "float": (62, 8, 53, 0),
    "sql_variant": (98, 8016, 0, 0),
    "ntext": (99, 16, 0, 0),
    "bit": (104, 1, 1, 0),
    "decimal": (106, 17, 38, 38),
    "numeric": (108, 17, 38, 38),
    "smallmoney": (122, 4, 10, 4),
    "bigint": (127, 8, 19, 0),
    "hierarchyid": (240, 892, 0, 0),
    "geometry": (240, -1, 0, 0),
    "geography": (240, -1, 0, 0),
    "varbinary": (165, 8000, 0, 0),
    "varchar": (167, 8000, 0, 0),
    "binary": (173, 8000, 0, 0),
    "char": (175, 8000, 0, 0),
    "timestamp": (189, 8, 0, 0),
    "nvarchar": (231, 8000, 0, 0),
    "nchar": (239, 8000, 0, 0),
    "xml": (241, -1, 0, 0),
    "json": (244, -1, 0, 0),
    "vector": (165, 8000, 0, 0),  # a varbinary to sys.types; told apart by the user type
}
USER_TYPE_IDS = {"hierarchyid": 128, "geometry": 129, "geography": 130, "vector": 255, "sysname": 256}
_DECLARED = re.compile(r"(?is)\s*\[?(\w+)\]?\s*(?:\(\s*(\w+)\s*(?:,\s*(\w+)\s*)?\))?\s*$")


@dataclass(frozen=True)
class SqlType:
    """length counts bytes (char, varchar, binary, varbinary) or UTF-16 units (nchar, nvarchar); -1 is max."""

    name: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    collation: str = DEFAULT_COLLATION
    alias: str = ""

    @property
    def family(self) -> str:
        return FAMILIES[self.name]

    @property
    def unicode(self) -> bool:
        return self.name in ("nchar", "nvarchar", "ntext", "xml", "json", "vector", "hierarchyid")

    @property
    def utf8(self) -> bool:
        return self.code_page == "utf-8"

    @property
    def code_page(self) -> str:
        """How its text becomes bytes; not for anything but text."""
        return "utf-16-le" if self.unicode else collations.find(self.collation).code_page

    @property
    def double_byte(self) -> bool:
        """Whether lengths count bytes of which a character may take several."""
        return not self.unicode and self.code_page in ("utf-8", "cp932", "cp936")

    @property
    def fixed_length(self) -> bool:
        return self.name in ("char", "nchar", "binary")

    @property
    def is_max(self) -> bool:
        return self.length == MAX or self.name in ("text", "ntext", "image", "xml", "json", "geometry", "geography")

    @property
    def storage(self) -> str:
        if self.family == "decimal":
            return f"DECIMAL({self.precision},{self.scale})"
        return STORAGE.get(self.name) or BY_FAMILY.get(self.family) or "BIGINT"

    @property
    def rank(self) -> int:
        return PRECEDENCE.index(self.name)

    @property
    def max_length(self) -> int:
        """In bytes, as sys.columns says it."""
        if self.name in ("char", "varchar", "binary", "varbinary", "nchar", "nvarchar"):
            return -1 if self.length == MAX else self.length * (2 if self.unicode else 1)
        if self.family == "decimal":
            return decimal_bytes(self.precision)
        if self.name in ("time", "datetime2", "datetimeoffset"):
            return time_bytes(self.scale) + {"time": 0, "datetime2": 3, "datetimeoffset": 5}[self.name]
        return 8 + 4 * self.length if self.name == "vector" else CATALOG[self.name][1]

    @property
    def catalog_precision(self) -> int:
        if self.name in ("time", "datetime2", "datetimeoffset"):
            base = {"time": 8, "datetime2": 19, "datetimeoffset": 26}[self.name]
            return base + (self.scale + 1 if self.scale else 0)
        return self.precision if self.family == "decimal" else CATALOG[self.name][2]

    @property
    def catalog_scale(self) -> int:
        dated = self.name in ("time", "datetime2", "datetimeoffset")
        return self.scale if self.family == "decimal" or dated else CATALOG[self.name][3]

    def declared(self) -> str:
        if self.family == "decimal":
            return f"{self.name}({self.precision},{self.scale})"
        if self.name in ("time", "datetime2", "datetimeoffset"):
            return f"{self.name}({self.scale})"
        if self.length:
            return f"{self.name}({'max' if self.length == MAX else self.length})"
        return self.name

    def collated(self, collation: str) -> "SqlType":
        return replace(self, collation=collation)


def decimal_bytes(precision: int) -> int:
    return 5 if precision <= 9 else 9 if precision <= 19 else 13 if precision <= 28 else 17


def time_bytes(scale: int) -> int:
    return 3 if scale <= 2 else 4 if scale <= 4 else 5


BIT, TINYINT, SMALLINT, INT, BIGINT = (SqlType(n) for n in ("bit", *INTEGERS))
FLOAT, REAL, MONEY, DATE, DATETIME = (SqlType(n) for n in ("float", "real", "money", "date", "datetime"))
GUID, XML, VARIANT = SqlType("uniqueidentifier"), SqlType("xml"), SqlType("sql_variant")
SYSNAME = SqlType("nvarchar", 128, alias="sysname")


def decimal(precision: int, scale: int, name: str = "decimal") -> SqlType:
    return SqlType(name, precision=precision, scale=scale)


def varchar(length: int, collation: str = DEFAULT_COLLATION) -> SqlType:
    return SqlType("varchar", length if length == MAX or length <= 8000 else MAX, collation=collation)


def nvarchar(length: int, collation: str = DEFAULT_COLLATION) -> SqlType:
    return SqlType("nvarchar", length if length == MAX or length <= 4000 else MAX, collation=collation)


def variant(base: str, text: str) -> dict[str, str]:
    """A sql_variant as stored, of a base type whose text is exact."""
    return {"kind": base.partition("(")[0], "base": base, "text": text, "exact": text}


def varbinary(length: int) -> SqlType:
    return SqlType("varbinary", length if length == MAX or length <= 8000 else MAX)


def parse_type(text: str, *, cast: bool = False) -> SqlType:
    """A declared type; without a length it is 1 in a declaration and 30 in a CAST (char and varchar, Transact-SQL)."""
    found = _DECLARED.match(text)
    name = ALIASES.get(found[1].lower(), found[1].lower()) if found else text.lower()
    if found is None or (name != "sysname" and name not in FAMILIES):
        if name in ("table", "cursor"):
            raise unsupported(f"type {text}")
        raise SqlError(243 if cast else 2715, f"Type {name} is not a defined system type.")
    return _build(name, found[2], found[3], cast)


def _build(name: str, first: str | None, second: str | None, cast: bool) -> SqlType:
    number = MAX if first and first.lower() == "max" else int(first) if first and first.isdigit() else None
    if name == "sysname":
        return SYSNAME
    if name == "vector":
        if number is None or not 1 <= number <= 1998 or second:
            raise unsupported("a vector without 1 to 1998 dimensions of float32")
        return SqlType(name, number)
    if name in ("decimal", "numeric"):
        precision, scale = (18 if number is None else number), int(second or 0)
        if not 1 <= precision <= 38 or scale > precision:
            raise SqlError(
                2750 if precision > 38 else 183, "Column or parameter: the precision or scale is out of range."
            )
        return decimal(precision, scale, name)
    if name in ("time", "datetime2", "datetimeoffset"):
        if number is not None and not 0 <= number <= 7:
            raise SqlError(1002, f"Line 1: Specified scale {number} is invalid.")
        return SqlType(name, scale=7 if number is None else number)
    if name == "float":
        return REAL if number is not None and number <= 24 else FLOAT
    if name in ("char", "varchar", "nchar", "nvarchar", "binary", "varbinary"):
        return SqlType(name, _length(name, number, cast))
    return SqlType(name)


def _length(name: str, number: int | None, cast: bool) -> int:
    if number is None:
        return 30 if cast else 1
    limit = 4000 if name[0] == "n" else 8000
    if number > limit or number == 0 or (number == MAX and not name.startswith(("var", "nvar"))):
        raise SqlError(
            131, f"The size ({number}) given to the type '{name}' exceeds the maximum allowed ({limit}).", 15
        )
    return number
