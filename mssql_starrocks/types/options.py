"""What a user may decide about types: per run, per table or per column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class TypeChoices(BaseModel):
    """How types with more than one faithful form are copied. The first value of each is the default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_as: Literal["text", "ticks"] = Field("text", description="time as hh:mm:ss.fffffff or as 100-ns ticks")
    datetime2_as: Literal["companion", "text"] = Field(
        "companion", description="datetime2(7) as DATETIME with the seventh digit in a companion column, or as text"
    )
    datetimeoffset_as: Literal["companion", "text"] = Field(
        "companion", description="datetimeoffset as DATETIME in UTC with the offset in a companion column, or as text"
    )
    guid_case: Literal["upper", "lower"] = Field("upper", description="letters of a uniqueidentifier")
    char_blanks: Literal["keep", "trim"] = Field("keep", description="trailing blanks of char and nchar")
    json_as: Literal["text", "json"] = Field("text", description="json as text or as StarRocks' JSON")
    spatial_as: Literal["wkb", "wkt"] = Field("wkb", description="geometry and geography as well-known binary or text")
    unicode_as: Literal["text", "bytes"] = Field(
        "text", description="nchar and nvarchar as text, or as UTF-16 bytes where values hold unpaired surrogates"
    )
    long_values: Literal["fail", "null_with_hash", "truncate"] = Field(
        "fail", description="values longer than StarRocks holds (1 MiB)"
    )


class ColumnChoices(TypeChoices):
    """The same for one column, and what only one column can have."""

    target: str | None = Field(None, description="StarRocks type set by hand, such as BIGINT or VARCHAR(50)")
    accept_loss: bool = Field(False, description="accept what the type ledger says is lost or may be refused")


@dataclass(frozen=True)
class TypeOptions:
    """All that is decided about one table's columns.

    Attributes:
        choices: for every column of the table.
        columns: by the column's name in SQL Server: the fields that differ for that column.
        exclude_columns: source columns left out of the copy.
        accept_masked: copy masked columns as this login sees them (it should have UNMASK).

    """

    choices: TypeChoices = field(default_factory=TypeChoices)
    columns: Mapping[str, ColumnChoices] = field(default_factory=dict)
    exclude_columns: frozenset[str] = frozenset()
    accept_masked: bool = False

    def of(self, column: str) -> ColumnChoices:
        """The choices for one column."""
        own = self.columns.get(column)
        return ColumnChoices(**_set(self.choices) | (_set(own) if own else {}))


def _set(choices: TypeChoices) -> dict[str, Any]:
    return choices.model_dump(exclude_unset=True)
