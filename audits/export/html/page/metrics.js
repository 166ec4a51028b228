// From counts to numbers: one metric of one group at one threshold.
const TOO_FEW = say("number.few");
const COMPARE = { difference, ratio };
const METRIC = Object.fromEntries(DATA.metrics.map((metric) => [metric.name, metric]));
const WRONG = [[0, 0, 1, 0, 0, 0], [0, 1, 1, 0, 0, 0]];
const OVERLAP = [[0, 0, 0, 1, 0, 0], [0, 1, 1, 1, 0, 0]];
const NOTHING = { value: NaN, low: NaN, high: NaN, n: 0 };

function compareUnit(kind, unit) {
  if (kind === "ratio") return "ratio";
  return { share: "points", target: "target" }[unit] || "difference";
}
function unpack(line) {
  const full = new Float64Array(DATA.edges.length);
  let place = 0;
  for (const value of line) {
    if (value < 0) place -= value;
    else full[place++] = value;
  }
  return full;
}
// Sums from each bin up, for each outcome; made when a group is first asked for.
const knownSums = new WeakMap();
function sumAbove(sums) {
  let above = knownSums.get(sums);
  if (!above) {
    above = sums.scores.map((line) => {
      const full = unpack(line);
      const total = new Float64Array(full.length + 1);
      for (let place = full.length - 1; place >= 0; place -= 1) total[place] = total[place + 1] + full[place];
      return total;
    });
    knownSums.set(sums, above);
  }
  return above;
}
// Rows of a group by decision and outcome: tn, fp, fn, tp, un, up. position null: as audited.
function decide(sums, position) {
  if (position === null || position === DATA.audited) return sums.decided;
  const [bad, good, unknown] = sumAbove(sums);
  return [
    bad[0] - bad[position], bad[position], good[0] - good[position], good[position],
    unknown[0] - unknown[position], unknown[position],
  ];
}
function dot(values, mask) {
  let total = 0;
  for (let place = 0; place < mask.length; place += 1) if (mask[place]) total += values[place];
  return total;
}
function computeRate([hitMask, rowMask], group, position) {
  const [count, weight, squared] = [0, 1, 2].map((k) => decide(group.sums[k] || group.sums[0], position));
  const rows = dot(weight, rowMask);
  const squares = dot(squared, rowMask);
  const value = rows > 0 ? dot(weight, hitMask) / rows : NaN;
  const [low, high] = shareInterval(value, squares > 0 ? rows ** 2 / squares : 0);
  return { value, low, high, n: Math.round(dot(count, rowMask)) };
}
function mapEnds(share, change) {
  return { value: change(share.value), low: change(share.low), high: change(share.high), n: share.n };
}
const COMPOSED = {
  balanced_accuracy(group, position) {
    const [one, other] = ["true_positive_rate", "true_negative_rate"].map((name) => computeRate(METRIC[name].rate, group, position));
    const value = (one.value + other.value) / 2;
    return {
      value,
      low: value - Math.hypot(one.value - one.low, other.value - other.low) / 2,
      high: value + Math.hypot(one.high - one.value, other.high - other.value) / 2,
      n: one.n + other.n,
    };
  },
  f1: (group, position) => mapEnds(computeRate(OVERLAP, group, position), (s) => (2 * s) / (1 + s)),
  treatment_equality(group, position) {
    const share = computeRate(WRONG, group, position);
    return share.value < 1 ? mapEnds(share, (s) => s / (1 - s)) : { ...NOTHING, n: share.n };
  },
};
// The raw number of the group at a place of a grouping, NaN where there is none.
function measure(grouping, place, metric, position) {
  const group = grouping.groups[place];
  if (group.rows === null) return { ...NOTHING, reason: say("number.small", { least: DATA.least }) };
  if (metric.live) {
    const found = metric.rate
      ? computeRate(metric.rate, group, position)
      : COMPOSED[metric.name](group, position);
    return { ...found, reason: Number.isFinite(found.value) ? TOO_FEW : metric.undefined };
  }
  const stored = (grouping.stored[metric.name] || [])[place];
  if (!Array.isArray(stored)) return { ...NOTHING, reason: stored || metric.undefined };
  const [value, low, high, n] = stored;
  return { value, low, high, n };
}
// p: of the two groups' own test, as audited. What it does not find, no interval excludes either.
function compare(kind, one, base, p = null) {
  const found = { ...COMPARE[kind](one, base), reason: say("number.apart") };
  if (p === null || p === undefined || p < ALPHA) return found;
  const neutral = kind === "ratio" ? 1 : 0;
  return { ...found, low: Math.min(found.low, neutral), high: Math.max(found.high, neutral) };
}
function isKnown(found) {
  return Number.isFinite(found.value) && Number.isFinite(found.low) && Number.isFinite(found.high);
}
function writePoint(found, unit) {
  return isKnown(found) ? formatValue(found.value, unit) : say("number.none");
}
function writeRange(found, unit) {
  return isKnown(found) ? formatRange(found.low, found.high, unit) : "";
}
function writeFull(found, unit) {
  if (!isKnown(found)) return `${say("number.none")} (${found.reason})`;
  return say("number.detail", {
    value: formatValue(found.value, unit),
    interval: say("number.interval", { range: writeRange(found, unit) }),
    n: formatCount(found.n),
  });
}
// The largest gap, or smallest ratio, between groups with enough rows to be judged; NaN where a rate
// is undefined in all but one.
function measureGap(gap, grouping, position) {
  const spreads = gap.rates.map((name) => {
    const known = grouping.groups
      .filter((group) => group.rows !== null)
      .map((group) => computeRate(METRIC[name].rate, group, position))
      .filter((found) => found.n >= DATA.min_rows && !Number.isNaN(found.value))
      .map((found) => found.value);
    if (known.length < 2) return NaN;
    const [low, high] = [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))];
    if (gap.kind === "difference") return high - low;
    return high > 0 ? low / high : NaN;
  });
  return gap.kind === "difference" ? Math.max(...spreads) : Math.min(...spreads);
}
// What this file's own numbers come to, as they are written: see audits/export/html/numbers.py.
function sumUp(grouping, metric) {
  let total = 0x811c9dc5;
  const add = (found, unit) => {
    const text = isKnown(found)
      ? `${[found.value, found.low, found.high].map((x) => formatValue(x, unit)).join("|")}|${found.n};`
      : "x;";
    for (const letter of text) total = Math.imul(total ^ letter.codePointAt(0), 0x01000193) >>> 0;
  };
  const places = [...grouping.groups.keys()].filter((place) => grouping.groups[place].rows !== null);
  const found = new Map(places.map((place) => [place, measure(grouping, place, metric, null)]));
  for (const place of places) add(found.get(place), metric.unit);
  for (const kind of grouping.reference === null ? [] : metric.compare) {
    const base = found.get(grouping.reference);
    for (const place of places) {
      const p = (grouping.tests[metric.name] || [])[place];
      if (place !== grouping.reference) add(compare(kind, found.get(place), base, p), compareUnit(kind, metric.unit));
    }
  }
  return total;
}
