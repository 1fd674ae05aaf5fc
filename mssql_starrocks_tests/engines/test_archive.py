"""The class-data archive: made by a session of its own, used by later ones, only with the same Java and jars."""

from pathlib import Path

import pytest

from mssql_starrocks.engines import archive
from mssql_starrocks.engines.archive import archive_file, archive_options, make_archive
from mssql_starrocks.engines.jars import jars_folder, verify
from mssql_starrocks.engines.java import find_java
from mssql_starrocks.errors import EngineError


@pytest.fixture
def place(tmp_path):
    java, jar = tmp_path / "java", tmp_path / "a.jar"
    java.mkdir()
    (java / "release").write_text('JAVA_VERSION="17.0.9"')
    jar.write_bytes(b"jar")
    return java, [jar], tmp_path


@pytest.fixture
def started(monkeypatch):
    """The sessions that would make an archive."""
    found = []
    monkeypatch.setattr(archive, "_trainer", lambda folder, *_: found.append(folder))
    return found


def test_without_an_archive_one_is_begun_once_for_the_sessions_to_come(place, started):
    assert [archive_options(*place), archive_options(*place)] == ["", ""]
    assert started == [place[2]]


def test_later_sessions_start_from_it(place, started):
    archive_file(*place).write_bytes(b"archive")
    assert f"-XX:SharedArchiveFile={archive_file(*place)} " in archive_options(*place)
    assert make_archive(*place) == archive_file(*place)
    assert not started


def test_other_jars_or_another_java_need_another_archive(place):
    java, jars, _ = place
    found = {archive_file(*place)}
    jars[0].write_bytes(b"another jar")
    found.add(archive_file(*place))
    (java / "release").write_text('JAVA_VERSION="17.0.10"')
    assert len({*found, archive_file(*place)}) == 3


def test_a_session_that_fails_says_why(place):
    with pytest.raises(EngineError, match="was not made .*is missing. Run: mssql-starrocks jars"):
        make_archive(*place)


@pytest.mark.spark
def test_the_tests_own_session_runs_from_the_archive(spark, spark_settings):
    folder = jars_folder(spark_settings)
    file = make_archive(find_java(), verify(folder), folder)
    jvm = spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid()
    assert str(file) in Path(f"/proc/{jvm}/maps").read_text()
