// A data file that is played back to a sink which takes its time, in two processes.

import { readFileSync, writeFileSync } from 'node:fs';
import { LOOPBACK } from './bridges';
import { fileName, numberedFrame, recordOf } from './files';
import { reservePorts } from './ports';
import { startPeer } from './process';

export const SINK_FRAME_BYTES = 500_000;

/** A test with so many frames, of which either process may keep no more than `mostMegabytes`. */
export function testSlowSink(count: number, mostMegabytes = Infinity): void {
  test('a slow sink holds the file that is played back: nothing lost, memory bounded', async () => {
    const [from, to] = [fileName('from.dat'), fileName('to.dat')];
    writeFileSync(
      from,
      Buffer.concat(Array.from({ length: count }, (_, i) => recordOf(numberedFrame(i, SINK_FRAME_BYTES)))),
    );
    const port = await reservePorts();
    const player = startPeer('pipeline-peer.cjs', ['server', LOOPBACK, port, 'play', from]);
    const recorder = startPeer('pipeline-peer.cjs', ['client', LOOPBACK, port, 'record', to, count, 0]);
    for (const peer of [player, recorder]) {
      const { message, grownMegabytes } = await peer.say('message');
      expect(message).toBeNull();
      expect(grownMegabytes).toBeLessThan(mostMegabytes);
    }
    expect(readFileSync(to).equals(readFileSync(from))).toBe(true);
  });
}
