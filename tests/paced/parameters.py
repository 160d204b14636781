"""Parameters of a point: how long, how large, and whether it fails."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """A point of the study.

    Attributes:
        size: length of a replicate's state.
        steps: steps of a replicate, each of which leaves a checkpoint.
        pause: seconds that a step sleeps, times the environment's PACED_PAUSE.
        ballast_mb: memory beyond the estimate, in megabytes.
        fails: raise an error while there is no file ``mended`` in the working folder.
    """

    size: int = 4
    steps: int = 1
    pause: float = 0.0
    ballast_mb: int = 0
    fails: bool = False

    def check(self) -> None:
        """Raise ``ValueError`` with the value that cannot be."""
        if self.size < 1:
            raise ValueError(f"size must be at least 1, got {self.size}")

    def cost(self) -> Cost:
        """Return an estimate that knows nothing of the ballast."""
        return Cost(
            seconds=1e-4 + self.steps * self.pause, memory_mb=200.0, prediction_seconds=1e-3
        )
