"""Stream Load: a front end's port that redirects, a back end's port that takes rows (facts/starrocks.md 4.2)."""
