"""Parameters of a point: how long, how large, and whether it fails."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, flag, real, whole


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """A walk that sleeps."""

    size: int = whole("length of a replicate's state", at_least=1, default=4)
    steps: int = whole("steps of a replicate, each of which leaves a checkpoint", default=1)
    pause: float = real(
        "what a step sleeps, times the environment's PACED_PAUSE", default=0.0, unit="s"
    )
    ballast_mb: int = whole("memory beyond the estimate", default=0, unit="MB")
    fails: bool = flag("raise an error while there is no file mended here", default=False)

    def cost(self) -> Cost:
        """Return an estimate that knows nothing of the ballast."""
        return Cost(
            seconds=1e-4 + self.steps * self.pause, memory_mb=200.0, prediction_seconds=1e-3
        )
