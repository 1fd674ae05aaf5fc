"""The configuration and the manifest, without any server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext

from mssql_starrocks.chain import Refused
from mssql_starrocks.doctor.finding import Check, Finding, System, failed, ok, warning
from mssql_starrocks.doctor.patient import Patient
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.manifest_file import manifest_path
from mssql_starrocks.model import Manifest

_ANEW = "mssql-starrocks discover"


def system(
    patient: Patient,
    manifest: Manifest | None,
    refused: tuple[Refused, ...],
    check_schedule: Callable[[str], None] | None = None,
) -> System:
    def look(_: Patient) -> Iterator[Finding]:
        if patient.config.schedule is not None and check_schedule is not None:
            yield _schedule(patient, patient.config.schedule, check_schedule)
        yield from _look(patient, manifest, refused)

    return System("configuration", lambda: nullcontext(patient), [Check("configuration", look)])


def _schedule(patient: Patient, text: str, check: Callable[[str], None]) -> Finding:
    """Copies do without; Dagster would not load the code location."""
    try:
        check(text)
    except ConfigError as error:
        return failed("configuration", str(error), f"Correct it in {patient.config_file}.")
    return ok("configuration", f"schedule: {text} in {patient.config.time_zone}")


def _look(patient: Patient, manifest: Manifest | None, refused: tuple[Refused, ...]) -> Iterator[Finding]:
    if manifest is None:
        file = manifest_path(patient.config, patient.config_file)
        yield warning("manifest", f"{file} is not there: rights on tables were not looked at", f"Run  {_ANEW}")
        return
    lost = patient.config.unmatched([table.id for table in manifest.tables])
    for pattern in lost:
        text = f"{pattern} in {patient.config_file} matches no table of {manifest.database}"
        yield warning("configuration", text, f"Correct it, or run  {_ANEW}  if the table is new.")
    for table in refused:
        yield warning("configuration", f"{table.table} will not be copied", table.reason)
    if not patient.chains:
        yield warning("configuration", "no table is left to copy", "Look at include and exclude.")
    elif not lost and not refused:
        yield ok("configuration", f"{len(patient.chains)} of {len(manifest.tables)} tables of {manifest.database}")
