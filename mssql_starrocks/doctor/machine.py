"""The machine that copies: Python and packages, Java and jars, disk, Dagster's home."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from importlib import metadata
from pathlib import Path

import yaml
from packaging.requirements import Requirement

from mssql_starrocks.doctor.finding import Check, Finding, State, System, failed, ok, warning
from mssql_starrocks.doctor.patient import Patient
from mssql_starrocks.engines import jars, java
from mssql_starrocks.errors import EngineError

_PACKAGE = "mssql_starrocks"
_SHIPPED = jars.REPOSITORY / "dagster.yaml"
_TOLD = ("pymssql", "mssql-python", "pymysql", "pyiceberg", "pyarrow", "dagster")
_LITTLE, _TOO_LITTLE = 5 << 30, 500 << 20
_OPTION = "-Duser.timezone=UTC"  # what a Spark session of ours starts its JVM with


def system(patient: Patient) -> System:
    return System(
        "this machine",
        lambda: nullcontext(patient),
        (
            Check("Python", _python),
            Check("packages", _packages),
            Check("Java", _java),
            Check("jars", _jars),
            Check("time zone of Java", _zone),
            Check("Spark", _spark, 180),
            Check("disk", _disk),
            Check("Dagster", _dagster),
        ),
    )


def _python(_: Patient) -> Iterator[Finding]:
    version = platform.python_version()
    wanted = metadata.metadata(_PACKAGE)["Requires-Python"]
    if not Requirement(f"python{wanted}").specifier.contains(version):
        yield failed(
            "Python", f"{version}, and {wanted} is needed", "Make the virtual environment with a newer Python."
        )
    else:
        yield ok("Python", version)


def _packages(_: Patient) -> Iterator[Finding]:
    """What pyproject.toml asks for is what is installed: one pin decides about the lake's commits."""
    wrong = []
    for line in metadata.requires(_PACKAGE) or ():
        wanted = Requirement(line)
        if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
            continue
        found = _version(wanted.name)
        if found is None or not wanted.specifier.contains(found, prereleases=True):
            wrong.append(f"{wanted.name} is {found or 'not installed'}, wanted {wanted.specifier or 'any'}")
    if wrong:
        yield failed("packages", "; ".join(wrong), "Install the pinned versions: uv pip sync requirements.lock")
    else:
        yield ok("packages", ", ".join(f"{name} {_version(name)}" for name in _TOLD))


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _java(patient: Patient) -> Iterator[Finding]:
    try:
        yield ok("Java", f"{java.VERSION} in {java.find_java()}")
    except EngineError as error:
        yield _without_spark(patient, "Java", str(error))


def _jars(patient: Patient) -> Iterator[Finding]:
    folder = jars.jars_folder(patient.settings.spark)
    try:
        yield ok("jars", f"{len(jars.verify(folder))} in {folder}, verified")
    except EngineError as error:
        yield _without_spark(patient, "jars", str(error))


def _zone(_: Patient) -> Iterator[Finding]:
    """_JAVA_OPTIONS of the environment wins over options of the command line."""
    try:
        command = [str(java.find_java() / "bin" / "java"), _OPTION, "-XshowSettings:properties", "-version"]
    except EngineError:
        return
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    found = re.search(r"^\s+user\.timezone = (\S+)", done.stderr, re.MULTILINE)
    if found and found[1] == "UTC":
        yield ok("time zone of Java", "UTC")
    else:
        text = f"{found[1] if found else 'unknown'} in spite of {_OPTION}: Spark would shift times, and is refused"
        yield failed("time zone of Java", text, "Take user.timezone out of _JAVA_OPTIONS.")


def _spark(patient: Patient) -> Iterator[Finding]:
    if patient.spark is not None:
        session = patient.spark.session(patient.settings.lake)
        yield ok("Spark", f"{session.version} on {patient.settings.spark.master}, in UTC, sees the lake's catalog")


def _without_spark(patient: Patient, what: str, text: str) -> Finding:
    """Who asked for Spark cannot do without it; for the others the arrow engine takes its place."""
    if any("spark" in (chain.engine, chain.loader.split("_")[0]) for chain in patient.chains):
        return failed(what, text, "")
    return Finding(what, State.WARNING, text, "Tables that are not big do without: the arrow engine copies them.")


def _disk(_: Patient) -> Iterator[Finding]:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    text, advice = f"{free / (1 << 30):.1f} GiB free in {folder}", "Free some, or point TMPDIR to another disk."
    yield (
        Finding("disk", State.FAILED, text, advice)
        if free < _TOO_LITTLE
        else (Finding("disk", State.WARNING, text, advice) if free < _LITTLE else ok("disk", text))
    )


def _dagster(_: Patient) -> Iterator[Finding]:
    home = os.environ.get("DAGSTER_HOME")
    if not home:
        yield warning(
            "Dagster",
            "DAGSTER_HOME is not set: history and limits are lost with each process",
            f"export DAGSTER_HOME=$PWD/.dagster && mkdir -p .dagster && cp {_SHIPPED} .dagster/",
        )
        return
    file = Path(home) / "dagster.yaml"
    if not Path(home).is_absolute() or not Path(home).is_dir():
        yield failed("Dagster", f"DAGSTER_HOME={home} is no absolute path of a folder", f"mkdir -p {home}")
    elif not _pools(file):
        text = f"{file} sets no limit for pools: all tables are read at once"
        yield warning("Dagster", text, f"cp {_SHIPPED} {home}/, or set concurrency.pools.default_limit there.")
    else:
        yield ok("Dagster", f"home {home}, pools limited")


def _pools(file: Path) -> bool:
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
        return bool(found["concurrency"]["pools"]["default_limit"])
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return False
