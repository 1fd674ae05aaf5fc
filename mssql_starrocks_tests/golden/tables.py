"""The golden tables: every type as a value under the default and under every other choice, and as a key."""

from mssql_starrocks_tests.golden.keys import KEYS
from mssql_starrocks_tests.golden.model import GoldenTable
from mssql_starrocks_tests.golden.moments import MOMENTS, MOMENTS_CHOSEN
from mssql_starrocks_tests.golden.numbers import NUMBERS
from mssql_starrocks_tests.golden.others import OTHERS, OTHERS_CHOSEN
from mssql_starrocks_tests.golden.spatial import SHAPES, SHAPES_TEXT
from mssql_starrocks_tests.golden.targets import TARGETS
from mssql_starrocks_tests.golden.texts import TEXTS, TEXTS_CHOSEN

OTHER_CHOICES = {
    "time_as": "ticks",
    "datetime2_as": "text",
    "datetimeoffset_as": "text",
    "guid_case": "lower",
    "char_blanks": "trim",
    "json_as": "json",
    "spatial_as": "wkt",
    "unicode_as": "bytes",
}
DEFAULT = GoldenTable("golden_default", (*NUMBERS, *MOMENTS, *TEXTS, *OTHERS, *SHAPES))
CHOSEN = GoldenTable("golden_chosen", (*MOMENTS_CHOSEN, *TEXTS_CHOSEN, *OTHERS_CHOSEN, *SHAPES_TEXT))
TABLES = (DEFAULT, CHOSEN, TARGETS, *KEYS)
CONFIG = {"dbo.golden_chosen*": {"types": OTHER_CHOICES}} | {t.id: t.config() for t in TABLES}
