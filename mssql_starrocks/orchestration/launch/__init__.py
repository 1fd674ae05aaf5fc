"""Launching runs of chains: what the command line, Python and the REST API share.

A caller makes a `Job` (job.py) from tables that `select` (selection.py) chose, opens a door (in_process.py,
webserver.py) and gives both to a `Launch` (launch.py), whose `run` blocks until every table is done and whose `stop`
may come from any thread. One Dagster run per table, tagged with the job's id: run storage is the only store of jobs,
and `results_of_job` (stored.py) reads one back, from any process.
"""
