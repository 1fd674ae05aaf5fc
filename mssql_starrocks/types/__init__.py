"""One row per SQL Server type: how it is selected, what it becomes, what is lost, how it is fingerprinted.

Everything else asks this room: `plan_columns` for a table, `choose_key` for its key, `type_ledger` for what is lost,
`canonical` and `hashing` for proofs.
"""

from mssql_starrocks.types.keys import choose_key
from mssql_starrocks.types.ledger import type_ledger
from mssql_starrocks.types.mapping import plan_columns
from mssql_starrocks.types.options import ColumnChoices, TypeChoices, TypeOptions

__all__ = ["ColumnChoices", "TypeChoices", "TypeOptions", "choose_key", "plan_columns", "type_ledger"]
