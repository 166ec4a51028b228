// The parts of the report that do not move: findings, reasons, columns, recourse, facts.

function makeVerdicts() {
  const { story } = DATA;
  const tally = el("ul", { class: "tally" }, story.tally.map(([status, text]) => el("li", {}, badge(status, text))));
  const cautions = story.notes.map((text) => el("p", { class: "caution" }, text));
  return section("verdicts", el("p", { class: `headline ${story.worst}` }, icon(story.worst), story.headline), cautions, tally, story.findings.map(makeFinding), makeMet(story.met));
}
function makeFinding(found) {
  const { line, under } = found;
  return el(
    "article",
    { class: `verdict ${line.status}` },
    el("h3", {}, badge(line.status), el("span", {}, found.rule)),
    el("p", { class: "finding" }, line.sentence),
    line.accepted ? el("p", { class: "note" }, line.accepted) : null,
    line.reason ? el("p", {}, line.reason) : null,
    found.source ? el("p", { class: "note" }, say("verdict.source", { source: found.source })) : null,
    canShow(line) ? el("button", { type: "button", class: "quiet", onclick: () => showGroups(line) }, say("verdict.see")) : null,
    under.length ? el("details", {}, el("summary", {}, say("verdict.under", { n: under.length })), listLines(under)) : null,
  );
}
function makeMet(rules) {
  const n = rules.reduce((sum, rule) => sum + rule.lines.length, 0);
  if (!n) return null;
  return el("details", {}, el("summary", {}, say("verdict.met", { n })), rules.map((rule) => [el("h3", {}, rule.title), listLines(rule.lines)]));
}
function listLines(lines) {
  return el("ul", { class: "lines" }, lines.map((line) => el("li", {}, badge(line.status), el("div", {}, el("p", {}, line.sentence), line.reason ? el("p", { class: "note" }, line.reason) : null))));
}
function canShow(line) {
  return DATA.groupings.some((one) => one.name === line.grouping);
}
function showGroups(line) {
  const base = line.metric.replace(/_(difference|ratio|gap|gap_ratio)$/, "");
  const gaps = DATA.groupings.flatMap((one) => one.gaps);
  const gap = gaps.find((one) => one.name === line.metric);
  const metric = [line.metric, base, gap ? gap.rates[0] : ""].find((name) => METRIC[name]) || DATA.main_metric;
  update({ grouping: DATA.groupings.findIndex((one) => one.name === line.grouping), metric, reference: null, sort: null, search: "" });
  document.getElementById("groups").scrollIntoView();
  document.getElementById("grouping").focus({ preventScroll: true });
}
function makeMatrix() {
  const sums = DATA.whole.groups[0].sums;
  if (DATA.task !== "multiclass" || !sums.length) return null;
  const size = DATA.classes.length;
  const columns = [{ title: say("column.true") }, ...DATA.classes.map((name) => ({ title: name, numeric: true })), { title: say("column.rows"), numeric: true }];
  const rows = [...DATA.classes, say("matrix.unknown")].map((name, true_) => {
    const line = sums[0].decided.slice(true_ * size, (true_ + 1) * size);
    const total = line.reduce((a, b) => a + b, 0);
    return { total, cells: [{ text: name }, ...line.map((n) => ({ text: total ? say("matrix.cell", { share: formatValue(n / total, "share"), n: formatCount(n) }) : "" })), { text: formatCount(total) }] };
  });
  return section("matrix", makeTable({ caption: say("matrix.caption"), columns, rows: rows.filter((row) => row.total), plain: true }));
}
function makeReasons() {
  if (!DATA.story.reasons.length) return null;
  return section("reasons", el("ul", { class: "plain" }, DATA.story.reasons.map((text) => el("li", {}, text))));
}
function makeFeatures() {
  const { features, features_method: method } = DATA.story;
  if (!features.length) return null;
  const total = features.reduce((sum, one) => sum + one.value, 0);
  const title = say("features.title", { name: features[0].name, share: formatValue(total ? features[0].value / total : 0, "share") });
  const list = features.slice(0, 12).map((one) => `${one.name}: ${one.text}`).join("; ");
  const place = el("div", { class: "chart" });
  drawings.push(() => replaceWith(place, drawDots({
    title, axis: say("features.axis"), unit: "score", width: place.clientWidth, mark: null,
    alt: say("features.figure", { list }),
    dots: features.map((one) => ({ ...one, text: formatValue(one.value, "score") })),
  })));
  return section("features", place, el("p", { class: "note" }, say("features.note", { method: method ? `${method}.` : "" })));
}
function makeRecourse() {
  const { recourse, recourse_groups: groups } = DATA.story;
  if (!recourse.length) return null;
  const columns = [
    { title: say("column.group") }, { title: say("column.attribute") }, { title: say("column.found") },
    { title: say("column.cost"), numeric: true }, { title: say("column.searched"), numeric: true },
  ];
  const rows = groups.map((one) => ({ cells: [{ text: one.group }, { text: one.attribute }, { text: one.share }, { text: one.cost }, { text: formatCount(one.rows) }] }));
  return section(
    "recourse",
    el("ul", { class: "plain" }, recourse.map((text) => el("li", {}, text))),
    rows.length ? makeTable({ caption: say("recourse.caption"), columns, rows, plain: true }) : null,
    el("p", { class: "note" }, say("recourse.note")),
  );
}
function makeAudited() {
  const { facts, unmeasured } = DATA.story;
  return section(
    "audited",
    el("dl", {}, facts.map(([label, text]) => el("div", {}, el("dt", {}, label), el("dd", {}, text)))),
    unmeasured.length
      ? el("details", {}, el("summary", {}, say("audited.unmeasured", { n: unmeasured.length })), el("ul", { class: "plain" }, unmeasured.map((text) => el("li", {}, text))))
      : null,
  );
}
function makeAbout() {
  const held = DATA.metrics.filter((metric) => !metric.live).map((metric) => metric.title.toLowerCase() === metric.title ? metric.title : metric.title);
  const live = DATA.metrics.some((metric) => metric.live);
  const lines = [
    live ? say("about.live") : say("about.no_live"),
    live ? (held.length ? say("about.held", { metrics: held.join(", ") }) : say("about.held_none")) : null,
    say("about.cube"),
    LIVE ? say("about.pools", { bins: DATA.edges.length, least: DATA.least }) : null,
    say("about.small", { least: DATA.least }),
    say("about.sha", { sha: DATA.report_sha256 }),
  ];
  return section("about", el("p", { id: "agreement", role: "status" }, live ? say("about.checking") : ""), el("ul", { class: "plain" }, lines.filter(Boolean).map((text) => el("li", {}, text))));
}
// Compare what this file computes with what the report has, as written.
function checkNumbers() {
  const all = [DATA.whole, ...DATA.groupings].flatMap((grouping) =>
    Object.entries(grouping.checks).map(([name, check]) => ({ grouping, name, check })));
  if (!all.length) return;
  const wrong = all.filter(({ grouping, name, check }) => sumUp(grouping, METRIC[name]) !== check.total);
  const n = all.reduce((sum, one) => sum + one.check.numbers, 0);
  const text = wrong.length
    ? say("about.disagree", { bad: wrong.length, all: all.length })
    : say("about.agree", { n: formatCount(n) });
  replaceWith(document.getElementById("agreement"), badge(wrong.length ? "fail" : "pass", text));
}
// Every attribute at the main measure, for paper, which has no choosers.
function makePrinted() {
  const metric = METRIC[DATA.main_metric];
  const tables = DATA.groupings.filter((one) => !one.name.includes(" & ") && metric).map((grouping) => {
    const columns = [{ title: say("column.group") }, { title: say("column.rows"), numeric: true }, { title: metric.title, numeric: true }, { title: say("column.interval"), numeric: true }];
    const rows = grouping.groups.slice(0, 60).map((group, place) => {
      const found = measure(grouping, place, metric, null);
      return { cells: [{ text: group.label }, { text: writeRows(group.rows) }, { text: writePoint(found, metric.unit) }, { text: writeRange(found, metric.unit) }] };
    });
    return [el("h3", {}, grouping.title), makeTable({ caption: `${metric.title}, ${grouping.title}`, columns, rows, plain: true })];
  });
  return tables.length ? el("div", { class: "printed" }, el("h2", {}, say("section.print")), tables) : null;
}
