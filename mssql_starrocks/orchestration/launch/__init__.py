"""Launching runs of chains: what the command line, Python and the REST API share.

A `Workplace` (prepare.py) makes a `Job` (job.py) of the tables that a `Selection` chose. A `Launch` (launch.py) takes
it through a door (in_process.py, webserver.py) and gives a `MigrationResult` (results.py). Who only waits uses
`Workplace.run`. A server keeps one door open for all its jobs and makes a `Launch` for each: `Launch.run` blocks until
every table is done, in any thread, and `Launch.stop` may come from another one.

home.py is DAGSTER_HOME. One Dagster run per table, tagged with the job's id: run storage is the only store of jobs, and
stored.py reads one back from any process that has the instance. A table whose run was not launched yet is known only by
the tag `mssql_starrocks/tables`, their number.
"""
