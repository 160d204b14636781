"""Pure functions of arrays: arrays and generators in, arrays or frozen dataclasses out."""
