// The receiving end alone: what it keeps of what it has handed over.

import type { Connection } from '../../../lib/transport/native/connection';
import { ZmtpPullSocket } from '../../../lib/transport/native/pull-socket';
import type { TransportSink } from '../../../lib/transport/socket';
import { countAlive } from '../../helpers/gc';

type TakesFrame = (payload: Buffer) => Promise<void>;

/** A PULL whose port is never opened. */
function pullSocket(server: boolean, highWaterMark: number, frame: TakesFrame): ZmtpPullSocket {
  const options = {
    server,
    addr: '127.0.0.1',
    port: 1,
    maxFrameBytes: 1e6,
    sendHighWaterMark: 0,
    sendHighWaterBytes: 0,
    receiveHighWaterMark: highWaterMark,
    receiveHighWaterBytes: 0,
    heartbeatMs: 0,
    handshakeTimeoutMs: 1000,
    reconnectMs: 100,
    reconnectMaxMs: undefined,
    allow: undefined,
  };
  return new ZmtpPullSocket(options, { frame } as unknown as TransportSink);
}

test.each([
  [true, [0, 1, 2, 3, 10, 11]],
  [false, [0, 1, 10, 2, 11, 3]],
])(
  'with one peer at a time (%s) what a connection left comes before the next one',
  async (onePeer, order) => {
    const gates: (() => void)[] = [];
    const seen: number[] = [];
    const frame: TakesFrame = (payload) => {
      seen.push(payload[0]!);
      return new Promise((resolve) => gates.push(resolve));
    };
    const pull = pullSocket(!onePeer, 100, frame);
    pull.start();
    const arrive = (connection: object, ...numbers: number[]): void => {
      for (const number of numbers) pull.frame(connection as Connection, Buffer.of(number), 0, 0, 0);
    };
    const first = { ready: true };
    const second = { ready: true };
    arrive(first, 0, 1, 2);
    first.ready = false;
    pull.closed(first as unknown as Connection, true, undefined);
    arrive(second, 10, 11);
    // What it held back is decoded after its end.
    arrive(first, 3);
    while (seen.length < 6) {
      gates.shift()!();
      await Promise.resolve();
      await Promise.resolve();
    }
    expect(seen).toEqual(order);
  },
);

test('a frame that was handed over is not kept, although others wait behind it', async () => {
  const gates: (() => void)[] = [];
  const pull = pullSocket(true, 4, () => new Promise<void>((resolve) => gates.push(resolve)));
  const connection = { resume: () => undefined } as unknown as Connection;
  pull.start();
  const refs: WeakRef<object>[] = [];
  const arrive = (): void => {
    const payload = Buffer.alloc(10_000);
    refs.push(new WeakRef(payload));
    pull.frame(connection, payload, 0, 0, 0);
  };
  for (let i = 0; i < 4; i++) arrive();
  for (let i = 0; i < 200; i++) {
    arrive();
    gates.shift()!();
    await Promise.resolve();
    await Promise.resolve();
  }
  expect(refs).toHaveLength(204);
  // Three or four wait, one is in the slave's hands.
  expect(await countAlive(refs)).toBeLessThan(10);
});
