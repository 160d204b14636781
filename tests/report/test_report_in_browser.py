"""The report as its reader sees it: in Chromium, wide and narrow, light and dark."""

import re

import pytest

pytestmark = pytest.mark.browser

WIDE, PHONE = (1280, 900), (390, 844)
A4 = (718, 1047)
"""What is left of a sheet between the margins, in CSS pixels."""

LEAST_CONTRAST = 4.5
"""WCAG 2.1, level AA, for text of normal size."""

LEAST_SCALE = 0.6
"""CSS pixels per pixel of a figure drawn at 133 dpi: 7-point text is then 8 pixels high."""

CONTRASTS = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const own = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  return [...document.querySelectorAll("body *")]
    .filter((e) => own(e) && e.checkVisibility() && !e.closest("script, style, select"))
    .map((e) => {
      const [a, b] = [light(rgba(getComputedStyle(e).color)), light(behind(e))];
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.outerHTML.slice(0, 90)];
    });
}
"""


@pytest.fixture
def opened(browser, finished):
    """Open the report; return the page and what it said and asked for."""
    contexts = []

    def open_(size=WIDE, scheme="light", place="", **options):
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.complaints, page.requests = [], []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto((finished / "results/report.html").resolve().as_uri() + place)
        if options.get("java_script_enabled", True):
            page.wait_for_function("!document.documentElement.classList.contains('opening')")
        return page

    yield open_
    for context in contexts:
        context.close()


def rows(page) -> list[list[str]]:
    """The cells of the visible rows of the verdict table."""
    return page.eval_on_selector_all(
        "#claims tbody tr:not([hidden])",
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))",
    )


def test_it_complains_about_nothing_and_asks_for_nothing(opened):
    page = opened()
    page.wait_for_selector(".filters:not([hidden])")
    assert page.complaints == []
    asked = [url for url in page.requests if not url.startswith(("file:", "data:"))]
    assert asked == []
    assert sum(url.startswith("file:") for url in page.requests) == 1


def test_every_link_leads_somewhere(opened):
    page = opened()
    links = page.eval_on_selector_all("a", "links => links.map(link => link.getAttribute('href'))")
    names = page.eval_on_selector_all("[id]", "items => items.map(item => item.id)")
    assert len(names) == len(set(names))
    assert len(links) > 20
    for link in links:
        outside = link.startswith(("data:application/gzip;base64,", "https://arxiv.org/abs/"))
        assert outside or (link[0] == "#" and link[1:] in names), link


def test_every_image_is_embedded_and_drawn(opened):
    page = opened()
    images = page.eval_on_selector_all(
        "img", "images => images.map(i => [i.src.slice(0, 16), i.naturalWidth, i.alt])"
    )
    assert len(images) >= 5
    for source, width, text in images:
        assert source == "data:image/webp;"
        assert width > 300
        assert text


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_page_fits_and_the_figures_are_legible(opened, size):
    page = opened(size)
    page.eval_on_selector_all("details", "items => items.forEach(item => item.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    scales = page.eval_on_selector_all(
        "img", "images => images.map(i => [i.clientWidth / i.naturalWidth, i.alt])"
    )
    assert all(scale >= LEAST_SCALE for scale, _ in scales), scales
    smallest = page.eval_on_selector_all(
        "p, td, th, li, dd, dt, figcaption, a",
        "items => Math.min(...items.map(i => parseFloat(getComputedStyle(i).fontSize)))",
    )
    assert smallest >= 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_text_stands_out_from_what_is_behind_it(opened, size, scheme):
    page = opened(size, scheme)
    page.eval_on_selector_all("details", "items => items.forEach(item => item.open = true)")
    found = page.evaluate(CONTRASTS)
    assert len(found) > 200
    assert [text for ratio, text in found if ratio < LEAST_CONTRAST] == []


def test_on_a_phone_no_formula_in_a_line_is_wider_than_the_page(opened):
    page = opened(PHONE)
    page.eval_on_selector_all("details", "items => items.forEach(item => item.open = true)")
    wide = page.eval_on_selector_all(
        "math",
        """items => items.filter(i => !i.closest(".formula, .scroll")).map(i => {
          const box = (i.closest(".wide") ?? i).getBoundingClientRect();
          return [box.right, i.textContent];
        })""",
    )
    assert len(wide) > 100
    assert [text for right, text in wide if right > PHONE[0]] == []
    assert page.locator(".wide").count() > 10


def test_dark_is_dark_and_light_is_light(opened):
    colour = "getComputedStyle(document.body).backgroundColor"
    assert opened(scheme="light").evaluate(colour) == "rgb(255, 255, 255)"
    assert opened(scheme="dark").evaluate(colour) == "rgb(20, 23, 26)"


@pytest.mark.parametrize(("column", "key"), [(1, str.casefold), (3, float)], ids=["text", "number"])
def test_a_click_on_a_heading_sorts_the_table_and_another_reverses_it(opened, column, key):
    page = opened()
    heading = page.locator("#claims thead th button").nth(column)
    cells = page.locator(f"#claims tbody td:nth-child({column + 1})")
    for direction in ("asc", "desc"):
        heading.click()
        page.wait_for_selector(f"#claims thead th[aria-sort={direction}ending]")
        keys = cells.evaluate_all("cells => cells.map(cell => cell.dataset.order)")
        values = [key(text) for text in keys if text]
        assert len(values) > 5
        assert values == sorted(values, reverse=direction == "desc")


def test_filters_leave_the_rows_that_match(opened):
    page = opened()
    everything = len(rows(page))
    filters = {
        name: page.get_by_role("combobox", name=re.compile(f"^{name}"))
        for name in ("Paper", "Verdict", "Basis")
    }
    filters["Verdict"].select_option("contradicted")
    left = rows(page)
    assert 0 < len(left) < everything
    assert all("contradicted" in row[3] for row in left)
    assert page.locator(".filters output").inner_text() == f"{len(left)} of {everything} claims"
    filters["Verdict"].select_option("")
    filters["Basis"].select_option("derived here")
    assert {row[2] for row in rows(page)} == {"derived here"}
    filters["Basis"].select_option("")
    filters["Paper"].select_option(label="Random products")
    both = rows(page)
    assert {row[0] for row in both} == {
        "Random products: gaussian", "Random products: orthogonal"
    }  # fmt: skip
    filters["Paper"].select_option("random_products/orthogonal")
    assert {row[0] for row in rows(page)} == {"Random products: orthogonal"}
    filters["Paper"].select_option("")
    page.get_by_role("searchbox").fill("stable rank")
    assert 0 < len(rows(page)) < everything
    page.get_by_role("searchbox").fill("")
    assert len(rows(page)) == everything


def test_on_a_phone_filters_hide_what_does_not_match(opened):
    page = opened(PHONE)
    page.get_by_role("combobox", name=re.compile("^Verdict")).select_option("contradicted")
    seen = [row for row in page.locator("#claims tbody tr").all() if row.is_visible()]
    assert 0 < len(seen) < page.locator("#claims tbody tr").count()
    assert all("contradicted" in row.get_attribute("data-verdict") for row in seen)


def test_a_statement_with_definitions_is_one_row_that_sums_up_a_verdict_under_each(opened):
    page = opened()
    row = page.locator("#claims tbody tr", has_text="A: closed form")
    assert row.count() == 1
    assert "supported under 1, contradicted under 2 of 3 definitions" in row.inner_text()
    row.locator(".digest a").click()
    card = page.locator("details.claim:target")
    lines = card.locator(".definitions tbody tr").all_inner_texts()
    shown = [" ".join(text.split()) for text in lines]
    named = zip(
        shown,
        ("exact rank", "stable rank", "participation ratio"),
        ("contradicted", "contradicted", "supported"),
        strict=True,
    )
    for text, name, verdict in named:
        pattern = rf"{name} {verdict}.* [05]/5 [35 ]+ [\d.]+ \[[\d.]+, [\d.]+\] 0.85 to 1.15 [35]"
        assert re.search(pattern, text), text


def test_the_overview_says_first_how_the_claims_of_each_paper_came_out(opened):
    page = opened()
    papers = page.locator("article.paper")
    assert papers.count() == 2
    first = papers.first
    assert "contradicted under 2 of 3 definitions" in first.inner_text().lower()
    assert first.locator("figure img").count() == 1
    assert first.get_by_role("link", name=re.compile("arXiv")).first.is_visible()
    top = papers.first.bounding_box()["y"]
    assert top < WIDE[1]
    first.get_by_role("link", name="evidence").first.click()
    assert page.locator("details.claim:target article").is_visible()


def test_every_image_is_there_once(opened):
    sources = opened().eval_on_selector_all("img", "images => images.map(i => i.src)")
    assert len(sources) == len(set(sources))


def test_an_alternative_text_says_what_is_seen(opened):
    texts = opened().eval_on_selector_all("img", "images => images.map(i => i.alt)")
    for text in texts:
        assert re.search(r"Panel 1.*\(.* to .*\)|too small", text), text
    assert any("From left to right" in text for text in texts)
    assert not any(re.search(r"[\\$]", text) for text in texts)


def test_what_is_filtered_and_sorted_stands_in_the_address(opened):
    page = opened()
    page.get_by_role("combobox", name=re.compile("^Verdict")).select_option("contradicted")
    page.get_by_role("searchbox").fill("rank")
    page.locator("#claims thead th button").nth(1).click()
    left = rows(page)
    address = page.evaluate("location.hash")
    assert address == "#verdicts?verdict=contradicted&search=rank&sort=1&order=asc"
    again = opened(place=address)
    assert rows(again) == left
    assert again.get_by_role("searchbox").input_value() == "rank"


def test_every_heading_claim_and_figure_has_an_address(opened):
    page = opened()
    for owner in ("h2[id]", "h3[id]", "figure[id]", "details.claim[id]"):
        found = page.eval_on_selector_all(
            owner,
            "items => items.map(i => [i.id, !!i.querySelector(`a[href='#${CSS.escape(i.id)}']`)])",
        )
        assert found
        assert all(linked for _, linked in found), found


@pytest.mark.parametrize("owner", ["figure[id]", "details.claim[id]"])
def test_an_address_from_elsewhere_leads_to_its_place(opened, owner):
    last = opened().locator(owner).last.get_attribute("id")
    page = opened(place=f"#{last}")
    top = page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", last)
    assert 0 <= top < WIDE[1], "once all is laid out"


def test_a_claim_says_how_it_came_out_in_an_earlier_release_if_it_has_changed(opened):
    page = opened()
    row = page.locator("#claims tbody tr", has_text="all directions are used")
    assert "0.0.1" not in row.inner_text(), "it is contradicted still"
    card = page.locator("details.claim", has_text="A: closed form")
    assert card.locator(".definitions", has_text="0.0.1: undecided").count() == 1


def test_printed_it_has_all_rows_all_columns_and_colours(opened):
    page = opened(A4)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.documentElement.scrollWidth") <= A4[0]
    for owner in ("#claims tbody tr", "details.claim article"):
        assert all(one.is_visible() for one in page.locator(owner).all())
    ends = page.eval_on_selector_all(
        "td, th", "items => items.map(i => [i.getBoundingClientRect().right, i.innerText])"
    )
    assert max(ends)[0] <= A4[0], max(ends)
    broken = page.eval_on_selector_all(
        ".table td",
        """items => items.filter(i => /^[\\d.e+]+$/.test(i.innerText.trim())).map(i => {
          const range = document.createRange(); range.selectNodeContents(i);
          return [range.getClientRects().length, i.innerText];
        })""",
    )
    assert len(broken) > 20
    assert [text for lines, text in broken if lines > 1] == []
    cut = page.eval_on_selector_all(
        ".scroll, .canvas, pre, .formula",
        "items => items.filter(i => getComputedStyle(i).overflow !== 'visible').length",
    )
    assert cut == 0
    ends = page.eval_on_selector_all(
        "#claims :is(td, .cell > span)", "items => items.map(i => i.getBoundingClientRect().right)"
    )
    assert max(ends) <= A4[0]
    bars = page.eval_on_selector_all(
        ".bar span", "items => items.map(i => getComputedStyle(i).printColorAdjust)"
    )
    assert set(bars) == {"exact"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing(opened, axe, size, scheme):
    page = opened(size, scheme)
    page.eval_on_selector_all("details", "items => items.forEach(item => item.open = true)")
    page.evaluate(axe)
    found = page.evaluate("axe.run()")["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_a_row_says_what_its_verdict_leaves_open(opened):
    page = opened()
    turning = page.locator("#claims tbody tr", has_text="B: deep products")
    assert "depends on" in turning.inner_text()
    assert "depth: turns between 2 and 4" in turning.inner_text()
    undecided = page.locator("#claims tbody tr", has_text="D: the mean square")
    assert re.search(r"about [\d,]+ replicates would decide it", undecided.inner_text())


def test_a_row_leads_to_its_definition_its_figure_and_its_code(opened):
    page = opened()
    row = page.locator("#claims tbody tr").first
    row.get_by_role("link", name="definition", exact=True).click()
    card = page.locator("details.claim:target")
    text = card.inner_text()
    for part in ("Scope", "at all points", "terms of order depth / size are neglected"):
        assert part in text
    assert (
        card.get_by_text("arXiv 2507.07675").get_attribute("href").startswith("https://arxiv.org")
    )
    page.go_back()
    row.get_by_role("link", name="code").click()
    code = page.locator("details.code:target")
    assert "def closed_form(results: Results, notion: Notion)" in code.locator("pre").inner_text()
    place = code.locator("summary code").inner_text()
    assert re.fullmatch(r"workflow/rankscope/studies/random_products/gaussian/claims.py:\d+", place)
    row.get_by_role("link", name="definition", exact=True).click()
    card.get_by_role("link", name="figure").click()
    assert page.locator("figure:target img").is_visible()


def test_a_link_to_the_code_opens_what_it_is_folded_in(opened):
    page = opened()
    assert not page.locator("details.code pre").first.is_visible()
    page.locator("#claims tbody tr").first.get_by_role("link", name="code").click()
    page.locator("details.code:target pre").wait_for(state="visible")


def test_a_row_leads_to_the_data_of_its_points(opened):
    page = opened()
    with page.expect_download() as download:
        page.locator("#claims tbody tr").first.get_by_text("data").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0].startswith("claim,definition,point,part,verdict,estimate")
    assert len(lines) == 1 + 3 * 5  # three definitions at five points


def test_a_verdict_never_stands_without_its_basis(opened):
    page = opened()
    for owner in ("#claims tbody tr", "details.claim > summary"):
        assert page.locator(owner).count() == page.locator(f"{owner}:has(.basis)").count() > 0
    assert "abstract only" in page.locator("article.paper").first.inner_text()


def test_all_studies_of_a_paper_stand_under_one_heading(opened):
    page = opened()
    heads = {
        paper: page.locator(f"section[aria-labelledby=paper-{paper}] h3").all_inner_texts()
        for paper in ("random_products", "random_sums")
    }
    assert heads["random_products"] == ["What the paper claims #", "Gaussian #", "Orthogonal #"]
    assert heads["random_sums"] == ["Claims and verdicts #", "Figures #", "Tables #"]


def test_every_study_says_what_its_stages_took(opened):
    cells = opened().locator(".times tbody tr").first.locator("td").all_inner_texts()
    assert cells[0].split("\n") == ["2 min 1 s", "1.2 GB"]
    assert cells[3].strip() == "0.4 s"


def test_a_permalink_stays_in_sight_when_the_rest_is_laid_out(opened):
    place = "claims-random_products-gaussian"
    top = opened(place=f"#{place}").evaluate(
        f"document.getElementById('{place}').getBoundingClientRect().top"
    )
    assert 0 <= top < WIDE[1] / 2


def test_every_command_that_remakes_results_names_their_configuration(opened):
    page = opened()
    commands = page.eval_on_selector_all("pre", "items => items.map(item => item.textContent)")
    made = [line for text in commands for line in text.splitlines() if "make " in line]
    assert len(made) == 2 * 3 + 1
    assert all(line.endswith(" CONFIG=small.yaml") for line in made), made
    assert "small.yaml" in page.locator("section[aria-labelledby=provenance] dl").inner_text()


def test_bounds_in_statements_have_three_digits(opened):
    text = opened().locator("#claims").inner_text()
    assert "The stable rank is between 0.889 and 1 of the rank." in text


def test_no_text_is_taken_for_a_formula(opened):
    formulas = opened().eval_on_selector_all(
        "math",
        """items => items.map(i => [...i.querySelectorAll("mi, mn, mo, mtext")].map(
          leaf => leaf.localName === "mi" && leaf.textContent.length === 1 ? leaf.textContent : " "
        ).join(""))""",
    )
    assert len(formulas) > 100
    assert [text for text in formulas if re.search("[a-z]{12}", text)] == []


def test_formulas_are_drawn(opened):
    page = opened()
    sizes = page.eval_on_selector_all(
        "math", "items => items.map(i => i.getBoundingClientRect().width)"
    )
    assert len(sizes) > 30
    assert min(sizes) > 3
    text = page.locator("main").inner_text()
    assert "$" not in text
    assert "\\frac" not in text


def test_without_scripts_it_is_still_a_table(opened):
    page = opened(java_script_enabled=False)
    assert page.locator("#claims tbody tr").count() == 9
    assert not page.locator(".filters").is_visible()
