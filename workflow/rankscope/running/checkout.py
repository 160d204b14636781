"""Where the workflow is: commands that run it need a checkout, not the installed package alone."""

from pathlib import Path

from rankscope.errors import InputError

ROOT = Path(__file__).parents[3]


def require(command: str) -> Path:
    """Return the folder of the checkout that this package is part of.

    Args:
        command: the command that needs it, for the message.

    Raises:
        InputError: if the package was installed on its own.
    """
    if not (ROOT / "Snakefile").is_file():
        raise InputError(
            f"`rankscope {command}` needs a checkout, because the workflow is no part of the "
            f"package; in one, `make environment` and then `.venv/bin/rankscope {command}`"
        )
    return ROOT
