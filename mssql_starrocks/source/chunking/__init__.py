"""Cut a table into disjoint, exhaustive chunks of about equal size, without counting it."""

from mssql_starrocks.source.chunking.plan import ChunkPlan, plan_chunks

__all__ = ["ChunkPlan", "plan_chunks"]
