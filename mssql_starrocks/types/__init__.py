"""One row per SQL Server type: how it is selected, what it becomes, what is lost, how it is fingerprinted.

Everything else asks this room: `plan_columns` for a table, `choose_key` for its key, `canonical` for proofs.
"""

from mssql_starrocks.types.keys import choose_key
from mssql_starrocks.types.mapping import TypeOptions, plan_columns

__all__ = ["TypeOptions", "choose_key", "plan_columns"]
