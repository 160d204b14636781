"""What somebody may have meant by a word that is not known."""

import difflib
from collections.abc import Iterable


def hint(word: object, known: Iterable[str]) -> str:
    """Return ``; did you mean 'seed'?`` for the known word that is nearest, or nothing."""
    near = difflib.get_close_matches(str(word), list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
