"""Arrow record batch -> ROW tokens: one memory copy per column group, no Python per value."""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mssql_starrocks.sandbox.sqlserver import utf16
from mssql_starrocks.sandbox.sqlserver.encode_value import (
    CHUNK,
    DAY,
    DAYS_1900,
    GUID_WIRE,
    TEXT_POINTER,
    encode_value,
    encoded,
    is_plp,
)
from mssql_starrocks.sandbox.sqlserver.types import SqlType, decimal_bytes, time_bytes

Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]
_WIDTH = {"tinyint": 1, "smallint": 2, "int": 4, "bigint": 8, "real": 4, "float": 8}
_NUMPY = {"tinyint": "u1", "smallint": "<i2", "int": "<i4", "bigint": "<i8", "real": "<f4", "float": "<f8"}
_EPOCH = 719162  # days from 0001-01-01 to 1970-01-01


@dataclass(frozen=True)
class _Fixed:
    """Same width in every row, length byte included; a NULL is the single byte 0."""

    matrix: Bytes
    null: npt.NDArray[np.bool_] | None

    def sizes(self) -> Counts:
        width = np.full(len(self.matrix), self.matrix.shape[1], np.int64)
        return width if self.null is None else np.where(self.null, 1, width)

    def write(self, out: Bytes, at: Counts) -> None:
        present = slice(None) if self.null is None else ~self.null
        _scatter(out, at[present], self.matrix[present])


@dataclass(frozen=True)
class _Ragged:
    """Strings and binaries: a prefix per row, the bytes, for PLP a terminator (four zeros, already in the output)."""

    prefix: Bytes
    data: Bytes
    starts: Counts
    lengths: Counts
    null: npt.NDArray[np.bool_] | None
    null_mark: bytes
    plp: bool

    def sizes(self) -> Counts:
        size = self.lengths + self.prefix.shape[1]
        if self.plp:
            size = np.where(self.lengths > 0, size + 4, size)
        return size if self.null is None else np.where(self.null, len(self.null_mark), size)

    def write(self, out: Bytes, at: Counts) -> None:
        present = slice(None) if self.null is None else ~self.null
        if self.null is not None:
            mark = np.frombuffer(self.null_mark, np.uint8)
            _scatter(out, at[self.null], np.tile(mark, (int(self.null.sum()), 1)))
        _scatter(out, at[present], self.prefix[present])
        self._payload(out, at[present] + self.prefix.shape[1], self.starts[present], self.lengths[present])

    def _payload(self, out: Bytes, at: Counts, starts: Counts, lengths: Counts) -> None:
        order = np.argsort(lengths, kind="stable")
        cuts = np.flatnonzero(np.diff(lengths[order])) + 1
        for group in np.split(order, cuts):  # one copy loop per distinct length
            width = int(lengths[group[0]]) if len(group) else 0
            if width:
                _view(out, width)[at[group]] = _view(self.data, width)[starts[group]]


def rows(kinds: list[SqlType], batch: pa.RecordBatch) -> bytes | memoryview:
    """One ROW token per row of the batch."""
    if _has_huge_value(kinds, batch):
        return _row_by_row(kinds, batch)
    count = batch.num_rows
    parts: list[_Fixed | _Ragged] = [_Fixed(np.full((count, 1), 0xD1, np.uint8), None)]
    for kind, array in zip(kinds, batch.columns, strict=True):
        part = _ragged(kind, array) if kind.family in ("text", "binary", "xml") else _fixed(kind, array)
        parts = _merge(parts, part)
    sizes = [part.sizes() for part in parts]
    total = np.sum(sizes, axis=0)
    ends = np.cumsum(total)
    at = ends - total
    out = np.zeros(int(ends[-1]) if count else 0, np.uint8)
    for part, size in zip(parts, sizes, strict=True):
        part.write(out, at)
        at = at + size
    return out.data


def _merge(parts: list[_Fixed | _Ragged], part: _Fixed | _Ragged) -> list[_Fixed | _Ragged]:
    last = parts[-1]
    if isinstance(part, _Fixed) and isinstance(last, _Fixed) and part.null is None and last.null is None:
        return [*parts[:-1], _Fixed(np.concatenate((last.matrix, part.matrix), axis=1), None)]
    return [*parts, part]


def _row_by_row(kinds: list[SqlType], batch: pa.RecordBatch) -> bytes:
    out = bytearray()
    for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
        out += b"\xd1"
        for kind, value in zip(kinds, row, strict=True):
            out += encode_value(kind, value)
    return bytes(out)


def _has_huge_value(kinds: list[SqlType], batch: pa.RecordBatch) -> bool:
    for kind, array in zip(kinds, batch.columns, strict=True):
        if is_plp(kind) and array.get_total_buffer_size() > CHUNK // 3:
            lengths = _payload(kind, array)[2]
            if len(lengths) and int(lengths.max()) > CHUNK:
                return True
    return False


def _null(array: pa.Array) -> npt.NDArray[np.bool_] | None:
    return array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None


def _values(array: pa.Array, dtype: str) -> npt.NDArray[np.generic]:
    """The values buffer as it lies in memory; what stands under a NULL is whatever it is."""
    buffer, width = array.buffers()[1], np.dtype(dtype).itemsize
    if buffer is None:
        return np.zeros(len(array), dtype)
    return np.frombuffer(buffer, dtype, len(array), array.offset * width)


def _little(values: npt.NDArray[np.generic], width: int) -> Bytes:
    return np.ascontiguousarray(values.astype("<i8")).view(np.uint8).reshape(-1, 8)[:, :width]


def _fixed(kind: SqlType, array: pa.Array) -> _Fixed:
    body = _fixed_body(kind, array)
    length = np.full((len(body), 1), body.shape[1], np.uint8)
    return _Fixed(np.concatenate((length, body), axis=1), _null(array))


def _fixed_body(kind: SqlType, array: pa.Array) -> Bytes:
    if kind.name in _WIDTH:
        values = np.ascontiguousarray(_values(array, _NUMPY[kind.name]))
        return values.view(np.uint8).reshape(-1, _WIDTH[kind.name])
    if kind.name == "bit":
        flags: Bytes = array.cast(pa.uint8()).fill_null(0).to_numpy(zero_copy_only=False).reshape(-1, 1)
        return flags
    if kind.family in ("decimal", "money"):
        return _exact(kind, array)
    if kind.name == "uniqueidentifier":
        stored = array.fill_null(bytes(16)).cast(pa.binary(16))
        return _values(stored, "V16").view(np.uint8).reshape(-1, 16)[:, GUID_WIRE]
    return _moment(kind, array)


def _exact(kind: SqlType, array: pa.Array) -> Bytes:
    words = _values(array, "V16").view("<u8").reshape(-1, 2)
    low, high = words[:, 0].copy(), words[:, 1].copy()
    if kind.name == "smallmoney":
        return _little(low.view("<i8"), 4)
    if kind.name == "money":
        both = _little(low.view("<i8"), 8)
        return np.concatenate((both[:, 4:], both[:, :4]), axis=1)
    negative = (high >> np.uint64(63)) != 0
    low[negative] = ~low[negative] + np.uint64(1)
    high[negative] = ~high[negative] + (low[negative] == 0)
    magnitude = np.stack((low, high), axis=1).view(np.uint8).reshape(-1, 16)[:, : decimal_bytes(kind.precision) - 1]
    return np.concatenate(((~negative).astype(np.uint8).reshape(-1, 1), magnitude), axis=1)


def _moment(kind: SqlType, array: pa.Array) -> Bytes:
    if kind.name == "date":
        return _little(_values(array, "<i4").astype("<i8") + _EPOCH, 3)
    ticks = _values(array.field(0) if kind.name == "datetimeoffset" else array, "<i8").astype(np.int64)
    days = ticks // DAY
    rest = ticks - days * DAY
    if kind.name == "datetime":
        return np.concatenate((_little(days - DAYS_1900, 4), _little((rest * 3 + 50_000) // 100_000, 4)), axis=1)
    if kind.name == "smalldatetime":
        return np.concatenate((_little(days - DAYS_1900, 2), _little(rest // 600_000_000, 2)), axis=1)
    parts = [_little(rest // 10 ** (7 - kind.scale), time_bytes(kind.scale))]
    if kind.name != "time":
        parts.append(_little(days, 3))
    if kind.name == "datetimeoffset":
        parts.append(_little(_values(array.field(1), "<i2"), 2))
    return np.concatenate(parts, axis=1)


def _ragged(kind: SqlType, array: pa.Array) -> _Ragged:
    data, starts, lengths = _payload(kind, array)
    null, count = _null(array), len(array)
    if is_plp(kind):
        prefix = np.zeros((count, 12), np.uint8)
        prefix[:, :8], prefix[:, 8:] = _little(lengths, 8), _little(lengths, 4)
        return _Ragged(prefix, data, starts, lengths, null, b"\xff" * 8, plp=True)
    if kind.name in ("text", "ntext", "image"):
        pointer = np.tile(np.frombuffer(TEXT_POINTER, np.uint8), (count, 1))
        prefix = np.concatenate((pointer, _little(lengths, 4)), axis=1)
        return _Ragged(prefix, data, starts, lengths, null, b"\0", plp=False)
    if len(lengths) and int(lengths.max()) > 8000:
        raise ValueError(f"a value of {int(lengths.max())} bytes in a column of type {kind.declared()}")
    return _Ragged(_little(lengths, 2), data, starts, lengths, null, b"\xff\xff", plp=False)


def _payload(kind: SqlType, array: pa.Array) -> tuple[Bytes, Counts, Counts]:
    """All bytes on the wire of a string or binary column, and where each value starts and how long it is."""
    buffers = array.buffers()
    offsets = np.frombuffer(buffers[1], "<i4", len(array) + 1, array.offset * 4).astype(np.int64)
    first, last = int(offsets[0]), int(offsets[-1])
    empty = buffers[2] is None or last == first
    data = np.zeros(0, np.uint8) if empty else np.frombuffer(buffers[2], np.uint8, last - first, first)
    offsets = offsets - first
    if kind.family == "binary" or kind.utf8:
        return data, offsets[:-1], np.diff(offsets)
    if not len(data) or int(data.max()) < 0x80:
        factor = 2 if kind.unicode else 1
        wide = data.astype("<u2").view(np.uint8) if kind.unicode else data
        return wide, offsets[:-1] * factor, np.diff(offsets) * factor
    return _recoded(kind, data, offsets)


def _recoded(kind: SqlType, data: Bytes, offsets: Counts) -> tuple[Bytes, Counts, Counts]:
    if kind.double_byte:
        return _value_by_value(kind, data, offsets)
    units = ((data & 0xC0) != 0x80).astype(np.int64)
    if kind.unicode:
        units += data >= 0xF0  # outside the BMP: a surrogate pair
        units -= utf16.is_reserved(data)
    places = np.concatenate((np.zeros(1, np.int64), np.cumsum(units)))[offsets]
    raw = np.frombuffer(encoded(kind, data.tobytes().decode()), np.uint8)
    factor = 2 if kind.unicode else 1
    return raw, places[:-1] * factor, np.diff(places) * factor


def _value_by_value(kind: SqlType, data: Bytes, offsets: Counts) -> tuple[Bytes, Counts, Counts]:
    raw = data.tobytes()
    pieces = [encoded(kind, raw[start:end].decode()) for start, end in itertools.pairwise(offsets.tolist())]
    ends = np.cumsum([0, *(len(piece) for piece in pieces)]).astype(np.int64)
    return np.frombuffer(b"".join(pieces), np.uint8), ends[:-1], np.diff(ends)


def _view(buffer: Bytes, width: int) -> npt.NDArray[np.void]:
    """Every window of `width` bytes, as one item each."""
    return np.ndarray((max(len(buffer) - width + 1, 0),), f"V{width}", np.ascontiguousarray(buffer), 0, (1,))


def _scatter(out: Bytes, at: Counts, matrix: Bytes) -> None:
    width = matrix.shape[1]
    if len(matrix):
        _view(out, width)[at] = np.ascontiguousarray(matrix).view(f"V{width}").reshape(-1)
