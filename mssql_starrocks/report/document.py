"""The report as JSON, and the signature: SHA-256 of the canonical JSON of its evidence.

Canonical is what `jq -jcS .evidence` prints: sorted keys, no blanks, UTF-8. Evidence has no fractions, and long ids are
text, so that every JSON library reads the same values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from mssql_starrocks.errors import ConfigError
from mssql_starrocks.report.model import Report, TableEvidence, summary_of

FORMAT = 1
_EVIDENCE = TypeAdapter(tuple[TableEvidence, ...])
_REPORT = TypeAdapter(Report)


def plain(evidence: Sequence[TableEvidence]) -> list[dict[str, Any]]:
    """The evidence as JSON has it."""
    found: list[dict[str, Any]] = _EVIDENCE.dump_python(tuple(evidence), mode="json")
    return found


def signature(evidence: Any) -> str:
    """Of evidence that is plain JSON."""
    text = json.dumps(evidence, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def to_json(report: Report) -> str:
    document = {"format": FORMAT, "summary": asdict(report.summary), **_REPORT.dump_python(report, mode="json")}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def load(file: Path) -> tuple[Report, tuple[str, ...]]:
    """A report from its JSON, and what in it does not fit together: it was changed after it was made.

    Raises:
        ConfigError: the file is no report of this format.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        report = _REPORT.validate_python(document)
        form, summary = document["format"], document["summary"]
        misfits = tuple(_misfits(document, report, summary))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from None
    except (ValueError, ValidationError, KeyError, TypeError, RecursionError):  # and halves of surrogate pairs
        raise ConfigError(f"{file} is not the JSON of a report; make one with  mssql-starrocks report --all") from None
    if form != FORMAT:
        raise ConfigError(f"{file} is a report of format {form}; this release reads {FORMAT}.")
    return report, misfits


def _misfits(document: dict[str, Any], report: Report, summary: Any) -> list[str]:
    found = []
    signed = signature(document["evidence"])
    if signed != report.signature:
        found.append(f"the evidence is not what was signed: SHA-256 {signed}, signature {report.signature}")
    if signed != signature(plain(report.evidence)):
        found.append("the evidence has fields or values that no report has")
    if summary != asdict(summary_of(report.evidence)):
        found.append("the summary is not that of the evidence")
    return found
