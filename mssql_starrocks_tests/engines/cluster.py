"""A Spark cluster on loopback, out of pyspark's own jars: its executors share nothing with the driver."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark

from mssql_starrocks.engines.java import find_java

_DEPLOY = "org.apache.spark.deploy"
_LEAN = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_DEFAULTS = """
spark.eventLog.enabled true
spark.eventLog.dir {events}
spark.ui.enabled true
spark.ui.port 0
spark.cores.max 2
spark.scheduler.minRegisteredResourcesRatio 1.0
"""
_LOGGING = """
rootLogger.level = info
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d %p %c: %m%n%ex
"""


def prepare(folder: Path) -> dict[str, str]:
    """A home of Spark whose logs, events and executors' folders are in `folder`, and the environment that uses it."""
    package = Path(pyspark.__file__).parent
    home, conf, events = folder / "home", folder / "conf", folder / "events"
    for made in (home, conf, events):
        made.mkdir()
    for name in ("bin", "jars"):
        (home / name).symlink_to(package / name)
    (conf / "spark-defaults.conf").write_text(_DEFAULTS.format(events=events.as_uri()))
    (conf / "log4j2.properties").write_text(_LOGGING)
    return {
        "SPARK_HOME": str(home),
        "SPARK_CONF_DIR": str(conf),
        "SPARK_SCALA_VERSION": "2.12",
        "SPARK_LOCAL_IP": "127.0.0.1",
        "JAVA_HOME": str(find_java()),
        "JDK_JAVA_OPTIONS": _LEAN,
        "TZ": "America/New_York",  # of machines; ours must win
        "SPARK_DRIVER_MEMORY": "1g",
        "SPARK_EXECUTOR_MEMORY": "1g",
        "SPARK_EXECUTOR_CORES": "1",
        "SPARK_SQL_SHUFFLE_PARTITIONS": "2",
    }


@contextmanager
def standalone(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """A master and a worker with two cores; its executors inherit the worker's environment. Gives the master's URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"spark://127.0.0.1:{port}"
    master = ["--port", str(port)]
    worker = ["--cores", "2", "--memory", "2g", "--work-dir", str(folder / "home" / "work"), url]
    with ExitStack() as stack:
        for kind, arguments, ready in (
            ("master.Master", master, "New state: ALIVE"),
            ("worker.Worker", worker, "Successfully registered with master"),
        ):
            stack.enter_context(_daemon(folder, environment, kind, arguments, ready))
        yield url


@contextmanager
def _daemon(
    folder: Path, environment: Mapping[str, str], kind: str, arguments: list[str], ready: str
) -> Iterator[None]:
    place = ["--host", "127.0.0.1", "--webui-port", "0"]
    classes = f"{environment['SPARK_CONF_DIR']}{os.pathsep}{environment['SPARK_HOME']}/jars/*"
    command = [f"{environment['JAVA_HOME']}/bin/java", "-cp", classes, f"{_DEPLOY}.{kind}", *place, *arguments]
    with (folder / f"{kind}.log").open("w") as log:
        process = subprocess.Popen(
            command, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            for line in process.stdout:
                log.write(line)
                if ready in line:
                    break
            else:
                raise AssertionError(f"{kind} ended before it was ready")
            rest = threading.Thread(target=shutil.copyfileobj, args=(process.stdout, log))
            rest.start()
            yield
        finally:
            process.terminate()
            process.wait(30)
        rest.join(30)
