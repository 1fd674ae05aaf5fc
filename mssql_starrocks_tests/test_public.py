"""The names that other projects import."""

import subprocess
import sys

import mssql_starrocks


def test_every_public_name_is_there():
    for name in mssql_starrocks.__all__:
        assert getattr(mssql_starrocks, name).__name__ == name


def test_the_package_and_its_sandbox_import_nothing_of_the_product():
    code = (
        "import sys, mssql_starrocks, mssql_starrocks.sandbox.certificate\n"
        "print([m for m in sys.modules if m.startswith('mssql_starrocks.') and '.sandbox' not in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
