"""What a finished copy must be: fingerprints at level rows, the ledger, and nothing left of what failed."""

from dataclasses import dataclass

from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.fingerprint import LakePrint
from mssql_starrocks.lake.fingerprint import fingerprint as lake_fingerprint
from mssql_starrocks.model import Fingerprint, Level
from mssql_starrocks.warehouse import ledger
from mssql_starrocks.warehouse.connect import warehouse_session
from mssql_starrocks.warehouse.fingerprint import fingerprint as warehouse_fingerprint
from mssql_starrocks_tests.faults import contents
from mssql_starrocks_tests.faults.world import Target, World


@dataclass(frozen=True)
class Prints:
    """Of main and of the StarRocks table."""

    lake: LakePrint
    warehouse: Fingerprint


def prints(world: World, target: Target) -> Prints:
    settings, chain = world.settings(target.kind), target.chain
    table = open_catalog(settings.lake).load_table(chain.names.lake)
    main = table.current_snapshot().snapshot_id
    with warehouse_session(settings.starrocks) as session:
        held = warehouse_fingerprint(session, chain.names.warehouse, chain.columns, Level.ROWS)
    return Prints(lake_fingerprint(table, main, chain.columns, Level.ROWS), held)


def differences(world: World, target: Target, wanted: Prints) -> list[str]:
    """What is not as after a run that nobody disturbed."""
    settings, chain = world.settings(target.kind), target.chain
    found = prints(world, target)
    wrong = [] if found.lake == wanted.lake else ["main is not what a run without faults makes"]
    wrong += [] if found.warehouse == wanted.warehouse else ["StarRocks holds not what a run without faults makes"]
    table = open_catalog(settings.lake).load_table(chain.names.lake)
    main = table.current_snapshot()
    with warehouse_session(settings.starrocks) as session:
        entry = ledger.read(session, chain)
        shown = session.rows(f"SHOW TABLES FROM {chain.names.warehouse_database}")
    left = [name for (name,) in shown if name.startswith(f"{chain.names.table}__mssr_")]
    if left:
        wrong.append(f"shadow tables are left: {', '.join(left)}")
    if entry is None or (entry.snapshot_id, entry.shadow) != (main.snapshot_id, ""):
        wrong.append(f"the ledger says {entry}, main is {main.snapshot_id}")
    elif {f"audit_{entry.load_id}", f"certified_{entry.load_id}"} & table.refs().keys():
        wrong.append(f"the branch of the published load {entry.load_id} is left")
    elif entry.row_count != found.warehouse.rows:
        wrong.append(f"the ledger counts {entry.row_count} rows, StarRocks {found.warehouse.rows}")
    return wrong


def loaded_twice(world: World, target: Target) -> list[str]:
    """A shadow takes each row once, by however many loads; that the proof finds a second time is no excuse for it."""
    database, table = target.chain.names.warehouse
    with warehouse_session(world.settings(target.kind).starrocks) as session:
        rows = session.rows(
            "SELECT TABLE_NAME, SUM(SINK_ROWS) FROM information_schema.loads "
            f"WHERE DB_NAME = '{database}' AND STATE = 'FINISHED' GROUP BY TABLE_NAME"
        )
    twice = [f"{name} ({n} rows)" for name, n in rows if name.startswith(f"{table}__mssr_") and n > contents.MOST]
    return [f"loaded more than once: {', '.join(twice)}"] if twice else []
