// How numbers are written: the same as audits/core/format.py, letter for letter.
const MINUS = "−";
const SUFFIX = { share: "%", points: " points", seconds: " s" };
const POWERS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

// As Python's f"{x:.{digits}f}": exact halves go to the even digit.
function fixed(x, digits) {
  const text = x.toFixed(digits);
  const exact = Math.abs(x).toFixed(digits + 40);
  const tail = exact.slice(exact.length - 40);
  if (!/^50*$/.test(tail)) return text;
  const cut = exact.slice(0, exact.length - 40).replace(/\.$/, "");
  const even = Number(cut[cut.length - 1]) % 2 === 0;
  return even ? (x < 0 ? "-" : "") + cut : text;
}
function grouped(text) {
  const [, sign, whole, rest] = /^(-?)(\d+)(.*)$/.exec(text);
  return sign + whole.replace(/\B(?=(\d{3})+$)/g, ",") + rest;
}
function mend(text, suffix = "") {
  if (text.startsWith("-") && !/[^-0.,]/.test(text)) text = text.slice(1);
  return text.replace(/-/g, MINUS) + suffix;
}
function formatPercent(value) {
  const percent = value * 100;
  const size = Math.abs(percent);
  if (size === 0 || size === 100) return fixed(percent, 0);
  if (size < 0.05) return size < 0.005 ? "<0.01" : fixed(percent, 2);
  if (size < 100 && Number(fixed(size, 1)) >= 100) {
    return Number(fixed(size, 2)) >= 100 ? ">99.99" : fixed(percent, 2);
  }
  return fixed(percent, 1);
}
function formatDecimal(value) {
  if (Math.abs(value) > 0 && Math.abs(value) < 0.0005) {
    const [mantissa, exponent] = value.toExponential(1).split("e");
    const power = String(Number(exponent)).replace(/./g, (letter) => POWERS[letter]);
    return `${mantissa} × 10${power}`;
  }
  return grouped(fixed(value, 3));
}
function formatQuantity(value) {
  const size = Math.abs(value);
  if (size < 1) return formatDecimal(value);
  return grouped(fixed(value, Math.max(0, 3 - String(Math.trunc(size)).length)));
}
function formatValue(value, unit) {
  const suffix = SUFFIX[unit] || "";
  if (unit === "share" || unit === "points") return mend(formatPercent(value), suffix);
  if (unit === "count") return mend(grouped(fixed(value, Number.isInteger(value) ? 0 : 1)));
  if (unit === "target" || unit === "seconds") return mend(formatQuantity(value), suffix);
  return mend(formatDecimal(value));
}
function formatRange(low, high, unit) {
  const suffix = SUFFIX[unit] || "";
  const ends = [low, high].map((end) => {
    const text = formatValue(end, unit);
    return suffix.startsWith(" ") && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
  });
  return ends.join(" to ");
}
function formatCount(value) {
  return grouped(String(value)).replace("-", MINUS);
}
// No p-value of this file counts other comparisons: see audits.core.format.format_test.
function formatP(p) {
  return p === null || p === undefined ? "" : `${p < 0.0005 ? "p < 0.001" : `p = ${fixed(p, 3)}`} alone`;
}
function formatThreshold(value) {
  const text = String(Number(value.toFixed(6)));
  return /\.\d\d/.test(text) ? text : value.toFixed(2);
}
