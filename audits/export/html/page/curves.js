// Curves of the largest groups: a measure at every threshold, ROC, calibration.
const MAX_CURVES = 6;
const MOST_MOVED = 0.05;

function listCurveGroups(grouping) {
  const whole = { grouping: DATA.whole, place: 0, name: null, text: say("curves.everybody") };
  const groups = grouping.groups
    .map((group, place) => ({ grouping, place, name: group.label, text: group.label, rows: group.rows, moved: group.moved }))
    .filter((one) => one.rows !== null && one.moved <= MOST_MOVED * one.rows)
    .slice(0, MAX_CURVES);
  return [...groups, whole];
}
function drawThresholds(grouping, metric, width) {
  if (!metric.live) return null;
  const series = listCurveGroups(grouping).map((one) => ({
    ...one,
    points: DATA.edges
      .map((edge, position) => [edge, measureValue(one, metric, position)])
      .filter(([, value]) => Number.isFinite(value) && value <= 1),
  }));
  const position = state.position === null ? START : state.position;
  const list = series.map((one) => `${one.text}: ${writePoint(measure(one.grouping, one.place, metric, position), metric.unit)}`);
  return drawCurves({
    title: say("curves.all", { title: metric.title }),
    alt: say("curves.all_alt", { title: metric.title, list: list.join("; ") }),
    series: series.filter((one) => one.points.length),
    axes: [say("curves.threshold"), metric.title],
    units: ["score", metric.unit],
    here: DATA.edges[position],
    width,
  });
}
// Without the interval, which a curve does not show.
function measureValue(one, metric, position) {
  const group = one.grouping.groups[one.place];
  if (!metric.rate) return COMPOSED[metric.name](group, position).value;
  const weight = decide(group.sums[1] || group.sums[0], position);
  return dot(weight, metric.rate[0]) / dot(weight, metric.rate[1]);
}
function drawRoc(grouping, width) {
  if (!METRIC.roc_auc) return null;
  const [alarms, hits] = [METRIC.false_positive_rate, METRIC.true_positive_rate];
  const series = listCurveGroups(grouping).map((one) => ({
    ...one,
    points: [[0, 0], ...[...DATA.edges.keys()].reverse().map((p) => [measureValue(one, alarms, p), measureValue(one, hits, p)])].filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b)),
  }));
  const list = series.map((one) => say("curves.auc", { group: one.text, value: writeFull(measure(one.grouping, one.place, METRIC.roc_auc, null), "score") }));
  return drawCurves({
    title: say("curves.roc"),
    alt: say("curves.roc_alt", { list: list.join("; ") }),
    series: series.filter((one) => one.points.length > 1).map((one) => ({ ...one, text: `${one.text} · ${writePoint(measure(one.grouping, one.place, METRIC.roc_auc, null), "score")}` })),
    axes: [say("curves.false_positive"), say("curves.true_positive")],
    units: ["share", "share"],
    diagonal: true,
    width,
  });
}
function drawCalibration(grouping, width) {
  const series = listCurveGroups(grouping)
    .map((one) => ({ ...one, curve: one.grouping.groups[one.place].calibration }))
    .filter((one) => one.curve)
    .map((one) => ({ ...one, points: one.curve.mean_score.map((x, k) => [x, one.curve.share[k], one.curve.low[k], one.curve.high[k]]) }));
  if (!series.length) return null;
  return drawCurves({
    title: say("curves.calibration"),
    alt: say("curves.calibration_alt"),
    series,
    axes: [say("curves.mean_score"), say("curves.came_true")],
    units: ["score", "share"],
    diagonal: true,
    dots: true,
    width,
  });
}
