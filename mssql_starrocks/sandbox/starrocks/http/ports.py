"""What the front end's and the back end's port answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import duckdb

from mssql_starrocks.sandbox.starrocks.errors import SqlError
from mssql_starrocks.sandbox.starrocks.http.listener import Broken, Handler
from mssql_starrocks.sandbox.starrocks.http.spec import read_spec
from mssql_starrocks.sandbox.starrocks.http.transactions import Refusal, Transaction, counts, message_of

STEPS = ("begin", "load", "prepare", "commit", "rollback")
NO_EXPECT = "class com.starrocks.common.DdlException: There is no 100-continue header"
Document = dict[str, Any]


class FrontEnd(Handler):
    """8030: it takes no rows."""

    def route(self, user: str, path: list[str]) -> None:
        match path:
            case ["api", _, _, "_stream_load"] if self.command == "PUT":
                if self.headers.get("Expect", "").lower() != "100-continue":
                    self.answer({"Status": "FAILED", "Message": NO_EXPECT})  # facts/starrocks_measured.md 4
                    return
                self._redirect()
            case ["api", "transaction", step] if step in STEPS and self.command in ("PUT", "POST"):
                # every step goes to the back end that has the label (TransactionLoadAction.java)
                missing = "No database selected." if not self.headers.get("db") else "Empty label."
                if not self.headers.get("db") or not self.label:
                    self.answer({"Status": "FAILED", "Message": f"class com.starrocks.StarRocksException: {missing}"})
                    return
                self._redirect()
            case ["api", database, "get_load_state"] if self.command == "GET":
                state = self.server.transactions.state(user, database, self.label)
                self.answer({"code": "0", "label": self.label, "state": state, "status": "OK", "msg": "Success"})
            case _:
                self.answer({"status": "FAILED", "msg": "Not Found"}, 404)

    def _redirect(self) -> None:
        self.answer(b"", 307, {"Location": f"http://{self.server.peer}{self.path}"})


class BackEnd(Handler):
    """8040: it takes rows and asks for the password again."""

    def route(self, user: str, path: list[str]) -> None:
        match path:
            case ["api", database, table, "_stream_load"] if self.command == "PUT":
                self.answer(self._stream_load(user, database, table))
            case ["api", "transaction", step] if step in STEPS:
                self.answer(self._step(user, step))
            case ["api", "_load_error_log"] if self.command == "GET":
                number = self.path.rpartition("error_log_")[2]
                job = self.server.transactions.job(int(number)) if number.isdigit() else None
                self.answer("\n".join(job.log if job else []).encode())
            case _:
                self.answer({"status": "FAILED", "msg": "Not Found"}, 404)

    def _step(self, user: str, step: str) -> Document:
        name = {"db": self.headers.get("db", ""), "table": self.headers.get("table", "")}
        transactions = self.server.transactions
        found: Transaction | None = None

        def done() -> Document:
            nonlocal found
            if step == "begin":
                self.body()
                found = transactions.begin(user, name["db"], name["table"], self.label)
                return {"BeginTxnTimeMs": 0}
            found = transactions.find(name["db"], name["table"], self.label)
            if step == "load":
                return self._load(found)
            self.body()
            if step == "prepare":
                transactions.prepare(found)
                return counts(found.job)
            if step == "rollback":
                transactions.roll_back(found)
                return {}
            if found.job.state in ("COMMITTED", "FINISHED"):
                return {"Message": "Transaction already commited"}
            transactions.commit(found, self.server.engine.faults.publish_polls(self.label))
            return counts(found.job) | ({"Message": "publish timeout"} if not found.job.finished else {})

        answer = self._answered(done)
        job = found.job if found else None
        return {"TxnId": job.id if job else -1, "Label": self.label, "Status": "OK", "Message": "", **answer,
                **self._error_url(found)}  # fmt: skip

    def _load(self, found: Transaction) -> Document:
        transactions = self.server.transactions
        try:
            body = self.body()
        except Broken:  # "receive body don't equal with body bytes" (stream_load.cpp)
            with suppress(Refusal):
                transactions.abort(found, SqlError(1064, "HY000", "receive body don't equal with body bytes"))
            raise
        transactions.load(found, read_spec(dict(self.headers)), body)
        return {"LoadBytes": len(body)}  # the rows are counted when it is prepared (stream_load_context.cpp)

    def _stream_load(self, user: str, database: str, table: str) -> Document:
        """All steps in one request; the words of its `Status` are others (docs.starrocks.io STREAM LOAD)."""
        transactions = self.server.transactions
        begun, found = time.monotonic(), None

        def done() -> Document:
            nonlocal found
            found = transactions.begin(user, database, table, self.label)
            self._load(found)
            transactions.prepare(found)
            transactions.commit(found, self.server.engine.faults.publish_polls(found.job.label))
            return {"Status": "Success" if found.job.finished else "Publish Timeout", "Message": "OK"}

        answer = self._answered(done)
        answer["Status"] = {"FAILED": "Fail", "LABEL_ALREADY_EXISTS": "Label Already Exists"}.get(
            answer["Status"], answer["Status"]
        )
        job = found.job if found else None
        return {
            "TxnId": job.id if job else -1,
            "Label": job.label if job else self.label,
            **answer,
            **(counts(job) if job else {}),
            "NumberUnselectedRows": 0,
            "LoadTimeMs": int((time.monotonic() - begun) * 1000),
            **self._error_url(found),
        }

    def _answered(self, step: Callable[[], Document]) -> Document:
        try:
            return step()
        except Refusal as refusal:
            return {"Status": refusal.status, "Message": refusal.message, **refusal.more}
        except (SqlError, duckdb.Error) as error:
            return {"Status": "FAILED", "Message": message_of(error)}

    def _error_url(self, found: Transaction | None) -> Document:
        if found is None or not found.job.log:
            return {}
        return {"ErrorURL": f"http://{self.server.address}/api/_load_error_log?file=error_log_{found.job.id}"}
