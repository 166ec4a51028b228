// A table that can be sorted by its heads and shows its first rows until asked for all.
const FIRST_ROWS = 40;

// columns: {title, numeric, wide}; rows: {cells: [{text, value, node: () => element, note}], quiet}.
// sort: {column, down} or null, kept by the caller; onsort is told of a new one.
function makeTable({ caption, columns, rows, sort, onsort, all, onall, plain }) {
  const sorted = sort ? sortRows(rows, sort) : rows;
  const shown = all || sorted.length <= FIRST_ROWS ? sorted : sorted.slice(0, FIRST_ROWS);
  const head = el("tr", {}, columns.map((column, place) => makeHead(column, place, sort, onsort, plain)));
  const table = el(
    "table",
    {},
    el("caption", {}, caption),
    el("thead", {}, head),
    el("tbody", {}, shown.map((row) => makeRow(row, columns))),
  );
  const scroll = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table);
  return el("div", { class: plain ? "table stacked" : "table" }, scroll, onall && sorted.length > FIRST_ROWS ? makeMore(sorted.length, all, onall) : null);
}
function makeMore(total, all, onall) {
  const text = all ? say("groups.show_fewer", { n: FIRST_ROWS }) : say("groups.show_all", { n: formatCount(total) });
  return el("button", { type: "button", class: "quiet more", onclick: onall }, text);
}
function makeHead(column, place, sort, onsort, plain) {
  const order = sort && sort.column === place ? (sort.down ? "descending" : "ascending") : null;
  const attributes = { scope: "col", class: column.numeric ? "number" : null, "aria-sort": order };
  if (plain || !onsort) return el("th", attributes, column.title);
  const arrow = el("span", { class: "arrow", "aria-hidden": "true" });
  const next = { column: place, down: order ? !sort.down : Boolean(column.numeric) };
  return el("th", attributes, el("button", { type: "button", "data-column": place, onclick: () => onsort(next) }, column.title, arrow));
}
function makeRow(row, columns) {
  const cells = row.cells.map((cell, place) => {
    const inside = [cell.node ? cell.node() : cell.text, cell.note ? el("small", {}, cell.note) : null];
    const name = columns[place].numeric ? "number" : null;
    return place === 0 ? el("th", { scope: "row" }, inside) : el("td", { class: name, "data-label": columns[place].title }, inside);
  });
  return el("tr", { class: row.quiet ? "quiet" : null }, cells);
}
function sortRows(rows, { column, down }) {
  const key = (row) => (row.cells[column].value === undefined ? row.cells[column].text : row.cells[column].value);
  const missing = (x) => x === null || Number.isNaN(x);
  return [...rows].sort((one, other) => {
    const [a, b] = [key(one), key(other)];
    if (missing(a) || missing(b)) return missing(a) - missing(b);
    const order = typeof a === "number" ? a - b : String(a).localeCompare(String(b), say("page.language"));
    return down ? -order : order;
  });
}
