// Figures: dots with intervals, curves, bars. Plain SVG, drawn for the width that is there.
const MAX_DOTS = 40;
const ROW = 30;
const LETTER = 7.1;

function cutText(text, width) {
  const letters = Math.max(4, Math.floor(width / LETTER));
  return text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
}
function chooseTicks(low, high, wanted) {
  const rough = (high - low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((x) => x * power).find((x) => x >= rough * 0.999);
  const ticks = [];
  for (let place = Math.ceil(low / step - 1e-9); place * step <= high + 1e-9 * step; place += 1) ticks.push(Number((place * step).toPrecision(12)));
  return { ticks, step };
}
function writeTick(value, unit, step) {
  const scale = unit === "share" ? 100 : 1;
  const digits = Math.max(0, -Math.floor(Math.log10(step * scale) + 1e-9));
  return mend(grouped(fixed(value * scale, Math.min(digits, 6))), unit === "share" ? "%" : "");
}
function figure(title, alt, width, height, ...parts) {
  const box = { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": alt };
  return el("figure", {}, title ? el("figcaption", {}, title) : null, svg("svg", box, parts));
}
function textAt(x, y, text, attributes = {}) {
  return svg("text", { x, y, ...attributes }, text);
}
function chooseShown(dots) {
  if (dots.length <= MAX_DOTS) return dots;
  const order = [...dots.keys()].sort((a, b) => dots[a].value - dots[b].value);
  const kept = new Set([...order.slice(0, MAX_DOTS / 2), ...order.slice(-MAX_DOTS / 2)]);
  return dots.filter((_, place) => kept.has(place));
}
// dots: {name, value, low, high, text, before, quiet}; mark: {value, text} or null.
function drawDots({ title, axis, dots, unit, mark, width, alt }) {
  const shown = chooseShown(dots);
  const narrow = width < 620;
  const each = narrow ? 46 : ROW;
  const longest = shown.reduce((most, dot) => Math.max(most, dot.text.length), 4) * LETTER + 14;
  const names = shown.reduce((most, dot) => Math.max(most, dot.name.length), 4) * LETTER + 16;
  const left = narrow ? 6 : Math.min(names, width * 0.34);
  const right = width - (narrow ? 12 : longest);
  const top = mark ? 26 : 8;
  const bottom = top + each * shown.length;
  const [low, high] = findReach(shown, mark, unit);
  const x = (value) => left + 8 + ((value - low) / (high - low)) * (right - left - 16);
  const parts = drawGrid({ low, high, unit, x, top, bottom, axis, left, right, narrow });
  if (mark) parts.push(...drawMark(mark, x, top, bottom, left, right));
  shown.forEach((dot, place) => {
    const y = top + each * place + (narrow ? 32 : each / 2);
    parts.push(...drawDot(dot, x, y));
    const label = narrow ? { x: left, y: y - 14 } : { x: left - 6, y: y + 4, "text-anchor": "end" };
    const room = narrow ? width - longest - 10 : left - 10;
    parts.push(textAt(label.x, label.y, cutText(dot.name, room), { class: "name", "text-anchor": label["text-anchor"] || "start" }));
    parts.push(textAt(width - 4, narrow ? y - 14 : y + 4, dot.text, { class: "value", "text-anchor": "end" }));
  });
  return figure(title, alt, width, bottom + 44, parts);
}
function findReach(dots, mark, unit) {
  const ends = dots.flatMap((dot) => [dot.low, dot.value, dot.high, dot.before]).filter((x) => Number.isFinite(x));
  if (mark && Number.isFinite(mark.value)) ends.push(mark.value);
  if (unit === "share") ends.push(0);
  if (!ends.length) return [0, 1];
  let [low, high] = [Math.min(...ends), Math.max(...ends)];
  const span = high - low || Math.max(Math.abs(high), 0.1);
  if (!(unit === "share" && low >= 0)) low -= 0.05 * span;
  high += 0.05 * span;
  return [low, unit === "share" ? Math.min(high, 1.0) : high];
}
function drawGrid({ low, high, unit, x, top, bottom, axis, left, right, narrow }) {
  const { ticks, step } = chooseTicks(low, high, narrow ? 4 : 6);
  const lines = ticks.map((tick) => svg("line", { x1: x(tick), x2: x(tick), y1: top, y2: bottom, class: "grid" }));
  const texts = ticks.map((tick) => textAt(x(tick), bottom + 16, writeTick(tick, unit, step), { class: "tick", "text-anchor": "middle" }));
  return [...lines, ...texts, textAt((left + right) / 2, bottom + 36, axis, { class: "axis", "text-anchor": "middle" })];
}
function drawMark(mark, x, top, bottom, left, right) {
  const place = x(mark.value);
  const anchor = place > (left + right) / 2 ? "end" : "start";
  const text = cutText(mark.text, anchor === "end" ? place - left : right - place + 40);
  return [
    svg("line", { x1: place, x2: place, y1: top - 4, y2: bottom, class: "mark" }),
    textAt(place, top - 10, text, { class: "tick", "text-anchor": anchor }),
  ];
}
function drawDot(dot, x, y) {
  const name = dot.quiet ? "dot quiet" : "dot";
  const parts = [];
  if (Number.isFinite(dot.before)) {
    parts.push(svg("line", { x1: x(dot.before), x2: x(dot.value), y1: y, y2: y, class: "move" }));
    parts.push(svg("circle", { cx: x(dot.before), cy: y, r: 5, class: "before" }));
  }
  if (Number.isFinite(dot.low) && Number.isFinite(dot.high)) {
    parts.push(svg("line", { x1: x(dot.low), x2: x(dot.high), y1: y, y2: y, class: `${name} interval` }));
  }
  return [...parts, svg("circle", { cx: x(dot.value), cy: y, r: 5.5, class: name })];
}
// series: {name, points: [[x, y]], dotted}; here: a value on the x axis to mark; both axes 0 to 1.
function drawCurves({ title, alt, series, axes, units, width, here, diagonal, dots }) {
  const size = Math.min(width, 760);
  const height = Math.round(Math.min(380, Math.max(250, size * 0.56)));
  const [left, right, top, bottom] = [48, size - 24, 10, height - 44];
  const x = (value) => left + value * (right - left);
  const y = (value) => bottom - value * (bottom - top);
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const parts = ticks.flatMap((tick) => [
    svg("line", { x1: x(tick), x2: x(tick), y1: top, y2: bottom, class: "grid" }),
    svg("line", { x1: left, x2: right, y1: y(tick), y2: y(tick), class: "grid" }),
    textAt(x(tick), bottom + 16, units[0] === "share" ? `${tick * 100}%` : String(tick), { class: "tick", "text-anchor": "middle" }),
    textAt(left - 6, y(tick) + 4, units[1] === "share" ? `${tick * 100}%` : String(tick), { class: "tick", "text-anchor": "end" }),
  ]);
  if (diagonal) parts.push(svg("line", { x1: x(0), y1: y(0), x2: x(1), y2: y(1), class: "mark" }));
  if (Number.isFinite(here)) parts.push(svg("line", { x1: x(here), x2: x(here), y1: top, y2: bottom, class: "mark" }));
  series.forEach((line, place) => parts.push(...drawSeries(line, place, x, y, dots)));
  parts.push(textAt((left + right) / 2, bottom + 36, axes[0], { class: "axis", "text-anchor": "middle" }));
  const key = series.map((line, place) => el("li", {}, svg("svg", { width: 26, height: 12, "aria-hidden": "true" }, svg("line", { x1: 1, x2: 25, y1: 6, y2: 6, class: `series s${place} ${line.name === null ? "whole" : ""}` })), line.text));
  const drawn = figure(title, alt, size, height, parts);
  drawn.append(el("p", { class: "note up" }, `↑ ${axes[1]}`), el("ul", { class: "key" }, key));
  return drawn;
}
function drawSeries(line, place, x, y, dots) {
  const name = `series s${place} ${line.name === null ? "whole" : ""}`;
  const path = line.points.map(([a, b], step) => `${step ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
  const parts = [svg("path", { d: path, class: name })];
  if (!dots) return parts;
  for (const [a, b, low, high] of line.points) {
    parts.push(svg("line", { x1: x(a), x2: x(a), y1: y(low), y2: y(high), class: `${name} thin` }));
    parts.push(svg("circle", { cx: x(a), cy: y(b), r: 3.5, class: `${name} filled` }));
  }
  return parts;
}
