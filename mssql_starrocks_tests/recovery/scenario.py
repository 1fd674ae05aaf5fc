"""Others write to main while loads of ours are copied, certified and published."""

from unittest.mock import patch

import pytest

from mssql_starrocks.errors import LakeError, PublishConflictError
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks_tests.platform import failed


def play(kept, make_writers):
    """Refused before main is born, refused while they write, refused at the last moment; each time done again."""
    chain = kept.chain()
    first = kept.snapshot(chain).load_id
    writers = make_writers(kept, chain)
    writers.once()
    _refused(kept, chain, writers, first)
    with pytest.raises(LakeError, match="of another writer; copy the table again"):
        kept.load(chain)
    _redo(kept, chain, writers, "again")

    kept.fill("two")
    with writers.busy():
        second = kept.snapshot(chain).load_id
    with writers.busy():
        assert not failed(kept.prove_snapshot(chain))
    with writers.busy():
        _refused(kept, chain, writers, second)

    third = kept.snapshot(chain).load_id
    assert not failed(kept.prove_snapshot(chain))
    catalog = open_catalog(kept.settings.lake)
    real = catalog.commit_table

    def commit_second(*arguments):
        catalog.commit_table = real
        writers.once()
        return real(*arguments)

    with patch.object(catalog, "commit_table", commit_second):
        _refused(kept, chain, writers, third)
    _redo(kept, chain, writers, "three", "more")


def _refused(kept, chain, writers, load_id):
    with pytest.raises(PublishConflictError, match="another writer moved main"):
        kept.publish(chain)
    table = kept.lake_table(chain)
    assert writers.acknowledged
    assert not writers.lost(table)
    assert in_lake.published(table) is None  # main is the writer's
    assert f"load_{load_id}" not in table.refs()
    assert "foreign" in kept.lake_values(chain)


def _redo(kept, chain, writers, *values):
    kept.fill(*values)
    kept.snapshot(chain)
    assert not failed(kept.prove_snapshot(chain))
    kept.publish(chain)
    table = kept.lake_table(chain)
    assert not writers.lost(table)
    assert in_lake.published(table)
    assert kept.lake_values(chain) == list(values)
