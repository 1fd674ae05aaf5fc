"""What a report says of tables that are copied, and of those that are not."""

import hashlib
import json

import pytest

from mssql_starrocks.model import Loss
from mssql_starrocks.report.document import to_json
from mssql_starrocks_tests.report.conftest import EVIL


@pytest.fixture(scope="module")
def report(copied):
    return copied.report("fine", "lossy", EVIL)


@pytest.fixture(scope="module")
def bad(copied):
    found = copied.report("unloaded", "unpublished", "never", "refused")
    return found, {t.table.name: t for t in found.evidence}, {f.table.name: f for f in found.facts}


def test_three_counts_and_fingerprints_agree(report):
    assert report.certified
    assert (report.summary.tables, report.summary.certified_tables, report.summary.rows) == (3, 3, 9)
    for table in report.evidence:
        assert table.source.fingerprint.rows == table.lake.rows == table.starrocks.rows == 3
        assert table.lake == table.source.fingerprint
        assert table.lake_for_starrocks == table.starrocks
        assert table.starrocks.columns["id"].digest
        assert len(table.checks) == 6
        assert table.ledger.snapshot_id == table.snapshot_id


def test_anyone_can_compute_the_signature(report):
    """What `jq -jcS .evidence report.json | sha256sum` does."""
    document = json.loads(to_json(report))
    text = json.dumps(document["evidence"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert document["signature"] == hashlib.sha256(text.encode()).hexdigest()
    assert not [leaf for leaf in leaves(document["evidence"]) if isinstance(leaf, float)]
    assert all(abs(leaf) < 1 << 53 for leaf in leaves(document["evidence"]) if isinstance(leaf, int))


def leaves(value):
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)
    else:
        yield value


def test_two_reports_of_one_state_have_one_signature(copied, report):
    assert copied.report("fine", "lossy", EVIL).signature == report.signature


def test_sizes_come_from_lake_and_manifest_and_nothing_is_invented(report):
    facts = report.facts[0]
    assert facts.lake_bytes > 0
    assert facts.lake_bytes == facts.written_bytes
    assert facts.lake_files == 1
    assert facts.source_bytes > 0
    assert facts.starrocks_bytes is None  # the sandbox has no back ends that would report it
    assert facts.stages == ()
    assert facts.committed_at.endswith("UTC")


def test_the_declared_loss_is_there(report):
    lossy = next(t for t in report.evidence if t.table.name == "lossy")
    assert [line.name for line in lossy.source.ledger if line.loss is Loss.DECLARED] == ["kind"]


def test_no_secret_is_in_the_document(copied, report):
    text = to_json(report)
    settings = copied.platform.settings
    for secret in (settings.mssql.password, settings.lake.secret_access_key, settings.starrocks.password):
        assert secret.get_secret_value()
        assert f'"{secret.get_secret_value()}"' not in text
    assert report.configuration["AWS_SECRET_ACCESS_KEY"] == "set, not shown"
    assert report.configuration["STARROCKS_PORT"] == str(settings.starrocks.port)
    assert report.configuration["lake_prefix"] == "report_"
    assert report.versions["StarRocks"].startswith("StarRocks version")
    assert report.versions["PyIceberg"] == "0.12.0"


def test_what_is_not_copied_is_named_with_what_to_do(bad):
    report, tables, facts = bad
    assert not report.certified
    assert (report.summary.tables, report.summary.certified_tables, report.summary.rows) == (4, 0, 0)
    assert "was never loaded. Load it" in tables["unloaded"].problem
    assert tables["unloaded"].lake.rows == 3
    assert "publish it first" in tables["unpublished"].problem
    assert facts["unpublished"].waiting.endswith("is newer and not published: run its checks.")
    assert "copy the table first" in tables["never"].problem
    assert "float" in tables["refused"].problem


def test_a_newer_load_that_fails_is_named(copied):
    """The published one stays certified."""
    chain, box = copied.chain("fine"), copied.platform.box
    box.sqlserver.execute("UPDATE dbo.fine SET share = 9 WHERE id = 1")
    from mssql_starrocks.engines import arrow

    shape = arrow.shape
    try:
        arrow.shape = lambda batch, *rest: shape(batch, *rest).slice(1)
        copied.platform.snapshot(chain)
    finally:
        arrow.shape = shape
    report = copied.report("fine")
    assert report.certified
    assert "rows should be 3 and is 2" in report.facts[0].waiting
