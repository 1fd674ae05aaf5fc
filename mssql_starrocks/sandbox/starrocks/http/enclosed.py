"""CSV with `enclose` or `escape`: the part of be/src/formats/csv/csv_reader.cpp whose outcome is plain; the rest of its
states (a doubled sign at the start of a value, a sign inside a plain value, an escape of nothing) is refused.
"""

from __future__ import annotations

from mssql_starrocks.sandbox.starrocks.errors import unsupported
from mssql_starrocks.sandbox.starrocks.http.spec import Spec


def enclosed_records(body: bytes, spec: Spec) -> list[list[str]]:
    """The rows that are not blank. A value loses its signs before it is compared with NULL's."""
    if spec.enclose == spec.escape:
        raise unsupported("the same sign as `enclose` and `escape`")
    if spec.skip:
        raise unsupported("skip_header together with `enclose` or `escape`")
    try:
        scanner = _Scanner(body.decode(), spec)
    except UnicodeDecodeError:
        raise unsupported("CSV with `enclose` that is no UTF-8") from None
    rows: list[list[str]] = []
    while not scanner.done():
        row, blank = scanner.row()
        if not blank:
            rows.append(row)
    return rows


class _Scanner:
    def __init__(self, text: str, spec: Spec) -> None:
        self.text, self.spec, self.at = text, spec, 0

    def done(self) -> bool:
        return self.at >= len(self.text)

    def row(self) -> tuple[list[str], bool]:
        begin, values = self.at, [self.value()]
        while self.accept(self.spec.separator):
            values.append(self.value())
        blank = self.at == begin
        self.accept(self.spec.delimiter)
        return values, blank

    def value(self) -> str:
        if not self.accept(self.spec.enclose):
            return self.until(enclosed=False)
        found = "" if self.accept(self.spec.enclose) else self.until(enclosed=True)
        if not (self.done() or self.sees(self.spec.separator) or self.sees(self.spec.delimiter)):
            raise unsupported("CSV in which something follows the end of an enclosed value")
        return found

    def until(self, *, enclosed: bool) -> str:
        """The characters to the end of the value, which an enclosed one must have."""
        found: list[str] = []
        while not self.done():
            if self.accept(self.spec.escape):
                found.append(self.escaped())
            elif self.sees(self.spec.enclose):
                if not enclosed:
                    raise unsupported("CSV in which `enclose` stands inside a plain value")
                self.accept(self.spec.enclose)
                if not self.accept(self.spec.enclose):
                    return "".join(found)
                found.append(self.spec.enclose)
            elif not enclosed and (self.sees(self.spec.separator) or self.sees(self.spec.delimiter)):
                break
            else:
                found.append(self.text[self.at])
                self.at += 1
        if enclosed:
            raise unsupported("CSV in which an enclosed value does not end")
        return "".join(found)

    def escaped(self) -> str:
        for sign in (self.spec.enclose, self.spec.escape, self.spec.delimiter, self.spec.separator):
            if self.accept(sign):
                return sign
        raise unsupported("CSV in which `escape` stands before an ordinary character")

    def sees(self, sign: str) -> bool:
        return bool(sign) and self.text.startswith(sign, self.at)

    def accept(self, sign: str) -> bool:
        if not self.sees(sign):
            return False
        self.at += len(sign)
        return True
