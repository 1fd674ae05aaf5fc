from dataclasses import replace

import pytest

from mssql_starrocks.chain import plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.manifest_file import load_manifest, manifest_path, save_manifest
from mssql_starrocks.model import Key, Manifest, TableId
from mssql_starrocks_tests.tables import things


@pytest.fixture
def manifest():
    return Manifest("Company", "16", 3, True, False, "2026-01-01", (things(),))


def test_round_trip_leaves_one_file(manifest, tmp_path):
    file = tmp_path / "state" / "manifest.json"
    save_manifest(manifest, file)
    save_manifest(manifest, file)
    assert load_manifest(file) == manifest
    assert list(file.parent.iterdir()) == [file]


def test_no_file_is_no_manifest(tmp_path):
    assert load_manifest(tmp_path / "manifest.json") is None


def test_a_failed_write_leaves_the_old_one(manifest, tmp_path, monkeypatch):
    file = tmp_path / "manifest.json"
    save_manifest(manifest, file)
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        save_manifest(manifest.with_tables(()), file)
    assert load_manifest(file) == manifest
    assert list(tmp_path.iterdir()) == [file]


def test_unreadable_file_is_one_message(tmp_path):
    (tmp_path / "manifest.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_manifest(tmp_path / "manifest.json")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(ConfigError, match="mssql-starrocks discover"):
        load_manifest(tmp_path / "manifest.json")


def test_relative_to_the_configuration(tmp_path):
    assert manifest_path(Config(), tmp_path / "a.yaml") == tmp_path / "manifest.json"
    assert manifest_path(Config(manifest="/else/m.json"), tmp_path / "a.yaml").as_posix() == "/else/m.json"


def test_a_key_over_columns_that_are_not_there_refuses_its_table_alone(manifest, tmp_path):
    """Somebody edited the file."""
    good = things()
    without = replace(good, id=TableId("sales", "empty"), columns=())
    other = replace(good, id=TableId("sales", "other"), keys=(Key("PK", ("gone",), primary=True),))
    save_manifest(manifest.with_tables((good, without, other)), tmp_path / "manifest.json")
    chains, refused = plan_chains(load_manifest(tmp_path / "manifest.json"), Config())
    assert [str(chain.table.id) for chain in chains] == ["sales.things"]
    assert {str(one.table): one.reason.partition(". ")[0] for one in refused} == {
        "sales.empty": "sales.empty: a key names column id, which is none of its columns",
        "sales.other": "sales.other: a key names column gone, which is none of its columns",
    }
    assert all("mssql-starrocks discover" in one.reason for one in refused)
