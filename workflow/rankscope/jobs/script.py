"""Run a job as a script: a foreseen error is one line, a bug keeps its traceback."""

import signal
import sys
import traceback
from collections.abc import Callable

from rankscope.errors import Foreseen


def run(function: Callable[..., None], *arguments: object) -> None:
    """Call a job; exit with status 1 and one line on a foreseen error.

    An interrupt ends the job at once, as a kill would, which loses nothing that was finished. As
    an exception it can leave the lock of a file that is being written locked, and the job waiting.

    A disk that is full or a folder that cannot be written is foreseen too, but what the
    system did not let happen, and where, stands in the log above the line.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        function(*arguments)
    except Foreseen as error:
        sys.exit(f"rankscope: {error}")
    except OSError as error:
        traceback.print_exc()
        sys.exit(f"rankscope: {error}")
