// Who writes and reads a log: this library, and the bare NATS client, each as a program that plays either side.

import { join } from 'node:path';
import type { Contender } from '../contenders';

/** A program that is called as any {@link Contender}, with a window besides. */
export interface LogContender extends Pick<Contender, 'name' | 'frames' | 'command'> {
  /** Publishes that may be unanswered at a time. 0: the library's own choice. */
  readonly window: number;
  /** Its name as the reader of what it has written; undefined if it reads nothing. */
  readonly reader: string | undefined;
  /** Payload sizes, and the frames that it is given of each: about a second of work on two cores. */
  readonly work: Readonly<Record<number, number>>;
}

export const OURS = 'rogue-bridge, reqFrame';
const OURS_NEW = 'rogue-bridge, new Frame';
export const AWAITED = 'NATS client, each awaited';
export const WINDOW = 'NATS client, 256 at a time';

const WINDOW_MESSAGES = 256;

const OUR_PEER = [process.execPath, join(__dirname, '..', 'peers', 'log-peer.js')];
const NATS_PEER = [process.execPath, join(__dirname, '..', 'peers', 'nats-peer.js')];

const OUR_WORK = {
  64: 1_000_000,
  1_000: 200_000,
  10_000: 30_000,
  100_000: 4_000,
  1_000_000: 400,
  10_000_000: 40,
};

export const LOG_CONTENDERS: readonly LogContender[] = [
  { name: OURS, frames: 'reqFrame', command: OUR_PEER, window: 0, reader: 'rogue-bridge', work: OUR_WORK },
  { name: OURS_NEW, frames: 'new Frame', command: OUR_PEER, window: 0, reader: undefined, work: OUR_WORK },
  {
    name: WINDOW,
    frames: 'new Frame',
    command: NATS_PEER,
    window: WINDOW_MESSAGES,
    reader: 'NATS client, ordered consumer',
    work: { ...OUR_WORK, 64: 50_000, 1_000: 40_000, 10_000: 15_000, 100_000: 3_000 },
  },
  {
    name: AWAITED,
    frames: 'new Frame',
    command: NATS_PEER,
    window: 1,
    reader: undefined,
    work: { ...OUR_WORK, 64: 6_000, 1_000: 6_000, 10_000: 5_000, 100_000: 2_000 },
  },
];

/** Who writes and reads in the other parts of the benchmark. */
export const OURSELVES = LOG_CONTENDERS[0]!;
