// Color maps as 256 colors. Polynomials of degree 6 (viridis, inferno: fitted by Matt Zucker) and 5 (cividis: as in d3).

import type { ColorMap } from '../model/settings';

type Rgb = readonly [number, number, number];

const VIRIDIS: readonly Rgb[] = [
  [0.2777273272234177, 0.005407344544966578, 0.3340998053353061],
  [0.1050930431085774, 1.404613529898575, 1.384590162594685],
  [-0.3308618287255563, 0.214847559468213, 0.09509516302823659],
  [-4.634230498983486, -5.799100973351585, -19.33244095627987],
  [6.228269936347081, 14.17993336680509, 56.69055260068105],
  [4.776384997670288, -13.74514537774601, -65.35303263337234],
  [-5.435455855934631, 4.645852612178535, 26.3124352495832],
];
const INFERNO: readonly Rgb[] = [
  [0.0002189403691192265, 0.001651004631001012, -0.01948089843709184],
  [0.1065134194856116, 0.5639564367884091, 3.932712388889277],
  [11.60249308247187, -3.972853965665698, -15.9423941062914],
  [-41.70399613139459, 17.43639888205313, 44.35414519872813],
  [77.162935699427, -33.40235894210092, -81.80730925738993],
  [-71.31942824499214, 32.62606426397723, 73.20951985803202],
  [25.13112622477341, -12.24266895238567, -23.07032500287172],
];
const CIVIDIS: readonly Rgb[] = [
  [-4.54, 32.49, 81.24],
  [-35.34, 170.73, 442.36],
  [2381.73, 52.82, -2482.43],
  [-6402.7, -131.46, 6167.24],
  [7024.72, 176.58, -6614.94],
  [-2710.57, -67.37, 2475.67],
].map(([r = 0, g = 0, b = 0]) => [r / 255, g / 255, b / 255] as const);

function polynomial(coefficients: readonly Rgb[], t: number): Rgb {
  const at = (channel: 0 | 1 | 2): number =>
    coefficients.reduceRight((sum, one) => sum * t + one[channel], 0);
  return [at(0), at(1), at(2)];
}

function colorAt(map: ColorMap, t: number): Rgb {
  switch (map) {
    case 'viridis':
      return polynomial(VIRIDIS, t);
    case 'inferno':
      return polynomial(INFERNO, t);
    case 'cividis':
      return polynomial(CIVIDIS, t);
    case 'gray':
      return [t, t, t];
    case 'inverted':
      return [1 - t, 1 - t, 1 - t];
  }
}

const made = new Map<ColorMap, Uint8Array>();

/** 256 times red, green, blue, alpha. */
export function colorTable(map: ColorMap): Uint8Array {
  const known = made.get(map);
  if (known !== undefined) return known;
  const table = new Uint8Array(4 * 256);
  for (let i = 0; i < 256; i++) {
    colorAt(map, i / 255).forEach((value, channel) => {
      table[4 * i + channel] = Math.round(255 * Math.max(0, Math.min(1, value)));
    });
    table[4 * i + 3] = 255;
  }
  made.set(map, table);
  return table;
}
