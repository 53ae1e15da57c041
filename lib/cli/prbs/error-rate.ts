// How small a bit error rate so many bits have shown. Pure.

const CONFIDENCE = 0.95;
const STEPS = 100;
// From here on the approximation is exact to more digits than are shown.
const MANY = 1_000;
// Of the normal distribution, at 95 %.
const QUANTILE = 1.6448536269514722;

/** The mean number of errors that with 95 % would have brought more than `errors` of them. */
export function upperLimit(errors: number): number {
  if (errors >= MANY) {
    // The limit is half a chi-square quantile, which Wilson and Hilferty made of the normal one.
    const n = errors + 1;
    return n * (1 - 1 / (9 * n) + QUANTILE / (3 * Math.sqrt(n))) ** 3;
  }
  let low = 0;
  // Well above, for any count.
  let high = errors + 10 * Math.sqrt(errors + 1) + 10;
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (poissonUpTo(errors, middle) > 1 - CONFIDENCE) low = middle;
    else high = middle;
  }
  return high;
}

/** The probability of at most `count` events where `mean` are expected. */
function poissonUpTo(count: number, mean: number): number {
  let logTerm = -mean;
  let sum = Math.exp(logTerm);
  for (let n = 1; n <= count; n++) {
    logTerm += Math.log(mean / n);
    sum += Math.exp(logTerm);
  }
  return sum;
}
