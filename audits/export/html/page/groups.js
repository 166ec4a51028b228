// By group: sizes, one measure at one threshold, differences to a reference group, largest gaps.
const state = {
  grouping: DATA.groupings.findIndex((one) => one.name === firstGrouping()),
  metric: DATA.main_metric,
  reference: null,
  position: null,
  search: "",
  sort: null,
  sizesSort: { column: 1, down: true },
  all: false,
  allSizes: false,
};
if (state.grouping < 0) state.grouping = 0;
const FIRST_SIZES = 12;
const MANY_GAPS = 5;
const LIVE = DATA.edges.length > 0;
const START = DATA.audited === null ? DATA.edges.indexOf(0.5) : DATA.audited;

function firstGrouping() {
  const found = DATA.story.findings.flatMap(({ line, under }) => [line, ...under]);
  const lines = [...found, ...DATA.story.met.flatMap((rule) => rule.lines)];
  const singles = lines.find((line) => line.grouping && DATA.groupings.some((one) => one.name === line.grouping) && !line.grouping.includes(" & "));
  return singles ? singles.grouping : "";
}
function isMoved() {
  return state.position !== null && state.position !== DATA.audited;
}
function currentGrouping() {
  return DATA.groupings[state.grouping];
}
function currentReference(grouping) {
  if (state.reference !== null) return state.reference;
  if (grouping.reference !== null) return grouping.reference;
  const first = grouping.groups.findIndex((group) => group.rows !== null);
  return first < 0 ? null : first;
}
function thresholdText() {
  const position = state.position === null ? DATA.audited : state.position;
  return position === null ? say("controls.given") : formatThreshold(DATA.edges[position]);
}
// Every group with its number, before and after, compared with the reference: what is shown.
function readGroups(grouping, metric, position, reference) {
  const moved = metric.live && position !== null && position !== DATA.audited;
  const found = grouping.groups.map((_, place) => measure(grouping, place, metric, moved ? position : null));
  const base = reference === null ? null : found[reference];
  const tests = moved || reference !== grouping.reference ? [] : grouping.tests[metric.name] || [];
  const testOf = (place) => tests[place] ?? null;
  return grouping.groups.map((group, place) => ({
    place,
    label: group.label,
    rows: group.rows,
    value: found[place],
    before: moved ? measure(grouping, place, metric, null) : null,
    about: moved && group.moved > 0,
    compared: Object.fromEntries(
      (place === reference || base === null ? [] : metric.compare).map((kind) => [kind, compare(kind, found[place], base, testOf(place))]),
    ),
    test: testOf(place),
    quiet: place === reference,
  }));
}
function writeAbout(row, text) {
  return row.about && isKnown(row.value) ? say("number.about", { value: text }) : text;
}
function renderTitle(metric, rows, grouping, reference) {
  const known = rows.filter((row) => row.compared.difference && isKnown(row.compared.difference) && isKnown(row.value));
  let text = say("groups.title_plain", { title: metric.title });
  if (!rows.some((row) => isKnown(row.value))) {
    text = say("groups.title_none", { title: metric.title, reason: rows.length ? rows[0].value.reason : "" });
  } else if (known.length) {
    const worst = known.reduce((a, b) => (Math.abs(b.compared.difference.value) > Math.abs(a.compared.difference.value) ? b : a));
    const gap = worst.compared.difference;
    const fields = {
      title: metric.title,
      group: worst.label,
      reference: grouping.groups[reference].label,
      gap: formatValue(Math.abs(gap.value), compareUnit("difference", metric.unit)),
    };
    const unsure = gap.low <= 0 && gap.high >= 0;
    const key = gap.value === 0 ? "even" : unsure ? "unsure" : gap.value < 0 ? "low" : "high";
    text = say(`groups.title_${key}`, fields);
  }
  return isMoved() && metric.live ? say("groups.at", { threshold: thresholdText(), sentence: text }) : text;
}
function listShown(rows) {
  const wanted = state.search.trim().toLocaleLowerCase();
  return wanted ? rows.filter((row) => row.label.toLocaleLowerCase().includes(wanted)) : rows;
}
function makeGroupTable(grouping, metric, rows, title) {
  const kinds = metric.compare.filter(() => currentReference(grouping) !== null);
  const tested = kinds.length > 0 && rows.some((row) => row.test !== null && row.test !== undefined);
  const columns = [
    { title: say("column.group") },
    { title: say("column.rows"), numeric: true },
    { title: metric.title, numeric: true },
    { title: say("column.interval"), numeric: true },
    ...kinds.map((kind) => ({ title: say(`column.${kind}`), numeric: true })),
    ...(tested ? [{ title: say("column.chance"), numeric: true }] : []),
  ];
  const body = rows.map((row) => ({
    quiet: row.quiet,
    cells: [
      { text: row.label },
      { text: writeRows(row.rows), value: row.rows },
      { text: writeAbout(row, writePoint(row.value, metric.unit)), value: row.value.value, note: isKnown(row.value) ? null : row.value.reason },
      { text: writeRange(row.value, metric.unit), value: row.value.low },
      ...kinds.map((kind) => makeCompared(row.compared[kind], compareUnit(kind, metric.unit))),
      ...(tested ? [{ text: formatP(row.test), value: row.test === undefined ? null : row.test }] : []),
    ],
  }));
  return makeTable({
    caption: title, columns, rows: body, sort: state.sort, all: state.all,
    onsort: (sort) => update({ sort }, `.by-group [data-column="${sort.column}"]`),
    onall: () => update({ all: !state.all }, ".by-group .more"),
  });
}
function makeCompared(found, unit) {
  if (!found) return { text: "", value: null };
  return { text: writePoint(found, unit), value: found.value, note: writeRange(found, unit) || null };
}
function writeRows(rows) {
  return rows === null ? say("number.small", { least: DATA.least }) : formatCount(rows);
}
function makeSizes(grouping) {
  const metric = METRIC[DATA.main_metric];
  const total = DATA.whole.groups[0].rows || 1;
  const largest = grouping.groups.reduce((most, group) => Math.max(most, group.rows || 0), 1);
  const columns = [
    { title: say("column.group") },
    { title: say("column.rows"), numeric: true },
    { title: say("column.share") },
    ...(metric ? [{ title: metric.title, numeric: true }] : []),
  ];
  const shown = listShown(grouping.groups.map((group, place) => ({ ...group, place })));
  const rows = shown.map((group) => ({
    cells: [
      { text: group.label },
      { text: writeRows(group.rows), value: group.rows },
      { node: () => makeBar(group.rows, total, largest), value: group.rows },
      ...(metric ? [makeMain(grouping, group.place, metric)] : []),
    ],
  }));
  return makeTable({
    caption: say("groups.sizes"), columns, rows, sort: state.sizesSort, all: state.allSizes, first: FIRST_SIZES,
    onsort: (sizesSort) => update({ sizesSort }, `.sizes [data-column="${sizesSort.column}"]`),
    onall: () => update({ allSizes: !state.allSizes }, ".sizes .more"),
  });
}
function makeMain(grouping, place, metric) {
  const found = measure(grouping, place, metric, null);
  return { text: writePoint(found, metric.unit), value: found.value, note: writeRange(found, metric.unit) || null };
}
// The bar is as long as the group is large beside the largest; the number is its share of all.
function makeBar(rows, total, largest) {
  const drawn = svg("svg", { viewBox: "0 0 100 8", preserveAspectRatio: "none", class: "bar", "aria-hidden": "true" },
    svg("rect", { x: 0, y: 0, width: 100, height: 8, class: "rail" }),
    svg("rect", { x: 0, y: 0, width: ((100 * (rows || 0)) / largest).toFixed(2), height: 8, class: "fill" }));
  return el("span", { class: "share" }, drawn, el("span", {}, rows === null ? say("number.none") : formatValue(rows / total, "share")));
}
function makeGaps(grouping) {
  if (!grouping.gaps.length) return null;
  const moved = isMoved();
  const columns = [
    { title: say("column.measure") },
    { title: say("column.audited"), numeric: true },
    ...(moved ? [{ title: say("column.moved", { threshold: thresholdText() }), numeric: true }] : []),
    { title: say("column.between") },
    { title: say("column.chance"), numeric: true },
    { title: say("column.meaning") },
  ];
  const rows = grouping.gaps.map((gap) => ({
    cells: [
      { text: gap.title },
      { text: gap.value || say("groups.gap_small", { least: DATA.least }), note: gap.detail },
      ...(moved ? [{ text: writeGap(gap, grouping, state.position) }] : []),
      { text: gap.between[0] && gap.between[1] ? say("groups.pair", { low: gap.between[0], high: gap.between[1] }) : "" },
      { text: formatP(gap.p_value) },
      { text: gap.meaning },
    ],
  }));
  return [
    el("h3", {}, say("groups.gaps")),
    makeTable({ caption: say("groups.gaps"), columns, rows, plain: true }),
    el("p", { class: "note" }, say("groups.gaps_note")),
  ];
}
function writeGap(gap, grouping, position) {
  const value = measureGap(gap, grouping, position);
  return Number.isFinite(value) ? formatValue(value, gap.kind === "ratio" ? "ratio" : "points") : say("number.none");
}
function listNotes(grouping, metric, rows, reference) {
  const notes = [];
  if (reference !== null && metric.compare.length) notes.push(say("groups.differences", { reference: grouping.groups[reference].label }));
  const gaps = rows.filter((row) => row.compared.difference && isKnown(row.compared.difference)).length;
  if (gaps > MANY_GAPS) notes.push(say("groups.many", { n: formatCount(gaps) }));
  const drawn = rows.filter((row) => isKnown(row.value)).length;
  if (drawn > MAX_DOTS) notes.push(say("groups.drawn", { n: MAX_DOTS, total: formatCount(drawn) }));
  if (isMoved() && !metric.live) notes.push(say(metric.scored ? "groups.note_score" : "groups.note_fixed"));
  const about = rows.filter((row) => row.about);
  if (about.length) {
    const share = (row) => grouping.groups[row.place].moved / row.rows;
    const worst = about.reduce((a, b) => (share(b) > share(a) ? b : a));
    notes.push(say("groups.note_about", {
      least: DATA.least, n: formatCount(grouping.groups[worst.place].moved), group: worst.label, share: formatValue(share(worst), "share"),
    }));
  }
  if (LIVE && DATA.audited === null) notes.push(say("groups.note_given"));
  if (grouping.cut) notes.push(say("groups.cut", { n: formatCount(grouping.groups.length), total: formatCount(grouping.groups.length + grouping.cut) }));
  if (DATA.left_out.length) notes.push(say("groups.left_out", { names: DATA.left_out.join(", ") }));
  return notes.map((note) => el("p", { class: "note" }, note));
}
function describeDots(title, rows, unit) {
  const list = rows.slice(0, 12).map((row) => `${row.label}: ${writeFull(row.value, unit)}`).join("; ");
  const more = rows.length > 12 ? `; ${say("groups.and_more", { n: rows.length - 12 })}` : "";
  return say("groups.figure", { title, list: list + more });
}
function drawGroups(metric, rows, title, grouping, reference, width) {
  const known = rows.filter((row) => isKnown(row.value));
  if (!known.length) return null;
  const base = reference === null ? null : measure(grouping, reference, metric, metric.live ? state.position : null);
  return drawDots({
    title,
    axis: metric.title,
    unit: metric.unit,
    width,
    alt: describeDots(title, known, metric.unit),
    mark: base && isKnown(base) ? { value: base.value, text: say("groups.reference", { group: grouping.groups[reference].label }) } : null,
    dots: known.map((row) => ({
      name: row.label,
      value: row.value.value,
      low: row.value.low,
      high: row.value.high,
      before: row.before && isKnown(row.before) ? row.before.value : NaN,
      text: writePoint(row.value, metric.unit),
      quiet: row.quiet,
    })),
  });
}
