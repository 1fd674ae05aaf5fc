"""What is answered; the original's fields keep their names (facts/peers.md 1.1)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["pending", "running", "completed", "failed"]


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str = Field(examples=["Company has no table sales.order; did you mean sales.orders?"])


class Wrong(BaseModel):
    """One wrong field of a request."""

    loc: list[str | int] = Field(examples=[["body", "table_name"]])
    msg: str = Field(examples=["Field required"])
    type: str = Field(examples=["missing"])


class WrongFields(BaseModel):
    detail: list[Wrong]


class Root(BaseModel):
    message: str = Field(examples=["mssql_starrocks: certified copies of SQL Server tables in StarRocks"])
    version: str
    docs: str
    endpoints: list[str]


class Health(BaseModel):
    status: Literal["healthy", "unhealthy"]
    version: str


class Configuration(BaseModel):
    """What differs from the defaults; of secrets only that they are set."""

    settings: dict[str, str] = Field(examples=[{"MSSQL_HOST": "erp", "MSSQL_PASSWORD": "set, not shown"}])
    configuration: dict[str, Any] = Field(examples=[{"targets": {"sales": "analytics"}}])


class Accepted(BaseModel):
    """A job that was kept and will be launched."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "job_id": 7,
                "status": "pending",
                "message": "1 table",
                "tables": 1,
                "notes": [],
                "status_url": "/migration/status/7",
            }
        }
    )
    job_id: int
    status: Status
    message: str
    tables: int = Field(description="how many")
    notes: list[str] = Field(description="what was asked for and means nothing here")
    status_url: str


class Check(BaseModel):
    asset: str = Field(examples=["starrocks_table"])
    name: str = Field(examples=["row_count"])
    passed: bool
    summary: str


class TableProgress(BaseModel):
    """One table of a job; `error` says why it is not certified, `skipped` why nothing was to do."""

    table: str = Field(examples=["sales.orders"])
    source_schema: str = Field(examples=["sales"])
    table_name: str = Field(examples=["orders"])
    status: Literal["pending", "running", "certified", "current", "failed"]
    stage: str | None = Field(None, description="of a running table: snapshot, lake, warehouse, checks")
    rows: int | None = None
    seconds: float = 0
    load_id: str | None = None
    snapshot_id: str | None = Field(None, description="text: 19 digits are more than a JavaScript number holds")
    engine: str = ""
    grade: str = ""
    checks: list[Check] = []
    error: str = ""
    skipped: str = ""
    run_id: str | None = Field(None, description="of its Dagster run")
    run_url: str | None = None


class Progress(BaseModel):
    tables: int
    pending: int
    running: int
    certified: int = Field(description="with those that were current before")
    failed: int
    rows: int


class Result(BaseModel):
    """Of a job that has ended."""

    status: Literal["completed", "failed"]
    certified: bool
    rows: int
    tables: int
    certified_tables: int
    failed_tables: int
    duration_seconds: float


class Job(BaseModel):
    """A job in the list."""

    job_id: int = Field(examples=[7])
    status: Status
    kind: Literal["table", "schema", "load", "validate"]
    cancelled: bool
    request: dict[str, Any] = Field(description="what was asked for")
    created_at: str = Field(examples=["2026-11-23T17:13:36+00:00"])
    started_at: str | None
    ended_at: str | None
    run_id: str = Field(description="of the job's own Dagster run")
    run_url: str | None


class JobStatus(Job):
    """A job with its tables, a page of them."""

    error: str | None = Field(description="why it failed", examples=[None])
    result: Result | None = Field(description="null until it has ended")
    progress: Progress
    tables: list[TableProgress]
    next_offset: int | None = Field(description="of the next page of tables; null on the last")


class JobPage(BaseModel):
    jobs: list[Job]
    next_before: int | None = Field(description="`before` of the next page; null on the last")


class Table(BaseModel):
    """A table of the source, as configured; `refused` says why it cannot be copied."""

    table: str = Field(examples=["sales.orders"])
    source_schema: str = Field(examples=["sales"])
    table_name: str = Field(examples=["orders"])
    rows: int = Field(description="by the source's catalog")
    bytes: int = Field(description="by the source's catalog")
    lake: str | None = None
    target: str | None = None
    engine: str | None = None
    refused: str = ""


class TablePage(BaseModel):
    tables: list[Table]
    total: int
    next_offset: int | None


class Plan(BaseModel):
    """What a copy would be; with `refused` there is none."""

    table: str
    refused: str = ""
    plan: dict[str, Any] | None = Field(None, description="names, DDL of both sides, key, type ledger")
    outlook: dict[str, Any] | None = Field(None, description="what would change, chunks, estimated time")
