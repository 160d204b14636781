"""The report of the results that are here."""

from pathlib import Path

import pytest

REPORT = Path(__file__).parent.parent.parent / "results" / "report.html"
MOST = 5e6
"""Bytes: what a mail takes, and a phone."""

PHONE, A4 = (390, 844), (718, 1047)
"""CSS pixels of a phone, and of a sheet between its margins."""

there = pytest.mark.skipif(
    not REPORT.exists(), reason="there is no report here; `make study` makes it"
)


@there
def test_the_report_can_be_sent_by_mail():
    assert REPORT.stat().st_size <= MOST


@there
@pytest.mark.browser
@pytest.mark.parametrize(
    ("size", "media"), [(PHONE, "screen"), (A4, "print")], ids=["phone", "print"]
)
def test_the_report_fits_with_everything_unfolded(browser, size, media):
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(REPORT.as_uri())
    page.wait_for_function("!document.documentElement.classList.contains('opening')")
    page.eval_on_selector_all("details", "items => items.forEach(item => item.open = true)")
    page.emulate_media(media=media)
    found = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert found <= width
