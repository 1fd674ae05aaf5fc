"""The REST door: the original's endpoints, and what it lacked (docs/api.md).

A job is a run of its own in Dagster's run storage (store.py), made before anything is launched; the runs of its tables
carry its run id as their job id. jobs.py plans, launches and ends jobs; app.py and routes are HTTP and nothing else.
"""
