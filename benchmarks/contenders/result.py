"""What a contender tells the benchmark: marks on the way, and where its copy lies."""

from __future__ import annotations

import json
import os
from typing import Any


def mark(name: str) -> None:
    """READY (imported, connected to nothing yet) and COPIED; the meter notes time, CPU and memory."""
    if "BENCH_MARKS" in os.environ:
        os.write(int(os.environ["BENCH_MARKS"]), f"{name}\n".encode())


def tell(**found: Any) -> None:
    """`metadata` is an Iceberg table's metadata file, `parquet` a folder in the bucket; the rest is printed."""
    print("RESULT " + json.dumps(found), flush=True)
