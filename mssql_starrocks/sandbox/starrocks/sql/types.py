"""StarRocks' scalar types: grammar, limits, DuckDB storage, wire form (facts/starrocks_judged.md B)."""

from __future__ import annotations

from dataclasses import dataclass

from mssql_starrocks.sandbox.starrocks.errors import analyzing, plain, unsupported
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor

MAX_VARCHAR = 1048576
STRING_LENGTH = 65533
INTEGERS = ("TINYINT", "SMALLINT", "INT", "BIGINT", "LARGEINT")
FLOATS = ("FLOAT", "DOUBLE")
TEXTS = ("CHAR", "VARCHAR")
DISPLAY_WIDTH = {"TINYINT": 4, "SMALLINT": 6, "INT": 11, "BIGINT": 20, "LARGEINT": 40}
KEY_WIDTH = {
    "BOOLEAN": 1, "TINYINT": 1, "SMALLINT": 2, "INT": 4, "DATE": 4, "BIGINT": 8, "DATETIME": 8, "LARGEINT": 16,
}  # fmt: skip
_DUCK = {
    "NULL": "INTEGER", "BOOLEAN": "BOOLEAN", "TINYINT": "TINYINT", "SMALLINT": "SMALLINT", "INT": "INTEGER",
    "BIGINT": "BIGINT", "LARGEINT": "HUGEINT", "FLOAT": "FLOAT", "DOUBLE": "DOUBLE", "DATE": "DATE",
    "DATETIME": "TIMESTAMP", "TIME": "TIME", "CHAR": "VARCHAR", "VARCHAR": "VARCHAR", "VARBINARY": "BLOB",
    "JSON": "VARCHAR",
}  # fmt: skip
DECIMAL_LIMIT = {"DECIMAL32": 9, "DECIMAL64": 18, "DECIMAL128": 38}


@dataclass(frozen=True)
class SqlType:
    """`length`: bytes of CHAR, VARCHAR, VARBINARY or the precision of DECIMAL; 0 = not given."""

    name: str
    length: int = 0
    scale: int = 0

    @property
    def duck(self) -> str:
        if self.name == "DECIMAL":
            return f"DECIMAL({min(self.length, 38) or 1},{self.scale})"
        return _DUCK[self.name]

    @property
    def plain(self) -> str:
        """As DESC and information_schema.columns print it."""
        name = self.name.lower()
        if self.name == "DECIMAL":
            return f"decimal({self.length},{self.scale})"
        return f"{name}({self.length})" if self.length and self.name in (*TEXTS, "VARBINARY") else name

    @property
    def ddl(self) -> str:
        """As SHOW CREATE TABLE prints it."""
        if self.name == "DECIMAL":
            return f"decimal({self.length}, {self.scale})"
        if self.name in DISPLAY_WIDTH:
            return f"{self.name.lower()}({DISPLAY_WIDTH[self.name]})"
        return self.plain

    @property
    def internal(self) -> str:
        """As the ALTER refusals print it: DECIMAL by its storage width."""
        if self.name == "DECIMAL":
            width = next((w for w, top in (("32", 9), ("64", 18), ("128", 38)) if self.length <= top), "256")
            return f"DECIMAL{width}({self.length},{self.scale})"
        return self.plain.upper()

    @property
    def is_numeric(self) -> bool:
        return self.name in (*INTEGERS, *FLOATS, "DECIMAL", "BOOLEAN")


NULL = SqlType("NULL")
BOOLEAN, TINYINT, SMALLINT, INT = SqlType("BOOLEAN"), SqlType("TINYINT"), SqlType("SMALLINT"), SqlType("INT")
BIGINT, LARGEINT, DOUBLE, FLOAT = SqlType("BIGINT"), SqlType("LARGEINT"), SqlType("DOUBLE"), SqlType("FLOAT")
DATE, DATETIME, TIME, JSON = SqlType("DATE"), SqlType("DATETIME"), SqlType("TIME"), SqlType("JSON")
VARCHAR, VARBINARY = SqlType("VARCHAR", STRING_LENGTH), SqlType("VARBINARY")
_SIMPLE = {
    "BOOLEAN": BOOLEAN, "FLOAT": FLOAT, "DOUBLE": DOUBLE, "DATE": DATE, "DATETIME": DATETIME, "TIME": TIME,
    "JSON": JSON, "STRING": VARCHAR, "TEXT": VARCHAR,
}  # fmt: skip
_COMPLEX = {"ARRAY", "MAP", "STRUCT", "BITMAP", "HLL", "PERCENTILE", "VARIANT", "DECIMAL256"}


def parse_type(cursor: Cursor, version: tuple[int, int]) -> SqlType:
    """One type as the grammar allows it; anything else is a syntax error."""
    if cursor.kind() != "word":
        raise cursor.fail()
    word = cursor.take().upper
    if word in _COMPLEX:
        raise unsupported(f"type {word}")
    if word in _SIMPLE:
        return _SIMPLE[word]
    if word in ("INTEGER", *INTEGERS, "SIGNED", "UNSIGNED"):
        if word not in ("SIGNED", "UNSIGNED"):
            _argument(cursor)
        return SqlType("INT" if word in ("INTEGER", "SIGNED", "UNSIGNED") else word)
    if word in ("VARCHAR", "CHAR"):
        length = _argument(cursor)
        return SqlType(word, 1 if length is None else length)
    if word in ("VARBINARY", "BINARY"):
        return SqlType("VARBINARY", _argument(cursor) or 0)
    if word in ("DECIMAL", "NUMERIC", "NUMBER", *DECIMAL_LIMIT):
        return _decimal(cursor, word, version)
    cursor.position -= 1
    raise cursor.fail()


def _argument(cursor: Cursor) -> int | None:
    if not cursor.accept("("):
        return None
    value = cursor.integer()
    cursor.expect(")")
    return value


def _decimal(cursor: Cursor, word: str, version: tuple[int, int]) -> SqlType:
    precision, scale = 10, 0
    if word in DECIMAL_LIMIT:
        precision = DECIMAL_LIMIT[word]
    if cursor.accept("("):
        precision = cursor.integer()
        scale = cursor.integer() if cursor.accept(",") else 0
        cursor.expect(")")
    top = DECIMAL_LIMIT.get(word, 76 if version >= (4, 0) else 38)
    if precision > top:
        raise plain(f"DECIMAL's precision should range from 1 to {top}")
    if scale > precision:
        raise plain("DECIMAL(P[,S]) type P must be greater than or equal to the value of S")
    if precision > 38:
        raise unsupported(f"DECIMAL({precision},{scale}): more than 38 digits")
    return SqlType("DECIMAL", precision, scale)


def check_limits(sql_type: SqlType) -> None:
    """Lengths a column or CAST may have; length 0 is accepted (facts/starrocks_judged.md A24)."""
    if sql_type.name == "VARCHAR" and sql_type.length > MAX_VARCHAR:
        raise analyzing(f"Varchar size must be <= {MAX_VARCHAR}: {sql_type.length}")
    if sql_type.name == "CHAR" and sql_type.length > 255:
        raise analyzing(f"Char size must be <= 255: {sql_type.length}")
    if sql_type.name == "VARBINARY" and sql_type.length > MAX_VARCHAR:
        raise analyzing(f"VARBINARY size must be <= {MAX_VARCHAR}: {sql_type.length}")
