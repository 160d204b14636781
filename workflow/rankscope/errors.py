"""Errors that a person can mend: bad input, damaged files, a folder in use.

Their message is one line that says where, what rule and which value. Whatever else is raised
is a bug and keeps its traceback.
"""


class Foreseen(Exception):  # noqa: N818 - what it is, not what it does
    """An error that was foreseen; the message is one line and all that a person needs."""


class ParameterError(Foreseen):
    """A value that a parameter cannot have."""


class ConfigurationError(Foreseen):
    """The configuration breaks a rule."""


class InputError(Foreseen):
    """A file that somebody gave (texts, a model, an adapter) cannot be used."""


class DamagedFileError(Foreseen):
    """A result file cannot be read; the message names it and says how to remake it."""


class MissingError(Foreseen):
    """A result is not there yet; the message says what makes it."""


class BusyError(Foreseen):
    """Another run works in this folder."""
