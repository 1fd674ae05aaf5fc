"""Readers in StarRocks and in the lake see whole loads, one after the other, whatever the load is doing.

Between any two statements and commits of a load every reader reads. What goes on inside a statement is the stand-in's
own: that INSERT OVERWRITE and SWAP are atomic in StarRocks is the vendor's word (docs/recovery.md).
"""

import threading

import pytest

from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.warehouse.connect import WarehouseSession
from mssql_starrocks_tests.platform import failed
from mssql_starrocks_tests.recovery.readers import ABSENT, Readers

ROWS = {"first": 60, "second": 90, "third": 20, "wider": 70}


@pytest.fixture
def watched(kept, monkeypatch):
    """Readers of StarRocks read before and after each statement that changes a table, those of the lake each commit."""
    readers = Readers(kept, kept.chain())
    _stepping(monkeypatch, readers, WarehouseSession, "run", "starrocks")
    _stepping(monkeypatch, readers, type(open_catalog(kept.settings.lake)), "commit_table", "lake")
    with readers.reading():
        yield readers


def _stepping(monkeypatch, readers, owner, name, where):
    real = getattr(owner, name)

    def step(self, *arguments):
        if threading.current_thread() is not threading.main_thread() or str(arguments[0]).startswith("SET"):
            return real(self, *arguments)
        readers.step(readers.phase, where)
        found = real(self, *arguments)
        readers.step(readers.phase, where)
        return found

    monkeypatch.setattr(owner, name, step)


def test_every_answer_is_one_whole_load(kept, watched):
    loads = {name: [(i, f"{name} {i}") for i in range(count)] for name, count in ROWS.items()}
    hows = {}
    for name, rows in loads.items():
        if name == "wider":
            kept.source(f"ALTER TABLE {kept.name} ADD price int NULL")
        kept.source(f"DELETE FROM {kept.name}")
        if name == "wider":  # which no ALTER of StarRocks can do
            kept.source(f"ALTER TABLE {kept.name} ALTER COLUMN v nvarchar(20) NOT NULL")
        values = ", ".join(f"({i}, N'{text}')" for i, text in rows)
        kept.source(f"INSERT INTO {kept.name} (id, v) VALUES {values}")
        watched.step(name)
        chain = kept.chain()
        kept.snapshot(chain)
        assert not failed(kept.prove_snapshot(chain))
        kept.publish(chain)
        hows[name] = kept.load(chain).how
        assert not failed(kept.prove_warehouse(chain))
        if name == "third":
            watched.step("back")
            hows["back"] = kept.rollback(chain).loaded.how
    watched.step("end")

    assert list(hows.values()) == ["rename", "overwrite", "overwrite", "overwrite", "swap"]
    order = [ABSENT, *(loads[name] for name in ("first", "second", "third", "second", "wider"))]
    for reader in watched.all:
        assert reader.error is None, reader.error
        assert [_name(loads, a) for a in reader.seen()] == [_name(loads, a) for a in order], reader.name
        for phase in hows:  # no count of chance: each step waits for two answers, before and after
            answers = [answer for step, answer in reader.answers if step == phase]
            assert len(answers) >= (4 if reader.name == "lake" else 24), (reader.name, phase)


def _name(loads, answer):
    return next((name for name, rows in loads.items() if rows == answer), answer)
