"""What somebody may have meant by a word that is not known."""

import difflib
import re
from collections.abc import Iterable


def hint(word: object, known: Iterable[str]) -> str:
    """Return ``; did you mean 'seed'?`` for the known word that is nearest, or nothing."""
    near = difflib.get_close_matches(str(word), list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def of_options(message: str, usage: str) -> str:
    """Add to argparse's message what the first option that it does not know may mean.

    Args:
        message: such as ``unrecognized arguments: --coers 2``.
        usage: a text that names the options that there are.
    """
    message = message.replace("unrecognized", "unrecognised")
    found = re.match(r"unrecognised arguments: (--[^\s=]+)", message)
    return message + hint(found[1], re.findall(r"--[a-z][a-z-]*", usage)) if found else message
