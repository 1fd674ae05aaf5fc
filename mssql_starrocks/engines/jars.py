"""Spark's jars: `jars.lock` says which, Maven brings them, their digests decide whether they are used."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mssql_starrocks.errors import EngineError
from mssql_starrocks.settings import SparkSettings

REPOSITORY = Path(__file__).resolve().parents[2]
LOCK = "jars.lock"
COMMAND = "mssql-starrocks jars"
_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_DEPENDENCY = (
    "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>"
    "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
)
_POM = (
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    "<groupId>mssql_starrocks</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>"
    "<dependencies>{}</dependencies></project>"
)

Log = Callable[[str], None]


@dataclass(frozen=True)
class Jar:
    """One line of the lock: `group:artifact:version sha256 bytes`."""

    group: str
    artifact: str
    version: str
    sha256: str
    bytes: int

    @property
    def file(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    @property
    def megabytes(self) -> str:
        return f"{self.bytes / 1e6:.1f} MB"


def jars_folder(spark: SparkSettings) -> Path:
    """The folder of the setting, relative to the working folder or, if it is not there, to the repository."""
    folder = Path(spark.jars).expanduser()
    here = folder.absolute()
    return here if here.is_dir() else REPOSITORY / folder


def read_lock(folder: Path) -> tuple[Jar, ...]:
    """The jars of `folder`'s lock; a folder without one uses the repository's.

    Raises:
        EngineError: there is no lock, or a line of it cannot be read.

    """
    file = next((f / LOCK for f in (folder, REPOSITORY / "jars") if (f / LOCK).is_file()), None)
    if file is None:
        raise EngineError(f"{folder / LOCK} is missing; it is part of the repository, in jars/. Copy it there.")
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
    return tuple(_parse(file, number, line) for number, line in lines if line.strip() and not line.startswith("#"))


def verify(folder: Path) -> tuple[Path, ...]:
    """The paths of all jars, digests checked (128 MB: about 0.1 s, so nothing is remembered between runs).

    Raises:
        EngineError: names the first file that is missing or altered, and the command that fetches it.

    """
    jars = read_lock(folder)
    for jar in jars:
        fault = _fault(folder / jar.file, jar)
        if fault:
            raise EngineError(f"{folder / jar.file} {fault}. Run: {COMMAND}")
    return tuple(folder / jar.file for jar in jars)


def fetch(folder: Path, log: Log, extra: Sequence[str] = ()) -> tuple[Path, ...]:
    """Bring what is missing or altered into `folder` through Maven; what is there is not touched (mtimes stay).

    Maven's own settings decide where from (mirrors, proxies); `extra` are more arguments for it, such as
    `-o` or `-s FILE`.

    Raises:
        EngineError: Maven is absent or failed, or it delivered other bytes than the lock says (those are deleted).

    """
    jars = read_lock(folder)
    wanted = [jar for jar in jars if _fault(folder / jar.file, jar)]
    log(f"{len(jars) - len(wanted)} of {len(jars)} jars are in {folder}")
    if wanted:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = folder / ".maven"  # on the same disk, so that the rename at the end is atomic
        scratch.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=scratch) as temporary:
            _run_maven(Path(temporary), wanted, log, extra)
            _accept(Path(temporary) / "jars", folder, wanted, log)
    return tuple(folder / jar.file for jar in jars)


def _parse(file: Path, number: int, line: str) -> Jar:
    try:
        coordinate, sha256, size = line.split()
        group, artifact, version = coordinate.split(":")
        if len(bytes.fromhex(sha256)) != hashlib.sha256().digest_size:
            raise ValueError(sha256)
        return Jar(group, artifact, version, sha256, int(size))
    except ValueError:
        raise EngineError(f"{file}:{number} is not `group:artifact:version sha256 bytes`: {line}") from None


def _fault(path: Path, jar: Jar) -> str | None:
    """What is wrong with a jar; None when it is the lock's."""
    if not path.is_file():
        return "is missing"
    size = path.stat().st_size
    if size != jar.bytes:
        return f"has {size} bytes, the lock says {jar.bytes}"
    digest = _sha256(path)
    return None if digest == jar.sha256 else f"has sha256 {digest}, the lock says {jar.sha256}"


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _run_maven(folder: Path, wanted: Sequence[Jar], log: Log, extra: Sequence[str]) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise EngineError(
            f"Maven (mvn) is not on PATH, and {len(wanted)} jars are missing: {', '.join(j.file for j in wanted)}. "
            "Install it, or copy the files there by hand; their digests are checked."
        )
    pom = folder / "pom.xml"
    pom.write_text(_POM.format("".join(_DEPENDENCY.format(j.group, j.artifact, j.version) for j in wanted)))
    command = [maven, "-B", "-C", "-f", str(pom), _GOAL, f"-DoutputDirectory={folder / 'jars'}", *extra]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        problems = _follow(process, wanted, log)
    if process.returncode:
        raise EngineError("Maven could not fetch the jars: " + (" ".join(problems)[:500] or "it gave no reason"))


def _follow(process: subprocess.Popen[str], wanted: Sequence[Jar], log: Log) -> tuple[str, ...]:
    """Log each download of ours as it starts; return Maven's first complaints."""
    errors: deque[str] = deque()
    for line in process.stdout or ():
        if "Downloading" in line:
            for jar in wanted:
                if line.rstrip().endswith("/" + jar.file):
                    log(f"downloading {jar.file}, {jar.megabytes}")
        elif line.startswith("[ERROR]") and len(errors) < 2:
            errors.append(line.removeprefix("[ERROR]").strip())
    return tuple(errors)


def _accept(delivered: Path, folder: Path, wanted: Sequence[Jar], log: Log) -> None:
    """Move each jar that is the lock's into place, then refuse the others: `delivered` is deleted with them."""
    refused = []
    for number, jar in enumerate(wanted, 1):
        fault = _fault(delivered / jar.file, jar)
        if fault:
            refused.append(f"{jar.file} {fault}")
            continue
        (delivered / jar.file).replace(folder / jar.file)
        log(f"{number} of {len(wanted)}: {jar.file}, {jar.megabytes}")
    if refused:
        raise EngineError(
            f"Refused what Maven delivered: {'; '.join(refused)}. Its local repository (~/.m2/repository) or "
            "the mirror holds other bytes: delete the file there and run again."
        )
