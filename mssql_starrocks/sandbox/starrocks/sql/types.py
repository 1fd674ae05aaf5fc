"""StarRocks' types: names, limits, DuckDB storage (facts/starrocks_judged.md B)."""

from __future__ import annotations

from dataclasses import dataclass

from mssql_starrocks.sandbox.starrocks.errors import analyzing

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
NESTED = frozenset({"ARRAY", "MAP", "STRUCT"})
# types that only AGGREGATE KEY tables keep
AGGREGATED = frozenset({"BITMAP", "HLL", "PERCENTILE"})


@dataclass(frozen=True)
class SqlType:
    """`length`: bytes of CHAR, VARCHAR, VARBINARY or the precision of DECIMAL; 0 = not given. `parts`: what ARRAY, MAP
    and STRUCT hold (`fields`: the names in a STRUCT); columns of these can be declared, only NULL can be stored.
    """

    name: str
    length: int = 0
    scale: int = 0
    parts: tuple[SqlType, ...] = ()
    fields: tuple[str, ...] = ()

    @property
    def duck(self) -> str:
        if self.name == "DECIMAL":
            return f"DECIMAL({min(self.length, 38) or 1},{self.scale})"
        return _DUCK.get(self.name, "VARCHAR")

    @property
    def plain(self) -> str:
        """As DESC and information_schema.columns print it."""
        name = self.name.lower()
        if self.name == "DECIMAL":
            return f"decimal({self.length},{self.scale})"
        if self.parts:
            return f"{name}<{self._inside([part.plain for part in self.parts])}>"
        return f"{name}({self.length})" if self.length and self.name in (*TEXTS, "VARBINARY") else name

    @property
    def ddl(self) -> str:
        """As SHOW CREATE TABLE prints it."""
        if self.name == "DECIMAL":
            return f"decimal({self.length}, {self.scale})"
        if self.name in DISPLAY_WIDTH:
            return f"{self.name.lower()}({DISPLAY_WIDTH[self.name]})"
        if self.parts:
            return f"{self.name.lower()}<{self._inside([part.ddl for part in self.parts])}>"
        return self.plain

    def _inside(self, parts: list[str]) -> str:
        if self.fields:
            return ", ".join(f"{field} {part}" for field, part in zip(self.fields, parts, strict=True))
        return ",".join(parts)

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


def check_limits(sql_type: SqlType) -> None:
    """Lengths a column or CAST may have; length 0 is accepted (facts/starrocks_judged.md A24)."""
    if sql_type.name == "VARCHAR" and sql_type.length > MAX_VARCHAR:
        raise analyzing(f"Varchar size must be <= {MAX_VARCHAR}: {sql_type.length}")
    if sql_type.name == "CHAR" and sql_type.length > 255:
        raise analyzing(f"Char size must be <= 255: {sql_type.length}")
    if sql_type.name == "VARBINARY" and sql_type.length > MAX_VARCHAR:
        raise analyzing(f"VARBINARY size must be <= {MAX_VARCHAR}: {sql_type.length}")
