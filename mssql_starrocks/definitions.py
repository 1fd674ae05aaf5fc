"""What `workspace.yaml`, `dagster dev` and `dagster ... -m mssql_starrocks.definitions` load.

`defs` is built once, at module level: Dagster evaluates a lazy function six times for one run. The configuration is
`mssql_starrocks.yaml` in the working directory, or the file that MSSQL_STARROCKS_CONFIG names.
"""

import os
from pathlib import Path

from mssql_starrocks.config import DEFAULT_FILE, Config
from mssql_starrocks.manifest_file import load_manifest, manifest_path
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.settings import load_dotenv

load_dotenv()
config_file = Path(os.environ.get("MSSQL_STARROCKS_CONFIG", DEFAULT_FILE))
config = Config.load(config_file)
manifest_file = manifest_path(config, config_file)

defs = build_definitions(load_manifest(manifest_file), config, manifest_file=manifest_file)
