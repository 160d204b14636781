"""Record what the results were made with: versions, commit, platform, configuration."""

import json
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from rankscope import __version__, datasets
from rankscope.planning import configuration

PACKAGES = (
    "numpy", "scipy", "xarray", "netCDF4", "pandas", "matplotlib", "seaborn", "snakemake",
    "scikit-learn", "mlxtend", "torch", "transformers", "peft",
)  # fmt: skip


def provenance(target: Path) -> None:
    """Write the record as JSON."""
    record = {
        "rankscope": __version__,
        "commit": commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.machine(),
        "packages": {name: _version(name) for name in PACKAGES},
        "configuration": json.loads(os.environ[configuration.ENVIRONMENT]),
    }
    with datasets.atomic(target) as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def commit() -> str:
    """Return the commit of this code, and whether files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    folder = Path(__file__).parent
    answer = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    return answer.stdout.strip() or "not a git checkout"
