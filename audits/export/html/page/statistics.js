// Intervals: the closed forms of audits/cube/intervals.py, on one group at a time.
const CORNER = 10;
const FEW_ROWS = 8;
const HALVINGS = 50;

// What Stirling's formula leaves out of the logarithm of the gamma function, z from 10 up.
function stirlingRest(z) {
  const q = 1 / (z * z);
  return (1 / 12 - q * (1 / 360 - q * (1 / 1260 - q * (1 / 1680 - q * (1 / 1188))))) / z;
}
function logGamma(z) {
  let shift = 0;
  for (; z < 10; z += 1) shift += Math.log(z);
  return (z - 0.5) * Math.log(z) - z + 0.9189385332046727 + stirlingRest(z) - shift;
}
// The logarithm of the beta function, without losing digits where one argument is large.
function logBeta(a, b) {
  const [small, large] = a < b ? [a, b] : [b, a];
  if (large < 10) return logGamma(small) + logGamma(large) - logGamma(small + large);
  const more = small + large;
  const rise = (large - 0.5) * Math.log1p(small / large) + small * Math.log(more) - small;
  return logGamma(small) - rise - (stirlingRest(more) - stirlingRest(large));
}
// Lentz's continued fraction of the incomplete beta function.
function betaFraction(a, b, x) {
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / Math.max(Math.abs(1 - ((a + b) * x) / (a + 1)), tiny);
  if (1 - ((a + b) * x) / (a + 1) < 0) d = -d;
  let h = d;
  for (let m = 1; m < 100000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d || tiny);
    c = 1 + even / c || tiny;
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d || tiny);
    c = 1 + odd / c || tiny;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return h;
}
function betaShare(a, b, x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b));
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(a, b, x)) / a;
  return 1 - (front * betaFraction(b, a, 1 - x)) / b;
}
function exactLower(hits, n, tail, weight) {
  if (!(hits > 0)) return 0;
  let bottom = 0;
  let top = 1;
  for (let step = 0; step < HALVINGS; step += 1) {
    const middle = (bottom + top) / 2;
    const atLeast = betaShare(hits, n - hits + 1, middle);
    const more = hits < n ? betaShare(hits + 1, n - hits, middle) : 0;
    if (more + weight * (atLeast - more) > tail) top = middle;
    else bottom = middle;
  }
  return bottom;
}
function wilson(share, n) {
  const z2 = QUANTILE ** 2;
  const centre = (share + z2 / (2 * n)) / (1 + z2 / n);
  const half = Math.sqrt((z2 * share * (1 - share)) / n + (z2 / (2 * n)) ** 2) / (1 + z2 / n);
  return [share === 0 ? 0 : Math.max(centre - half, 0), share === 1 ? 1 : Math.min(centre + half, 1)];
}
const knownIntervals = new Map();
function shareInterval(share, n) {
  if (!(n > 0) || Number.isNaN(share)) return [NaN, NaN];
  const hits = share * n;
  if (Math.min(hits, n - hits) >= CORNER) return wilson(share, n);
  const key = `${share}/${n}`;
  let found = knownIntervals.get(key);
  if (!found) {
    if (knownIntervals.size > 50000) knownIntervals.clear();
    found = cornerInterval(share, n, hits);
    knownIntervals.set(key, found);
  }
  return found;
}
function cornerInterval(share, n, hits) {
  const tail = (1 - CONFIDENCE) / 2;
  const few = n < FEW_ROWS;
  const weight = few ? 1 : 0.5;
  const lower = exactLower(hits, n, tail, weight);
  const upper = 1 - exactLower(n - hits, n, tail, weight);
  if (few) return [lower, upper];
  const [low, high] = wilson(share, n);
  return [Math.min(low, lower), Math.max(high, upper)];
}
// MOVER (Zou and Donner 2008) and MOVER-R (Donner and Zou 2012).
function difference(one, base) {
  const value = one.value - base.value;
  const below = Math.sqrt((one.value - one.low) ** 2 + (base.high - base.value) ** 2);
  const above = Math.sqrt((one.high - one.value) ** 2 + (base.value - base.low) ** 2);
  return { value, low: value - below, high: value + above, n: one.n + base.n };
}
function ratio(one, base) {
  const n = one.n + base.n;
  if (!(base.value > 0)) return { value: NaN, low: NaN, high: NaN, n };
  const product = one.value * base.value;
  const lowTerm = one.low * (2 * one.value - one.low);
  let root = Math.sqrt(Math.max(product ** 2 - lowTerm * base.high * (2 * base.value - base.high), 0));
  const low = lowTerm <= 0 ? 0 : lowTerm / (product + root);
  const below = base.low * (2 * base.value - base.low);
  root = Math.sqrt(Math.max(product ** 2 - one.high * (2 * one.value - one.high) * below, 0));
  return { value: one.value / base.value, low, high: (product + root) / below, n };
}
