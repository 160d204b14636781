// The table sorts and filters with DataTables; without scripts it is a plain table.
const form = document.querySelector(".filters");
const shown = form.querySelector("output");
const table = new DataTable("#claims", {
  paging: false,
  info: false,
  order: [],
  autoWidth: false,
  // the most contradicted first
  columnDefs: [{ targets: [3], orderSequence: ["asc", "desc"], type: "num" }],
  layout: { topStart: null, topEnd: null, bottomStart: null, bottomEnd: null },
});

function count() {
  shown.value = `${table.rows({ search: "applied" }).count()} of ${table.rows().count()} claims`;
}

for (const select of form.querySelectorAll("select")) {
  select.addEventListener("change", () =>
    table.column(select.dataset.column).search(select.value, { regex: true, smart: false }).draw());
}
form.querySelector("[data-search]").addEventListener("input", (event) =>
  table.search(event.target.value).draw());
form.addEventListener("submit", (event) => event.preventDefault());
table.on("draw", count);
count();
form.hidden = false;

// A link to a claim or its code opens what it is folded in.
function unfold() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let fold = target?.closest("details"); fold; fold = fold.parentElement.closest("details")) {
    fold.open = true;
  }
  target?.scrollIntoView();
}
addEventListener("hashchange", unfold);
if (location.hash) unfold();
