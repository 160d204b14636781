// Without scripts the table is a plain table. What is filtered and sorted stands in the address:
// #verdicts?paper=lora&verdict=contradicted&search=rank&sort=3&order=desc
const form = document.querySelector(".filters");
const shown = form.querySelector("output");
const body = document.querySelector("#claims tbody");
const rows = [...body.rows];
const heads = [...document.querySelectorAll("#claims [data-sort]")];
const sorted = { column: -1, order: "asc" };

const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

function filter() {
  const wanted = new FormData(form);
  const within = (value, path) => path === value || path.startsWith(`${value}/`);
  for (const row of rows) {
    row.hidden = !(
      (!wanted.get("paper") || within(wanted.get("paper"), row.dataset.paper)) &&
      (!wanted.get("verdict") || row.dataset.verdict.split("|").includes(wanted.get("verdict"))) &&
      (!wanted.get("basis") || row.dataset.basis === wanted.get("basis")) &&
      wanted.get("search").toLowerCase().split(/\s+/).every((word) => words.get(row).includes(word))
    );
  }
  shown.value = `${rows.filter((row) => !row.hidden).length} of ${rows.length} claims`;
}

function sort() {
  const { column, order } = sorted;
  const sign = order === "asc" ? 1 : -1;
  const numeric = heads[column]?.dataset.sort === "number";
  const key = ({ cells }) => (cells[column].dataset.order ?? cells[column].innerText).toLowerCase();
  const keys = new Map(column < 0 ? [] : rows.map((row) => [row, key(row)]));
  const compare = (one, other) => {
    const [a, b] = [keys.get(one), keys.get(other)];
    if (numeric) return a === "" || b === "" ? (a === "") - (b === "") : sign * (a - b);
    return sign * (a < b ? -1 : a > b ? 1 : 0);
  };
  body.append(...(column < 0 ? rows : [...rows].sort(compare)));
  heads.forEach((head, place) => {
    const cell = head.closest("th");
    if (place !== column) cell.removeAttribute("aria-sort");
    else cell.setAttribute("aria-sort", order === "asc" ? "ascending" : "descending");
  });
}

function remember() {
  const values = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  if (sorted.column >= 0) {
    values.set("sort", sorted.column);
    values.set("order", sorted.order);
  }
  history.replaceState(null, "", values.size ? `#verdicts?${values}` : "#verdicts");
}

function recall(text) {
  const values = new URLSearchParams(text);
  for (const name of ["paper", "verdict", "basis", "search"]) {
    form.elements[name].value = values.get(name) ?? "";
  }
  sorted.column = heads[values.get("sort")] ? Number(values.get("sort")) : -1;
  sorted.order = values.get("order") === "desc" ? "desc" : "asc";
}

heads.forEach((head, column) => {
  const button = document.createElement("button");
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const again = sorted.column === column && sorted.order === "asc";
    Object.assign(sorted, { column, order: again ? "desc" : "asc" });
    sort();
    remember();
  });
});
form.addEventListener("input", () => { filter(); remember(); });
form.addEventListener("submit", (event) => event.preventDefault());
form.hidden = false;

function address() {
  const [place, values] = location.hash.slice(1).split("?");
  return { place, values, target: document.getElementById(decodeURIComponent(place)) };
}

// An address says what is filtered; one of a claim or its code opens what that is folded in.
function visit() {
  const { place, values, target } = address();
  if (place === "verdicts") {
    recall(values);
    sort();
    filter();
  }
  for (let fold = target?.closest("details"); fold; fold = fold.parentElement.closest("details")) {
    fold.open = true;
  }
  target?.scrollIntoView();
}
addEventListener("hashchange", visit);
filter();
visit();

// The rows of a claim are packed in the page once, and unpacked when they are asked for.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href^='#data-'], a[id^='data-']");
  if (!link) return;
  event.preventDefault();
  const source = document.getElementById(link.hash.slice(1)) ?? link;
  const packed = await (await fetch(source.href)).blob();
  const unpacked = packed.stream().pipeThrough(new DecompressionStream("gzip"));
  const saved = document.createElement("a");
  saved.href = URL.createObjectURL(await new Response(unpacked).blob());
  saved.download = source.download.replace(/\.gz$/, "");
  saved.click();
});

// The page opens with what is in sight; the rest is laid out a moment later, and what is in sight stays there.
addEventListener("load", () => setTimeout(() => {
  const seen = address().target ?? document.elementFromPoint(innerWidth / 2, innerHeight / 2);
  const top = () => seen.getBoundingClientRect().top;
  const before = top();
  document.documentElement.classList.remove("opening");
  scrollBy(0, top() - before);
}, 100));

// On paper every claim is unfolded; its code is named, with file and line.
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details.claim")) fold.open = true;
});
