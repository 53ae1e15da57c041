// How a sender makes the frames it sends.

/**
 * - `reqFrame`: memory from the pool of the bridge, filled anew for each frame.
 * - `new Frame`: new memory, filled, for each frame; what a contender without a pool of frames does, too.
 * - `one buffer`: the same constant buffer again and again, which no program that produces data can do.
 */
export type FrameKind = 'reqFrame' | 'new Frame' | 'one buffer';

/** The environment variable that tells both sides the sender's kind. */
export const FRAMES_VARIABLE = 'ROGUE_BRIDGE_BENCH_FRAMES';
