// A measuring process's end of the talk with its parent.

import { createInterface } from 'node:readline';
import type { Work } from '../harness';

/** Says one line to the parent. */
export function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The parent's orders, one at a time. */
export type Order = () => Promise<string>;

/** The parent's orders. Ends this process when the parent is gone or wants no more. */
export function orders(): Order {
  const input = createInterface({ input: process.stdin });
  input.once('close', () => process.exit());
  const lines = input[Symbol.asyncIterator]();
  return async () => ((await lines.next()) as { value: string }).value;
}

/** The arguments every contender is called with. */
export interface PeerArguments extends Work {
  readonly role: string;
  readonly port: number;
  readonly limitMs: number;
  /**
   * What the role has besides. `flood`: the ms it lasts. `drain`: after how many frames it pauses, and the ms of a pause.
   * `relay`: the receiver's port.
   */
  readonly more: readonly number[];
}

export function peerArguments(): PeerArguments {
  const [role = '', ...numbers] = process.argv.slice(2);
  const [port, sizeBytes, warmFrames, frames, limitMs, ...more] = numbers.map(Number);
  return {
    role,
    port: port!,
    sizeBytes: sizeBytes!,
    warmFrames: warmFrames!,
    frames: frames!,
    limitMs: limitMs!,
    more,
  };
}
