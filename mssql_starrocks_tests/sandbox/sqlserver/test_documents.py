"""json and vector (SQL Server 2025): text in, CAST to nvarchar(max) out, and what the catalog says."""

from typing import Any

import pymssql
import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer

# the documentation does not say how json is formatted when it is read, so only shortest documents are taken
DOCUMENTS = [
    "{}",
    "[]",
    '{"a":1,"b":[true,false,null],"c":{"d":"x y"}}',
    '["é😀","tab\\t\\"q\\"",-12.5,0,123456789012345]',
]
# "displayed as a JSON array", 4-byte floats in scientific form (vector data type, VECTOR_NORMALIZE's example)
VECTORS = [
    ("[1, 2, 3]", "[1.0000000e+000,2.0000000e+000,3.0000000e+000]"),
    ("[0.1, -2e-10, 30]", "[1.0000000e-001,-2.0000000e-010,3.0000000e+001]"),
    ("[3.4028235e38, 1.17549435e-38, -0.0]", "[3.4028235e+038,1.1754944e-038,-0.0000000e+000]"),
]


@pytest.fixture(scope="module")
def documents(server: SqlServer) -> SqlServer:
    server.execute("CREATE TABLE documents (id int NOT NULL, d json NULL, v vector(3) NULL)")
    for number, text in enumerate(DOCUMENTS):
        server.execute(f"INSERT INTO documents (id, d) VALUES ({number}, N'{text}')")
    for number, (text, _) in enumerate(VECTORS, len(DOCUMENTS)):
        server.execute(f"INSERT INTO documents (id, v) VALUES ({number}, '{text}')")
    return server


@pytest.mark.parametrize("driver", ["connect", "connect_odbc"])
def test_text_of_both(request: Any, documents: SqlServer, driver: str) -> None:
    cursor = request.getfixturevalue(driver)().cursor()
    cursor.execute("SELECT CAST(d AS nvarchar(max)), CAST(v AS nvarchar(max)) FROM documents ORDER BY id")
    expected = [*((text, None) for text in DOCUMENTS), *((None, shown) for _, shown in VECTORS)]
    assert [tuple(row) for row in cursor.fetchall()] == expected


def test_catalog(connect: Any, documents: SqlServer) -> None:
    """A vector is a varbinary of 8 + 4n bytes to system_type_id; the user type tells it apart."""
    cursor = connect().cursor()
    cursor.execute(
        "SELECT c.name, t.name, c.system_type_id, c.user_type_id, c.max_length, c.vector_dimensions, "
        "c.vector_base_type, c.vector_base_type_desc FROM sys.columns c JOIN sys.types t "
        "ON t.user_type_id = c.user_type_id WHERE c.object_id = OBJECT_ID('documents') AND c.column_id > 1 "
        "ORDER BY c.column_id"
    )
    assert cursor.fetchall() == [
        ("d", "json", 244, 244, -1, None, None, None),
        ("v", "vector", 165, 255, 20, 3, 0, "float32"),
    ]


@pytest.mark.parametrize("text", ["{", "{'a':1}", "[1,]", "", "[NaN]", '{"a"}'])
def test_wrong_json_is_13609(connect: Any, documents: SqlServer, text: str) -> None:
    with pytest.raises(pymssql.Error) as failure:
        connect().cursor().execute("INSERT INTO documents (id, d) VALUES (99, %s)", (text,))
    assert failure.value.args[0] == 13609


@pytest.mark.parametrize(
    "text", ['{"a": 1}', "[1.0]", "[1e3]", '{"a":1,"a":2}', '["\\u0041"]', "[-0]", "1", "[1234567890123456]"]
)
def test_json_with_a_shorter_spelling_is_refused(connect: Any, documents: SqlServer, text: str) -> None:
    with pytest.raises(pymssql.Error, match="not supported by the sandbox: json"):
        connect().cursor().execute("INSERT INTO documents (id, d) VALUES (99, %s)", (text,))


def test_what_a_vector_refuses(connect: Any, documents: SqlServer) -> None:
    cursor = connect().cursor()
    with pytest.raises(pymssql.Error, match="dimensions 3 and 2 do not match"):
        cursor.execute("INSERT INTO documents (id, v) VALUES (99, '[1, 2]')")
    for text in ("[1, 2, 1e39]", "1, 2, 3", '[1, 2, "3"]'):
        with pytest.raises(pymssql.Error, match="not supported by the sandbox"):
            cursor.execute("INSERT INTO documents (id, v) VALUES (99, %s)", (text,))
    for kind in ("vector", "vector(1999)", "vector(3, float16)"):
        with pytest.raises(pymssql.Error, match="dimensions"):
            cursor.execute(f"CREATE TABLE never (v {kind})")


def test_not_raw_and_not_implicit(connect: Any, documents: SqlServer) -> None:
    cursor = connect().cursor()
    for column in ("d", "v"):
        with pytest.raises(pymssql.Error, match="cast it"):
            cursor.execute(f"SELECT {column} FROM documents")
        with pytest.raises(pymssql.Error, match="cannot be compared"):
            cursor.execute(f"SELECT id FROM documents ORDER BY {column}")
    documents.execute("CREATE TABLE texts (t nvarchar(max))")
    with pytest.raises(pymssql.Error, match="Implicit conversion from data type json"):
        cursor.execute("INSERT INTO texts SELECT d FROM documents")
