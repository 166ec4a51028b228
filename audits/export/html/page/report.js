// The page: parts in their order, choosers, and what is drawn anew when one is used.
const drawings = [];
const places = {};

// Make a part anew only when what it shows has changed: moving the threshold leaves much as it is.
const shownKeys = {};
function renew(part, key, make) {
  const text = JSON.stringify(key);
  if (shownKeys[part] !== text) make();
  shownKeys[part] = text;
}
function update(change, focus) {
  Object.assign(state, change);
  refresh();
  const target = focus && document.querySelector(focus);
  if (target) target.focus();
}
function makeControls() {
  const controls = el("form", { class: "controls", "aria-label": say("controls.label"), onsubmit: (event) => event.preventDefault() });
  places.choosers = el("div", { class: "choosers" });
  const search = el("input", { id: "search", type: "search", autocomplete: "off", oninput: (event) => update({ search: event.target.value }) });
  places.search = el("div", { class: "field" }, el("label", { for: "search" }, say("controls.search")), search);
  controls.append(places.choosers);
  if (LIVE) controls.append(makeSlider());
  return controls;
}
function makeSlider() {
  const slider = el("input", {
    id: "threshold", type: "range", min: 0, max: DATA.edges.length - 1, step: 1, value: START,
    oninput: (event) => update({ position: Number(event.target.value) }),
  });
  const output = el("output", { for: "threshold", id: "threshold-value" });
  const back = el("button", { type: "button", class: "quiet", id: "reset", onclick: () => { slider.value = START; update({ position: null }); } },
    say(DATA.audited === null ? "controls.reset_given" : "controls.reset"));
  Object.assign(places, { slider, output, back });
  return el("div", { class: "slider" }, el("label", { for: "threshold" }, say("controls.threshold")), slider, output, back);
}
function fillChoosers() {
  const grouping = currentGrouping();
  const option = (metric) => ({ value: metric.name, text: metric.title });
  const parts = [["controls.live", (m) => m.live], ["controls.fixed", (m) => !m.live]]
    .map(([key, keep]) => ({ group: say(key), options: DATA.metrics.filter(keep).map(option) }))
    .filter((part) => part.options.length);
  const references = grouping.groups
    .map((group, place) => ({ value: place, text: place === grouping.reference ? say("controls.largest", { group: group.label }) : group.label, rows: group.rows }))
    .filter((one) => one.rows !== null);
  const active = document.activeElement && document.activeElement.id;
  replaceWith(
    places.choosers,
    choice(say("controls.grouping"), DATA.groupings.map((one, place) => ({ value: place, text: one.title })), state.grouping,
      (value) => update({ grouping: Number(value), reference: null, sort: null, all: false, search: "" }), "grouping"),
    choice(say("controls.metric"), LIVE ? parts : DATA.metrics.map(option), state.metric, (metric) => update({ metric }), "metric"),
    references.length > 1
      ? choice(say("controls.reference"), references, currentReference(grouping), (value) => update({ reference: Number(value) }), "reference")
      : null,
    places.search,
  );
  const again = ["grouping", "metric", "reference", "search"].includes(active) && document.getElementById(active);
  if (again) again.focus();
}
function fillSlider() {
  if (!LIVE) return;
  if (state.position === null) places.slider.value = START;
  const text = thresholdText();
  places.slider.setAttribute("aria-valuetext", text);
  replaceWith(places.output, el("strong", {}, text), isMoved() || DATA.audited === null ? "" : ` ${say("controls.audited_here")}`);
  places.back.disabled = !isMoved();
}
function makeGroups() {
  if (!DATA.groupings.length) return section("groups", el("p", {}, say("groups.none")));
  for (const name of ["status", "sizes", "whole", "chart", "table", "notes", "gaps", "meaning"]) places[name] = el("div", {});
  places.status.setAttribute("role", "status");
  places.chart.className = "chart";
  places.sizes.className = "sizes";
  places.table.className = "by-group";
  document.getElementById("search");
  return section(
    "groups", makeControls(), places.status,
    el("h3", {}, say("groups.sizes")), places.sizes, el("p", { class: "note" }, say("groups.sizes_note", { least: DATA.least })),
    places.meaning, places.chart, places.table, places.notes, places.gaps,
  );
}
function refresh() {
  const grouping = currentGrouping();
  if (!grouping) return;
  const metric = METRIC[state.metric];
  const reference = currentReference(grouping);
  const every = readGroups(grouping, metric, state.position, reference);
  const rows = listShown(every);
  const title = renderTitle(metric, every, grouping, reference);
  const search = document.getElementById("search");
  if (search && search.value !== state.search) search.value = state.search;
  renew("choosers", [state.grouping, state.metric, reference], fillChoosers);
  fillSlider();
  replaceWith(places.status, ...renderStatus(rows, every));
  renew("sizes", [state.grouping, state.search, state.sizesSort, state.allSizes], () => replaceWith(places.sizes, makeSizes(grouping)));
  const whole = say("groups.whole", { number: writeFull(measure(DATA.whole, 0, metric, metric.live ? state.position : null), metric.unit) });
  replaceWith(places.meaning, el("h3", {}, metric.title), el("p", {}, metric.meaning), el("p", { class: "whole" }, whole));
  drawMoving(metric, rows, title, grouping, reference);
  replaceWith(places.table, makeGroupTable(grouping, metric, rows, title));
  replaceWith(places.notes, listNotes(grouping, metric, every, reference));
  replaceWith(places.gaps, makeGaps(grouping));
}
function renderStatus(rows, every) {
  const texts = [];
  const metric = METRIC.selection_rate;
  if (LIVE && metric) {
    const [now, audited] = [state.position, null].map((position) => writePoint(measure(DATA.whole, 0, metric, position), metric.unit));
    texts.push(isMoved()
      ? say("groups.status", { threshold: thresholdText(), share: now, audited })
      : say("groups.status_audited", { share: audited }));
  }
  if (state.search.trim()) texts.push(rows.length ? say("groups.found", { n: formatCount(rows.length), total: formatCount(every.length) }) : say("groups.empty"));
  return texts.map((text) => el("p", { class: "lead" }, text));
}
function drawMoving(metric, rows, title, grouping, reference) {
  const drawn = drawGroups(metric, rows, title, grouping, reference, widths.chart);
  replaceWith(places.chart, drawn || el("p", { class: "lead" }, title), isMoved() && metric.live && drawn ? el("p", { class: "note" }, say("groups.hollow")) : null);
  if (!places.curves) return;
  const width = widths.curves;
  const half = width > 900 ? (width - 32) / 2 : width;
  replaceWith(places.curves, drawThresholds(grouping, metric, half) || drawThresholds(grouping, METRIC.selection_rate, half), drawRoc(grouping, half), drawCalibration(grouping, half));
}
function makeCurves() {
  if (!LIVE || !DATA.groupings.length) return null;
  places.curves = el("div", { class: "curves" });
  return section("curves", places.curves, el("p", { class: "note" }, say("curves.note", { n: MAX_CURVES, share: formatValue(MOST_MOVED, "share") }), " ", say("curves.tenths_left_out", { least: DATA.least })));
}
function start() {
  const main = document.getElementById("main");
  const { story } = DATA;
  document.querySelector("header .wide").append(el("p", { class: "top" }, badge(story.worst), el("span", {}, say("page.facts", {
    task: say(`task.${DATA.task}`), rows: writeRows(DATA.whole.groups[0].rows), created: story.facts.find(([label]) => label === say("facts.created"))[1],
  }))));
  const parts = [makeVerdicts(), makeGroups(), makeCurves(), makeMatrix(), makeReasons(), makeFeatures(), makeRecourse(), makeAudited(), makeAbout()].filter(Boolean);
  replaceWith(main, parts);
  replaceWith(document.getElementById("contents"), el("ul", { class: "wide" }, parts.map((part) => el("li", {}, el("a", { href: `#${part.id}` }, say(`section.${part.id}`))))));
  const redraw = () => { findWidths(); refresh(); drawings.forEach((draw) => draw()); };
  redraw();
  let width = main.clientWidth;
  window.addEventListener("resize", () => { if (main.clientWidth !== width) { width = main.clientWidth; redraw(); } });
  preparePrint(main);
  setTimeout(checkNumbers, 0);
}
// Asked for once, not at each step of the threshold: asking makes the browser lay the page out.
const widths = { chart: 800, curves: 800 };
function findWidths() {
  for (const name of ["chart", "curves"]) if (places[name]) widths[name] = places[name].clientWidth || 800;
}
function preparePrint(main) {
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((one) => { one.open = true; });
    const printed = makePrinted();
    if (printed) document.getElementById("groups").after(printed);
  });
  window.addEventListener("afterprint", () => {
    opened.forEach((one) => { one.open = false; });
    document.querySelectorAll(".printed").forEach((one) => one.remove());
  });
}
start();
