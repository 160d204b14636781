from dataclasses import dataclass

import pytest

from rankscope.planning import parameters


@dataclass(frozen=True, kw_only=True)
class Parameters:
    width: int
    slope: float = 0.0
    kind: str = "gaussian"
    flag: bool = False

    def check(self) -> None:
        if self.width < 1:
            raise ValueError(f"width must be at least 1, got {self.width}")


def test_values_of_the_declared_types_are_taken_as_they_are():
    built = parameters.build(Parameters, {"width": 8, "slope": 0.5}, "here")
    assert built == Parameters(width=8, slope=0.5)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "here: parameter 'width' is missing"),
        (
            {"widht": 8},
            "here: unknown parameter 'widht'; known are width, slope, kind, flag",
        ),
        ({"width": 0}, "here: width must be at least 1, got 0"),
        ({"width": 8.0}, "here: width must be int, got float 8.0"),
        ({"width": True}, "here: width must be int, got bool True"),
        ({"width": 8, "slope": 1}, "here: slope must be float, got int 1; write 1.0"),
        (
            {"width": 8, "slope": "1e-3"},
            "here: slope must be float, got str '1e-3'; YAML reads this as text, write 0.001",
        ),
        ({"width": 8, "slope": float("nan")}, "here: slope must be finite, got nan"),
    ],
)
def test_a_bad_value_is_refused_in_one_line(values, message):
    with pytest.raises(ValueError) as refusal:
        parameters.build(Parameters, values, "here")
    assert str(refusal.value) == message


def test_a_point_is_named_by_its_values():
    values = {"width": 8, "slope": 0.25, "kind": "gaussian", "flag": True}
    assert parameters.point_name(values) == "width=8,slope=0.25,kind=gaussian,flag=true"


def test_a_text_that_cannot_name_a_file_is_refused():
    with pytest.raises(ValueError, match="kind must be letters"):
        parameters.point_name({"kind": "a/b"})


def test_the_canonical_text_does_not_depend_on_the_order_of_fields():
    one = parameters.canonical(Parameters(width=8, slope=0.5))
    assert one == parameters.canonical(Parameters(slope=0.5, width=8))
    assert one != parameters.canonical(Parameters(width=8, slope=0.25))
