"""The report of the results that are here."""

from pathlib import Path

import pytest

REPORT = Path(__file__).parent.parent.parent / "results" / "report.html"
MOST = 5e6
"""Bytes: what a mail takes, and a phone."""


@pytest.mark.skipif(not REPORT.exists(), reason="there is no report here; `make study` makes it")
def test_the_report_can_be_sent_by_mail():
    assert REPORT.stat().st_size <= MOST
