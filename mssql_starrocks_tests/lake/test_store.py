"""The lake's file store: what is immutable is read once, what is new is written in one request."""

from collections import Counter

import pytest

from mssql_starrocks.lake.catalog import pyiceberg_properties
from mssql_starrocks.lake.store import LakeFileIO
from mssql_starrocks.sandbox import aws as sandbox
from mssql_starrocks_tests.platform import glue_settings

FOLDER = f"s3://{sandbox.BUCKET}/store"


@pytest.fixture
def requests(monkeypatch):
    """The methods of all requests to the store."""
    counted, real = Counter(), sandbox._KnownKeysOnly.__call__

    def call(self, environ, start_response):
        counted[environ["REQUEST_METHOD"]] += 1
        return real(self, environ, start_response)

    monkeypatch.setattr(sandbox._KnownKeysOnly, "__call__", call)
    return counted


@pytest.fixture
def store(aws):
    """A FileIO as each handle of a table gets its own."""
    return lambda: LakeFileIO(pyiceberg_properties(glue_settings(aws)))


def written(io, name, content):
    with io.new_output(f"{FOLDER}/{name}").create() as stream:
        stream.write(content)
    return f"{FOLDER}/{name}"


def read(io, location):
    with io.new_input(location).open() as stream:
        return stream.read()


def test_a_metadata_file_is_written_in_one_request_and_read_once(store, requests):
    location = written(store(), "1.metadata.json", b"{}")
    assert requests == {"PUT": 1}
    assert [read(store(), location) for _ in range(3)] == [b"{}"] * 3
    assert requests["GET"] == 1


def test_what_was_written_is_not_taken_for_read(store):
    location = written(store(), "2.metadata.json", b"{}")
    store().delete(location)
    with pytest.raises(FileNotFoundError):
        read(store(), location)


def test_data_files_are_read_again_each_time(store, requests):
    location = written(store(), "a.parquet", b"1")
    read(store(), location)
    store().new_output(location).create(overwrite=True).close()
    with store().new_output(location).create(overwrite=True) as stream:
        stream.write(b"2")
    assert read(store(), location) == b"2"


def test_data_files_are_never_replaced_unasked(store):
    location = written(store(), "b.parquet", b"1")
    with pytest.raises(FileExistsError):
        store().new_output(location).create()
