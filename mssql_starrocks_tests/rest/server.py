"""Iceberg's own REST catalog in a Java process, on loopback; its backend is SQLite and a local folder."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent
JARS = HERE.parents[1] / "jars" / "rest"


@contextmanager
def rest_catalog(folder: Path) -> Iterator[str]:
    """The URL of a catalog that ends with the block. Jars come from `make setup`."""
    java = shutil.which("javac") and shutil.which("java")
    if java is None or not any(JARS.glob("*.jar")):
        pytest.skip("no JDK, or no jars of the REST catalog: make setup")
    import pyspark

    spark = Path(pyspark.__file__).parent / "jars"  # brings Hadoop, which the local file store needs
    hadoop = [*spark.glob("hadoop-client-*.jar"), *spark.glob("jcl-over-slf4j-*.jar")]
    path = ":".join([f"{JARS}/*", *map(str, hadoop)])
    process = subprocess.Popen(
        [java, "-Xmx256m", "-cp", path, str(HERE / "RestServer.java"), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        assert line.startswith("port "), "the REST catalog did not start"
        yield f"http://127.0.0.1:{line.split()[1]}"
    finally:
        process.kill()
        process.wait()
