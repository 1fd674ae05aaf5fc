import pytest

from mssql_starrocks.config import Config
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.manifest_file import load_manifest, manifest_path, save_manifest
from mssql_starrocks.model import Manifest
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
