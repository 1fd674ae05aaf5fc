"""The DDL of any chain, run on the stand-in as four versions of StarRocks: never refused."""

import pymysql
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mssql_starrocks.errors import NameCollisionError
from mssql_starrocks.naming import column_slug, slug
from mssql_starrocks.sandbox.starrocks import StarRocks
from mssql_starrocks.sandbox.starrocks.sql.reserved import BASE
from mssql_starrocks.types.matrix import MATRIX
from mssql_starrocks.warehouse.ddl import create_table
from mssql_starrocks_tests.tables import chain, column, table

VERSIONS = ["3.5.3", "4.0.2", "4.1.0", "main"]
LENGTHS = {"nchar": 2, "nvarchar": 2, "sysname": 2, "char": 1, "varchar": 1, "binary": 1, "varbinary": 1}
TYPES = sorted({name for rule in MATRIX for name in rule.types})
KEY_TYPES = sorted(set(TYPES) - {name for rule in MATRIX if rule.key is None for name in rule.types})
# the matrix' own choices: option -> values
CHOICES: dict[str, set[str]] = {}
for _rule in MATRIX:
    if getattr(_rule, "choice", None):
        CHOICES.setdefault(_rule.choice[0], set()).add(_rule.choice[1])

ODD_NAMES = [
    *sorted(word.lower() for word in BASE), "__op", "__row", "___count___", "__starrocks_shadow_x", "Größe (m²)", "列",
    "a`b", 'a"b', "a'b", "a]b", "a\\b", "a.b", "a b", " ", "%s", "😀", "=<>!*", "x" * 128, "é" * 128,
    "列" * 128, "1", "-",
]  # fmt: skip
ODD_COMMENTS = [
    "it's",
    'say "hi"',
    "a\\b",
    "\\",
    "a\nb\r\tc",
    "'; DROP TABLE x; --",
    "漢字 😀",
    "%s",
    "\\'",
    "a`b",
    "x" * 4000,
]
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
names = st.sampled_from(ODD_NAMES) | st.text(characters, min_size=1, max_size=128)
comments = st.none() | st.sampled_from(ODD_COMMENTS) | st.text(characters, max_size=60)


@st.composite
def facts(draw, kind):
    """What discovery can say of a column of this type."""
    bare = kind.removesuffix("(max)")
    if kind.endswith("(max)"):
        return bare, {"max_length": -1}
    if bare in ("decimal", "numeric"):
        precision = draw(st.integers(1, 38))
        return bare, {"precision": precision, "scale": draw(st.integers(0, precision))}
    if bare in ("time", "datetime2", "datetimeoffset"):
        return bare, {"scale": draw(st.integers(0, 7))}
    if bare in LENGTHS:
        return bare, {"max_length": LENGTHS[bare] * draw(st.sampled_from([1, 20, 128, 4000]))}
    return ("clr:dbo.Point" if bare == "clr" else bare), {"max_length": draw(st.sampled_from([16, -1]))}


@st.composite
def columns(draw, name, kinds, nullable):
    kind, found = draw(st.sampled_from(kinds).flatmap(facts))
    return column(name, kind, nullable=nullable, description=draw(comments), **found)


@st.composite
def chains(draw):
    every = draw(st.lists(names, min_size=1, max_size=10, unique=True))
    key = tuple(every[: draw(st.integers(0, min(3, len(every))))])
    made = [draw(columns(name, KEY_TYPES, False)) for name in key]
    made += [draw(columns(name, TYPES, draw(st.booleans()))) for name in every[len(key) :]]
    source = table(*draw(st.permutations(made)), schema="sales", name=draw(names), key=key, description=draw(comments))
    chosen = {option: draw(st.sampled_from(sorted(values))) for option, values in CHOICES.items()}
    try:
        return chain(source, **({"types": chosen} if chosen else {}))
    except NameCollisionError:
        assume(False)


@pytest.fixture(scope="module", params=VERSIONS)
def link(request):
    with StarRocks(users={"root": ""}, version=request.param) as server:
        server.execute("CREATE DATABASE sales")
        made = pymysql.connect(host=server.host, port=server.port, user="root", charset="utf8mb4", autocommit=None)
        yield made
        made.close()


def accepted(link, made):
    with link.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS sales FORCE")
        cursor.execute("CREATE DATABASE sales")
        cursor.execute(create_table(made))


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(made=chains())
def test_no_chain_is_refused(link, made):
    accepted(link, made)


def test_every_odd_name_is_taken(link):
    every = {column_slug(name): name for name in ODD_NAMES}
    accepted(link, chain(table(*(column(name, "int", description=name) for name in every.values()), key=())))
    for name in {slug(name): name for name in ODD_NAMES}.values():
        accepted(link, chain(table(column("id", "int"), name=name, key=(), description=name)))


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_alone_is_taken(link, kind):
    for value in _each(kind):
        accepted(link, chain(table(column("id", "int", nullable=False), value)))
        accepted(link, chain(table(value, key=())))


@pytest.mark.parametrize("kind", KEY_TYPES)
def test_every_type_is_taken_as_key(link, kind):
    for value in _each(kind, nullable=False):
        accepted(link, chain(table(column("v", "float"), value, key=("c",))))


def _each(kind, **more):
    bare = "clr:dbo.Point" if kind == "clr" else kind.removesuffix("(max)")
    if bare in ("decimal", "numeric"):
        every = [{"precision": p, "scale": s} for p, s in ((1, 0), (18, 0), (19, 0), (38, 0), (38, 38), (9, 2))]
    elif bare in ("time", "datetime2", "datetimeoffset"):
        every = [{"scale": s} for s in (0, 3, 7)]
    elif bare in LENGTHS and bare == kind:
        every = [{"max_length": LENGTHS[bare] * n} for n in (1, 4000)]
    else:
        every = [{"max_length": -1}]
    return [column("c", bare, **found, **more) for found in every]
