"""Bodies of Stream Load: every row once, whole rows only, and no more bytes at once than was asked for."""

import datetime as dt
import json
from decimal import Decimal

import pyarrow as pa
import pytest

from mssql_starrocks.warehouse.loaders.bodies import body_of, layout_of, parts
from mssql_starrocks_tests.tables import chain, column, table

NOW = dt.datetime(2024, 2, 29, 1, 2, 3, 4)


def batch(names, rows):
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    audit = {"migrated_at": [NOW] * len(rows), "source_schema": ["sales"] * len(rows), "load_id": ["l1"] * len(rows)}
    return pa.RecordBatch.from_pydict({**{name: list(values) for name, values in columns.items()}, **audit})


def texts(count):
    return batch(["id", "name", "price"], [(i, f'{i}é\n"' * 20, Decimal("0.50")) for i in range(count)])


def sent(layout, part):
    return b"".join(bytes(piece) for piece in body_of(layout, part))


@pytest.mark.parametrize("most", [1, 900, 10_000, 1 << 20])
def test_parts_are_whole_documents_of_at_most_so_many_bytes(most):
    layout = layout_of(chain())
    made = list(parts(layout, [texts(100), texts(0), texts(37)], most))
    rows = [row for part in made for row in json.loads(sent(layout, part))]
    assert [row["id"] for row in rows] == [*range(100), *range(37)]
    assert rows[99]["name"] == '99é\n"' * 20
    assert all(part.size <= most or part.rows == 1 for part in made)
    assert [part.rows for part in made] == [len(json.loads(sent(layout, part))) for part in made]


def test_values_are_written_as_starrocks_reads_them():
    made = chain(
        table(
            column("id", "int", nullable=False),
            column("flag", "bit"),
            column("ratio", "float"),
            column("single", "real"),
            column("raw", "varbinary", max_length=8),
            column("note", "nvarchar", max_length=40),
        )
    )
    layout = layout_of(made)
    rows = [
        (1, True, 0.1, 0.1, b"\x00\xff", "\\N"),
        (2, False, -0.0, 1e-30, b"", ""),
        (3, None, 1.5e300, None, None, None),
    ]
    names = ["id", "flag", "ratio", "single", "raw", "note"]
    found = batch(names, rows)
    found = found.set_column(3, "single", pa.array([r[3] for r in rows], pa.float32()))
    (part,) = parts(layout, [found])
    one, two, three = json.loads(sent(layout, part), parse_float=str)
    assert one == {
        "id": 1, "flag": 1, "ratio": "0.1", "single": "0.10000000149011612", "raw__sent": "00FF", "note": "\\N",
        "migrated_at": "2024-02-29 01:02:03.000004", "source_schema": "sales", "load_id": "l1",
    }  # fmt: skip
    assert (two["flag"], two["ratio"], two["raw__sent"], two["note"]) == (0, "-0.0", "", "")
    assert [three[n] for n in ("flag", "single", "raw__sent", "note")] == [None] * 4
    assert float(three["ratio"]) == 1.5e300
    assert "`raw`=to_binary(`raw__sent`, 'hex')" in layout.headers["columns"]


def test_without_free_text_rows_are_csv():
    made = chain(table(column("id", "int", nullable=False), column("price", "decimal", precision=9, scale=2)))
    layout = layout_of(made)
    (part,) = parts(layout, [batch(["id", "price"], [(1, Decimal("-0.50")), (2, None)])])
    audit = b"\x012024-02-29 01:02:03.000004\x01sales\x01l1\x02"
    assert sent(layout, part) == b"1\x01-0.50" + audit + b"2\x01\\N" + audit


def test_a_sent_name_is_no_column():
    made = chain(
        table(
            column("id", "int", nullable=False),
            column("raw", "varbinary", max_length=8),
            column("raw__sent", "int"),
        )
    )
    names = [field.sent_as for field in layout_of(made).fields]
    assert names[:3] == ["id", "raw__sent_", "raw__sent"]
