"""Columns as the bytes that SQL Server hashes, whole batches at a time: text as UTF-16LE, floats as IEEE 754."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mssql_starrocks.types.canonical import FLOAT, TEXT

if TYPE_CHECKING:
    import pyarrow as pa

ENCODED = frozenset({TEXT, FLOAT})
_CONTINUATION, _MASK, _FOUR_BYTES = 0x80, 0xC0, 0xF0


def encoded(kind: str, values: pa.Array) -> pa.Array:
    """The values of kind `text` or `float` as an Arrow binary array; NULL stays NULL."""
    return _utf16(values) if kind == TEXT else _ieee(values)


def _utf16(values: pa.Array) -> pa.Array:
    """The whole batch is decoded and encoded at once; offsets follow from the lead bytes of UTF-8."""
    import numpy as np
    import pyarrow as pa

    text = values.cast(pa.large_string())
    _, offset_buffer, data = text.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[text.offset : text.offset + len(text) + 1]
    used = (data or pa.py_buffer(b""))[int(offsets[0]) : int(offsets[-1])]
    raw, places = np.frombuffer(used, np.uint8), offsets - offsets[0]
    if raw.size and raw.max() < _CONTINUATION:
        wide = raw.astype("<u2").tobytes()
    else:
        units = ((raw & _MASK) != _CONTINUATION).view(np.uint8) + (raw >= _FOUR_BYTES).view(np.uint8)
        places = np.concatenate([np.zeros(1, np.int64), np.cumsum(units, dtype=np.int64)])[places]
        wide = str(used, "utf-8").encode("utf-16-le")
    buffers = [_validity(values), pa.py_buffer(2 * places), pa.py_buffer(wide)]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(values), buffers)


def _ieee(values: pa.Array) -> pa.Array:
    import pyarrow as pa

    numbers = values.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False).astype(">f8")
    buffers = [_validity(values), pa.py_buffer(numbers.tobytes())]
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(8), len(values), buffers)


def _validity(values: pa.Array) -> pa.Buffer | None:
    import numpy as np
    import pyarrow as pa

    if not values.null_count:
        return None
    present = values.is_valid().to_numpy(zero_copy_only=False)
    return pa.py_buffer(np.packbits(present, bitorder="little"))
