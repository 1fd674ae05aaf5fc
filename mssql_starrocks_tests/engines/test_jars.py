"""The lock, its digests, and Maven (the real one: what it needs is a few megabytes)."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from mssql_starrocks.engines.jars import REPOSITORY, Jar, fetch, jars_folder, read_lock, verify
from mssql_starrocks.errors import EngineError
from mssql_starrocks.settings import SparkSettings

JARS = REPOSITORY / "jars"
needs_maven = pytest.mark.skipif(shutil.which("mvn") is None, reason="no mvn")


def write_lock(folder: Path, *jars: Jar) -> None:
    lines = [f"{j.group}:{j.artifact}:{j.version} {j.sha256} {j.bytes}\n" for j in jars]
    (folder / "jars.lock").write_text("".join(lines))


@pytest.fixture
def small() -> tuple[Jar, ...]:
    return tuple(j for j in read_lock(JARS) if j.artifact in ("mssql-jdbc", "mysql-connector-j"))


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder with a lock of one jar and that jar."""
    (tmp_path / "x-1.jar").write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1
    write_lock(tmp_path, Jar("g", "x", "1", digest, 3))
    return tmp_path


def test_lock_and_pom_name_the_same_jars():
    pom = ElementTree.parse(JARS / "pom.xml").getroot()
    ns = {"m": "http://maven.apache.org/POM/4.0.0"}
    found = []
    for dependency in pom.findall("m:dependencies/m:dependency", ns):
        found.append(tuple(dependency.findtext(f"m:{part}", "", ns) for part in ("groupId", "artifactId", "version")))
        excluded = dependency.find("m:exclusions/m:exclusion", ns)
        assert [excluded.findtext(f"m:{part}", "", ns) for part in ("groupId", "artifactId")] == ["*", "*"]
    assert found == [(j.group, j.artifact, j.version) for j in read_lock(JARS)]


def test_lock_matches_pyspark():
    assert "iceberg-spark-runtime-3.5_2.12-1.11.0.jar" in [j.file for j in read_lock(JARS)]


def test_a_folder_without_lock_uses_the_repositorys(tmp_path):
    assert read_lock(tmp_path) == read_lock(JARS)


@pytest.mark.parametrize("line", ["g:a:1 00 5", "g:a " + "0" * 64 + " 5", "g:a:1 " + "0" * 64 + " five", "nonsense"])
def test_a_line_that_cannot_be_read_is_named(tmp_path, line):
    (tmp_path / "jars.lock").write_text(f"# jars\n\n{line}\n")
    with pytest.raises(EngineError, match=r"jars\.lock:3 is not"):
        read_lock(tmp_path)


def test_verify_accepts_the_locked_bytes(made):
    assert verify(made) == (made / "x-1.jar",)


@pytest.mark.parametrize(
    ("content", "fault"),
    [(None, "is missing"), (b"abcd", "has 4 bytes, the lock says 3"), (b"abd", "has sha256 a52d159f")],
)
def test_verify_names_file_fault_and_command(made, content, fault):
    (made / "x-1.jar").unlink()
    if content:
        (made / "x-1.jar").write_bytes(content)
    with pytest.raises(EngineError, match=rf"x-1\.jar {fault}.*Run: mssql-starrocks jars"):
        verify(made)


def test_folder_is_looked_for_here_and_then_in_the_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert jars_folder(SparkSettings()) == JARS
    (tmp_path / "jars").mkdir()
    assert jars_folder(SparkSettings()) == tmp_path / "jars"
    assert jars_folder(SparkSettings(jars="/opt/jars")) == Path("/opt/jars")


def test_without_maven_says_that_files_can_be_copied(tmp_path, small, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    write_lock(tmp_path, *small)
    with pytest.raises(EngineError, match=r"mvn\) is not on PATH.*mssql-jdbc.*copy the files there by hand"):
        fetch(tmp_path, lambda line: None)


def test_nothing_to_fetch_needs_no_maven(made, monkeypatch):
    monkeypatch.setenv("PATH", "")
    lines = []
    assert fetch(made, lines.append) == (made / "x-1.jar",)
    assert lines == [f"1 of 1 jars are in {made}"]


@needs_maven
def test_fetch_fills_an_empty_folder_and_repairs_an_altered_jar(tmp_path, small):
    write_lock(tmp_path, *small)
    lines = []
    paths = fetch(tmp_path, lines.append)
    assert verify(tmp_path) == paths
    assert lines[0].startswith("0 of 2 jars")
    assert [line for line in lines if " of 2: " in line][-1] == f"2 of 2: {small[1].file}, {small[1].megabytes}"

    altered, kept = paths
    before = kept.stat().st_mtime_ns
    altered.write_bytes(b"X" + altered.read_bytes()[1:])
    fetch(tmp_path, lines.append)
    assert verify(tmp_path) == paths
    assert kept.stat().st_mtime_ns == before
    assert list((tmp_path / ".maven").iterdir()) == []


@needs_maven
def test_other_bytes_than_the_locks_are_refused_and_deleted(tmp_path, small):
    good, other = small
    write_lock(tmp_path, good, Jar(other.group, other.artifact, other.version, "0" * 64, other.bytes))
    with pytest.raises(EngineError, match=rf"Refused what Maven delivered: {other.file} has sha256 "):
        fetch(tmp_path, lambda line: None)
    assert {p.name for p in tmp_path.rglob("*.jar")} == {good.file}


@needs_maven
def test_mavens_own_complaint_is_shown(tmp_path):
    write_lock(tmp_path, Jar("g.absent", "absent", "1", "0" * 64, 1))
    with pytest.raises(EngineError, match=r"Maven could not fetch the jars: .*absent"):
        fetch(tmp_path, lambda line: None, ("-o",))
