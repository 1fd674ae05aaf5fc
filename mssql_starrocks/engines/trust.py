"""MSSQL_CA_FILE and STARROCKS_CA_FILE as the trust store that Java wants, on the driver and on every executor."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from mssql_starrocks.engines.java import java_chain, java_message
from mssql_starrocks.errors import EngineError
from mssql_starrocks.settings import MssqlSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_PASSWORD = "changeit"  # noqa: S105  # holds public certificates; PKCS12 wants one
_lock = Lock()


@dataclass(frozen=True)
class TrustStore:
    """A PKCS12 file that Spark has given to its executors."""

    driver: Path
    executors: str  # relative to their working folder, which is where SparkContext.addFile puts it

    def properties(self) -> dict[str, str]:
        """Of JDBC, for the driver."""
        return {"trustStore": str(self.driver), "trustStoreType": "PKCS12", "trustStorePassword": _PASSWORD}

    def on_executors(self, frame: DataFrame) -> DataFrame:
        """The rows of a JDBC frame, read with the executors' own copy.

        Spark asks for the columns on the driver and for the rows on the executors, with the same options. No path is
        right in both places, hence the frame is made anew with theirs.
        """
        session = frame.sparkSession
        jdbc = session.sparkContext._jvm.org.apache.spark.sql.execution.datasources.jdbc
        relation = frame._jdf.queryExecution().analyzed().relation()
        theirs = session.sparkContext._jvm.scala.Tuple2("trustStore", self.executors)
        options = jdbc.JDBCOptions(getattr(relation.jdbcOptions().parameters(), "$plus")(theirs))
        moved = jdbc.JDBCRelation(relation.schema(), relation.parts(), options, session._jsparkSession)
        return type(frame)(session._jsparkSession.baseRelationToDataFrame(moved), session)


def trust_store(mssql: MssqlSettings, session: SparkSession) -> TrustStore | None:
    """The CA file for this session, made once for each content; None where nothing is verified by it.

    It lives in a private folder until Spark ends: executors that join later fetch it as well.

    Raises:
        EngineError: the file cannot be read, or holds no certificate.

    """
    if not mssql.ca_file or not mssql.verified:
        return None
    return authority_store(mssql.ca_file, "MSSQL_CA_FILE", session)


def authority_store(ca_file: str, setting: str, session: SparkSession) -> TrustStore:
    """The same for the CA file of any setting.

    Raises:
        EngineError: the file cannot be read, or holds no certificate.

    """
    try:
        content = Path(ca_file).read_bytes()
    except OSError as error:
        raise EngineError(f"{setting} {ca_file} cannot be read: {error.strerror}") from None
    from pyspark import SparkFiles

    name = f"mssql-ca-{hashlib.sha256(content).hexdigest()[:16]}.p12"
    folder = Path(SparkFiles.getRootDirectory()) / name.removesuffix(".p12")
    store = TrustStore(folder / name, name)
    with _lock:
        if not any(file.endswith(f"/{name}") for file in session.sparkContext.listFiles):
            folder.mkdir(mode=0o700, exist_ok=True)
            _fill(store.driver, content, f"{setting} {ca_file}", session)
            session.sparkContext.addFile(str(store.driver))
    return store


def _fill(store: Path, content: bytes, origin: str, session: SparkSession) -> None:
    """In the driver's JVM: keytool would start a process, and take only the first certificate of a file."""
    gateway = session.sparkContext._gateway
    security = gateway.jvm.java.security
    password = gateway.new_array(gateway.jvm.char, len(_PASSWORD))
    for place, letter in enumerate(_PASSWORD):
        password[place] = letter
    try:
        source = gateway.jvm.java.io.ByteArrayInputStream(content)
        certificates = list(security.cert.CertificateFactory.getInstance("X.509").generateCertificates(source))
    except Exception as error:
        reason = next((text for text in map(java_message, java_chain(error)) if text), str(error))
        raise EngineError(f"{origin} cannot be read: {reason}") from None
    if not certificates:
        raise EngineError(f"{origin} holds no certificate.")
    keys = security.KeyStore.getInstance("PKCS12")
    keys.load(None, None)
    for number, certificate in enumerate(certificates):
        keys.setCertificateEntry(f"ca{number}", certificate)
    target = gateway.jvm.java.io.FileOutputStream(str(store))
    keys.store(target, password)
    target.close()
