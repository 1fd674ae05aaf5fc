"""The class-data archive: made once, used when its process has ended, and only with the same Java and jars."""

import os
import time
from pathlib import Path

import pytest

from mssql_starrocks.engines.archive import archive_options

OLD = time.time() - 3600


@pytest.fixture
def place(tmp_path):
    java, jar = tmp_path / "java", tmp_path / "a.jar"
    java.mkdir()
    (java / "release").write_text('JAVA_VERSION="17.0.9"')
    jar.write_bytes(b"jar")
    return java, [jar], tmp_path


def made_by(options: str) -> str:
    return next(part for part in options.split() if part.startswith("-XX:ArchiveClassesAtExit=")).split("=")[1]


def finished(file: str, process: int = 999_999_999) -> None:
    """The archive of a process that has ended an hour ago."""
    path = Path(f"{file.rsplit('.', 1)[0]}.{process}")
    path.write_bytes(b"archive")
    os.utime(path, (OLD, OLD))


def test_the_first_session_makes_it_and_later_ones_use_it(place):
    file = made_by(archive_options(*place))
    assert file.endswith(f".{os.getpid()}")
    finished(file)
    assert f"-XX:SharedArchiveFile={file.rsplit('.', 1)[0]} " in archive_options(*place)


def test_an_archive_still_being_written_is_left_alone(place):
    file = made_by(archive_options(*place))
    finished(file, os.getpid())
    assert made_by(archive_options(*place)) == file


def test_other_jars_or_another_java_need_another_archive(place):
    java, jars, folder = place
    first = made_by(archive_options(*place))
    jars[0].write_bytes(b"another jar")
    second = made_by(archive_options(*place))
    (java / "release").write_text('JAVA_VERSION="17.0.10"')
    assert len({first, second, made_by(archive_options(java, jars, folder))}) == 3


def test_without_a_place_for_it_spark_starts_as_ever(place):
    java, jars, folder = place
    (folder / "with blank").mkdir()
    assert archive_options(java, jars, folder / "with blank") == ""
