"""`stop` from another thread, as the API and Ctrl-C call it."""

import threading

from mssql_starrocks.config import Config
from mssql_starrocks.model import Manifest
from mssql_starrocks.orchestration.launch.in_process import InProcess
from mssql_starrocks.orchestration.launch.job import Job
from mssql_starrocks.orchestration.launch.launch import Launch
from mssql_starrocks.settings import Settings
from mssql_starrocks_tests.tables import chain

SETTINGS = Settings.load({
    "MSSQL_HOST": "127.0.0.1", "MSSQL_USER": "u", "MSSQL_PASSWORD": "p", "MSSQL_DATABASE": "Company",
    "STARROCKS_HOST": "127.0.0.1", "STARROCKS_USER": "u", "S3_BUCKET": "b",
}, dotenv=None)  # fmt: skip


class Endless(InProcess):
    """A door whose runs end only when they are interrupted."""

    def __init__(self):
        super().__init__(SETTINGS)
        self.begun = threading.Event()

    def _execute(self, job, chain, running, watch):
        self.begun.set()
        while True:
            threading.Event().wait(0.01)


def test_a_run_of_which_nothing_is_kept_is_ended_without_a_traceback():
    """Its instance is closed by the time that the launch says its last words."""
    wanted = chain()
    job = Job(Config(), Manifest("Company", "16.0", 3, True, False, "", (wanted.table,)), (wanted,))
    with Endless() as door:
        launch = Launch(job, door)
        stopping = threading.Thread(target=lambda: door.begun.wait() and launch.stop())
        stopping.start()
        found = launch.run()
        stopping.join()
        assert found.stopped
        assert found.tables[0].error == "stopped before it was done"
        assert door._runs_of(job) == []
