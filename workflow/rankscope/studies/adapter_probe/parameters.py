"""Parameters of a study of saved adapters."""

import dataclasses
import json
from pathlib import Path

from rankscope.planning.parameters import Cost, require, text, whole


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters:
    """One saved adapter."""

    folder: str = text("the folder that holds the adapters' folders")
    adapter: str = text("the folder of this adapter, in folder")
    base: str = text("the folder of the base model")
    other: str = text("an adapter in folder to compare directions with, or none", default="none")
    intruders: int = whole(
        "leading directions of the tuned weight that are tested",
        at_least=1,
        at_most=1000,
        default=10,
    )
    directions: int = whole(
        "leading directions that are compared with the other adapter",
        at_least=1,
        at_most=128,
        default=8,
    )

    def check(self) -> None:
        """Raise ``ParameterError`` if a folder is missing."""
        for path in self.adapters():
            found = (path / "adapter_config.json").is_file()
            require(found, "an adapter's folder must hold adapter_config.json", str(path))
        require(Path(self.base).is_dir(), "base must be a folder", self.base)

    def adapters(self) -> tuple[Path, ...]:
        """Return the folders of the adapter and of the one it is compared with, if any."""
        names = (self.adapter,) if self.other == "none" else (self.adapter, self.other)
        return tuple(Path(self.folder) / name for name in names)

    def files(self) -> tuple[Path, ...]:
        """Return configurations and weights of the adapters, and the base's weights."""
        folders = (*self.adapters(), Path(self.base))
        return tuple(
            file
            for folder in folders
            for kind in ("adapter_config.json", "*.safetensors*")
            for file in sorted(folder.glob(kind))
        )

    def cost(self) -> Cost:
        """Return CPU seconds of a replicate and memory.

        A dense decomposition of each matrix dominates: about 5 ns times the cube of the
        width, for about 6 matrices a layer.
        """
        try:
            config = json.loads((Path(self.base) / "config.json").read_text(encoding="utf-8"))
            width, layers = float(config["hidden_size"]), float(config["num_hidden_layers"])
        except (OSError, ValueError, KeyError, TypeError):
            width, layers = 768.0, 12.0
        return Cost(
            seconds=0.5 + 6 * layers * 5e-9 * width**3, memory_mb=300 + 8 * 4 * 6 * width**2 / 1e6
        )
