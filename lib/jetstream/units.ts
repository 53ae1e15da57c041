// JetStream gives times in nanoseconds.

export const NANOS_PER_MS = 1e6;
