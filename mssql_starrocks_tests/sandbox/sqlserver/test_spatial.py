"""geometry and geography: shapes in as text or WKB, out by methods; the forms are those of Microsoft's pages."""

from typing import Any

import pymssql
import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer


def wkb(code: int, *rest: bytes) -> bytes:
    return b"\1" + code.to_bytes(4, "little") + b"".join(rest)


def number(count: int) -> bytes:
    return count.to_bytes(4, "little")


# IEEE 754, little-endian
ORDINATE = {
    0: bytes(8),
    1: bytes.fromhex("000000000000f03f"),
    2: bytes.fromhex("0000000000000040"),
    3: bytes.fromhex("0000000000000840"),
    4: bytes.fromhex("0000000000001040"),
}


def at(*ordinates: int) -> bytes:
    return b"".join(ORDINATE[o] for o in ordinates)


TRIANGLE = number(4) + at(0, 0) + at(4, 0) + at(4, 4) + at(0, 0)
# written, SRID, STAsText, AsTextZM, STAsBinary, AsBinaryZM
SHAPES: list[tuple[str, int, str, str, bytes, bytes]] = [
    ("geometry::STGeomFromText('POINT (1 2)', 4326)", 4326, "POINT (1 2)", "POINT (1 2)",
     wkb(1, at(1, 2)), wkb(1, at(1, 2))),
    # AsBinaryZM (geometry Data Type): 0x0101... and 0x01B90B...
    ("'Point(1 1 2 3)'", 0, "POINT (1 1)", "POINT (1 1 2 3)",
     bytes.fromhex("0101000000000000000000F03F000000000000F03F"),
     bytes.fromhex("01B90B0000000000000000F03F000000000000F03F00000000000000400000000000000840")),
    ("geometry::Parse('POINT (3 4 1)')", 0, "POINT (3 4)", "POINT (3 4 1)", wkb(1, at(3, 4)), wkb(1001, at(3, 4, 1))),
    ("geometry::Point(1, 2, 7)", 7, "POINT (1 2)", "POINT (1 2)", wkb(1, at(1, 2)), wkb(1, at(1, 2))),
    ("'LINESTRING (0 0 1 2, 1 1 3 4)'", 0, "LINESTRING (0 0, 1 1)", "LINESTRING (0 0 1 2, 1 1 3 4)",
     wkb(2, number(2), at(0, 0, 1, 1)), wkb(3002, number(2), at(0, 0, 1, 2), at(1, 1, 3, 4))),
    ("'POLYGON ((0 0, 4 0, 4 4, 0 0), (2 1, 3 1, 3 2, 2 1))'", 0,
     "POLYGON ((0 0, 4 0, 4 4, 0 0), (2 1, 3 1, 3 2, 2 1))", "POLYGON ((0 0, 4 0, 4 4, 0 0), (2 1, 3 1, 3 2, 2 1))",
     *[wkb(3, number(2), TRIANGLE, number(4), at(2, 1, 3, 1, 3, 2, 2, 1))] * 2),
    # STMPointFromWKB (geometry Data Type): its example and result
    ("geometry::STGeomFromWKB(0x010400000002000000010100000000000000000059400000000000005940010100000000000000000069"
     "400000000000006940, 0)", 0, *["MULTIPOINT ((100 100), (200 200))"] * 2,
     *[bytes.fromhex("010400000002000000010100000000000000000059400000000000005940010100000000000000000069400000000000"
                     "006940")] * 2),
    ("'multilinestring ((0 0, 1 1), (2 2, 3 3, 4 4))'", 0, *["MULTILINESTRING ((0 0, 1 1), (2 2, 3 3, 4 4))"] * 2,
     *[wkb(5, number(2), wkb(2, number(2), at(0, 0, 1, 1)), wkb(2, number(3), at(2, 2, 3, 3, 4, 4)))] * 2),
    ("'MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0)))'", 0, *["MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0)))"] * 2,
     *[wkb(6, number(1), wkb(3, number(1), TRIANGLE))] * 2),
    ("'GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))'", 0,
     *["GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))"] * 2,
     *[wkb(7, number(2), wkb(1, at(1, 2)), wkb(2, number(2), at(0, 0, 1, 1)))] * 2),
    ("'LINESTRING EMPTY'", 0, *["LINESTRING EMPTY"] * 2, *[wkb(2, number(0))] * 2),
    ("'GEOMETRYCOLLECTION EMPTY'", 0, *["GEOMETRYCOLLECTION EMPTY"] * 2, *[wkb(7, number(0))] * 2),
    # WKB has no empty point: "we are outputting a MULTIPOINT with zero elements" (Microsoft, on Connect)
    ("'POINT EMPTY'", 0, *["POINT EMPTY"] * 2, *[wkb(4, number(0))] * 2),
]  # fmt: skip


@pytest.fixture(scope="module")
def shapes(server: SqlServer) -> SqlServer:
    server.execute("CREATE TABLE shapes (id int NOT NULL, [the g] geometry NULL)")
    for place, (text, *_) in enumerate(SHAPES):
        server.execute(f"INSERT INTO shapes VALUES ({place}, {text})")
    server.execute("INSERT INTO shapes VALUES (1000, NULL)")
    return server


@pytest.mark.parametrize("driver", ["connect", "connect_odbc"])
def test_forms(request: Any, shapes: SqlServer, driver: str) -> None:
    cursor = request.getfixturevalue(driver)().cursor()
    g = "[the g]"
    cursor.execute(
        f"SELECT {g}.STSrid, {g}.STAsText(), {g}.AsTextZM(), {g}.STAsBinary(), s.{g}.AsBinaryZM(), s.{g}.ToString() "
        "FROM shapes s ORDER BY id"
    )
    expected = [(srid, text, both, flat, full, both) for _, srid, text, both, flat, full in SHAPES]
    assert [tuple(row) for row in cursor.fetchall()] == [*expected, (None,) * 6]


def test_geography(connect: Any, server: SqlServer) -> None:
    server.execute("CREATE TABLE places (id int, p geography)")
    server.execute("INSERT INTO places VALUES (1, geography::STGeomFromText('POINT (-122.349 47.651)', 4326))")
    server.execute("INSERT INTO places VALUES (2, geography::Point(47.651, -122.349, 4326)), (3, 'POINT (1 2)')")
    server.execute("INSERT INTO places VALUES (4, 'POLYGON ((0 0, 4 0, 4 4, 0 0))')")
    cursor = connect().cursor()
    cursor.execute("SELECT p.STAsText(), p.STSrid FROM places ORDER BY id")
    assert cursor.fetchall() == [
        *[("POINT (-122.349 47.651)", 4326)] * 2,
        ("POINT (1 2)", 4326),
        ("POLYGON ((0 0, 4 0, 4 4, 0 0))", 4326),
    ]
    for text in (
        "'POLYGON ((0 0, 4 4, 4 0, 0 0))'",
        "'POINT (190 0)'",
        "geography::STGeomFromText('POINT (1 2)', 4269)",
    ):
        with pytest.raises(pymssql.Error, match="not supported by the sandbox"):
            cursor.execute(f"INSERT INTO places VALUES (5, {text})")
    with pytest.raises(pymssql.Error, match="Latitude"):
        cursor.execute("INSERT INTO places VALUES (5, 'POINT (0 91)')")


def test_ordinates_are_exact(connect: Any, shapes: SqlServer) -> None:
    cursor = connect().cursor()
    cursor.execute("SELECT geometry::Parse('POINT (0.1 1e300)').STAsBinary()")
    assert cursor.fetchone()[0] == bytes.fromhex("01010000009a9999999999b93f9c7500883ce4377e")
    with pytest.raises(pymssql.Error, match="15 digits"):
        cursor.execute("SELECT geometry::Parse('POINT (0.30000000000000004 1)').STAsText()")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("POINT (1)", 6522),
        ("POINT (1 2", 6522),
        ("CIRCLE (1 2)", 6522),
        ("POLYGON ((0 0, 1 0, 1 1, 2 2))", 6522),
        ("CIRCULARSTRING (0 0, 1 1, 2 0)", 50000),
        ("LINESTRING (0 0 1, 1 1)", 50000),
        ("GEOMETRYCOLLECTION (POINT EMPTY)", 50000),
    ],
)
def test_wrong_and_refused(connect: Any, shapes: SqlServer, text: str, number: int) -> None:
    with pytest.raises(pymssql.Error) as failure:
        connect().cursor().execute("INSERT INTO shapes VALUES (2000, %s)", (text,))
    assert failure.value.args[0] == number


def test_never_raw_and_in_the_catalog(connect: Any, shapes: SqlServer) -> None:
    cursor = connect().cursor()
    with pytest.raises(pymssql.Error, match="a bare geometry column"):
        cursor.execute("SELECT [the g] FROM shapes")
    cursor.execute(
        "SELECT t.name, c.system_type_id, c.user_type_id, c.max_length, t.is_assembly_type FROM sys.columns c "
        "JOIN sys.types t ON t.user_type_id = c.user_type_id WHERE c.name = 'the g'"
    )
    assert cursor.fetchall() == [("geometry", 240, 129, -1, True)]
