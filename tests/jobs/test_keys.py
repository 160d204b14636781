"""What is counted of a point that is not whole."""

from rankscope import datasets
from rankscope.jobs import keys
from rankscope.planning.configuration import Point


def test_a_file_that_is_being_written_is_no_saved_replicate(tmp_path):
    point = Point(study="lora/risk", name="rank=1", parameters=None, results=tmp_path)
    folder = keys.parts(point, "simulated")
    folder.mkdir(parents=True)
    assert keys.saved(point) == 0
    for name in ("0-3.nc", "5-7.nc", f"{datasets.TEMPORARY}-a1-b.nc", "checkpoints-3-5"):
        (folder / name).touch()
    assert keys.saved(point) == 5
