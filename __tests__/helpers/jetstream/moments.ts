// Random moments of a test, which a seed repeats.

/** From the environment; another one each time otherwise, as every run is to find other moments. */
export function seedOf(variable: string): number {
  const { [variable]: given } = process.env;
  return given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
}

/** As many as the environment asks for. */
export function countOf(variable: string, otherwise: number): number {
  return Number(process.env[variable] ?? otherwise);
}

/** Whole numbers from 0 up to, not including, `end`. */
export type Below = (end: number) => number;

export function belowFrom(seed: number): Below {
  let state = seed >>> 0;
  return (end) => {
    // A linear congruential generator (Numerical Recipes): any will do, as long as it repeats.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
}
