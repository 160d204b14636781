"""Parameters of a study of saved adapters."""

import dataclasses
import json
from pathlib import Path

from rankscope.planning.parameters import Cost


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters:
    """One saved adapter.

    Attributes:
        folder: the folder that holds the adapters' folders.
        adapter: the folder of this adapter, in ``folder``.
        base: the folder of the base model.
        other: an adapter in ``folder`` to compare directions with, or ``none``.
        intruders: leading directions of the tuned weight that are tested.
        directions: leading directions that are compared with the other adapter.
    """

    folder: str
    adapter: str
    base: str
    other: str = "none"
    intruders: int = 10
    directions: int = 8

    def check(self) -> None:
        """Raise ``ValueError`` if a value is out of its range or a folder is missing."""
        for path in filter(None, (self.path(), self.other_path())):
            if not (path / "adapter_config.json").is_file():
                raise ValueError(f"{path} holds no adapter_config.json")
        if not Path(self.base).is_dir():
            raise ValueError(f"base must be a folder, got {self.base!r}")
        for name in ("intruders", "directions"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")

    def path(self) -> Path:
        """Return the adapter's folder."""
        return Path(self.folder) / self.adapter

    def other_path(self) -> Path | None:
        """Return the folder of the adapter it is compared with."""
        return None if self.other == "none" else Path(self.folder) / self.other

    def cost(self) -> Cost:
        """Return CPU seconds of a replicate and memory.

        A dense decomposition of each matrix dominates: about 5 ns times the cube of the
        width, for about 6 matrices a layer.
        """
        try:
            config = json.loads((Path(self.base) / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            config = {}
        width = float(config.get("hidden_size", 768))
        layers = float(config.get("num_hidden_layers", 12))
        return Cost(
            seconds=0.5 + 6 * layers * 5e-9 * width**3, memory_mb=300 + 8 * 4 * 6 * width**2 / 1e6
        )
