from dataclasses import dataclass

import pytest

from rankscope.errors import ParameterError
from rankscope.planning import parameters


@dataclass(frozen=True, kw_only=True)
class Parameters:
    width: int = parameters.whole("neurons", at_least=1)
    slope: float = parameters.real("slope", above=-2.0, at_most=1.0, default=0.0)
    kind: str = parameters.one_of("law of the weights", "gaussian", "sign", default="gaussian")
    flag: bool = parameters.flag("whether it is", default=False)

    def check(self) -> None:
        parameters.require(
            not self.flag or self.width > 4, "a flag needs a width above 4", self.width
        )


def test_values_of_the_declared_types_are_taken_as_they_are():
    built = parameters.build(Parameters, {"width": 8, "slope": 0.5}, "here")
    assert built == Parameters(width=8, slope=0.5)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "here: parameter 'width' is missing"),
        (
            {"widht": 8},
            "here: unknown parameter 'widht'; known are width, slope, kind, flag; "
            "did you mean 'width'?",
        ),
        ({"width": 0}, "here: width must be at least 1, got 0"),
        ({"width": 8, "slope": -2.0}, "here: slope must be above -2.0, got -2.0"),
        ({"width": 8, "slope": 1.5}, "here: slope must be at most 1.0, got 1.5"),
        ({"width": 8, "kind": "flat"}, "here: kind must be one of gaussian, sign, got 'flat'"),
        ({"width": 4, "flag": True}, "here: a flag needs a width above 4, got 4"),
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
    with pytest.raises(ParameterError) as refusal:
        parameters.build(Parameters, values, "here")
    assert str(refusal.value) == message


def test_a_point_is_named_by_its_values():
    values = {"width": 8, "slope": 0.25, "kind": "gaussian", "flag": True}
    assert parameters.point_name(values) == "width=8,slope=0.25,kind=gaussian,flag=true"


def test_a_text_that_cannot_name_a_file_is_refused():
    with pytest.raises(ParameterError, match="kind must be letters"):
        parameters.point_name({"kind": "a/b"})


def test_a_bug_in_a_check_is_no_refusal():
    class Broken(Parameters):
        def check(self) -> None:
            raise ValueError("operands could not be broadcast")

    with pytest.raises(ValueError, match="broadcast"):
        parameters.build(Broken, {"width": 8}, "here")


def test_fields_say_what_they_mean_and_in_which_unit():
    found = parameters.labels(Parameters(width=8))
    assert found["width"] == {"long_name": "parameter: neurons", "units": "1"}
