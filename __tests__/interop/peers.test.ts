// Peers that are not this library, each in a process of its own, in both roles.

import { randomBytes } from 'node:crypto';
import { Frame, Master } from '../../lib';
import { describeWithPeers, testEcho } from '../helpers/foreign-peers';
import { waitFor } from '../helpers/wait';

const FLAGS = [0, 1, 0x00ff, 0x0100, 0x0201, 0x7fff, 0x8000, 0xff00, 0xffff];
const BYTES = [0, 1, 127, 128, 254, 255];
const DUPLEX_FRAMES = 2_000;
const DUPLEX_SIZE = 1_000;

describeWithPeers((connect) => {
  const metadata = FLAGS.flatMap((flags) =>
    BYTES.flatMap((channel) => BYTES.map((error) => ({ flags, channel, error }))),
  );
  testEcho(connect, 'payloads of every kind of size, and every boundary of flags, channel and error', [
    ...[1, 255, 256, 257, 65_536, 1_000_000].map((size) => new Frame(randomBytes(size))),
    ...metadata.map((fields) => new Frame(Buffer.from('metadata'), fields)),
  ]);

  test(`${DUPLEX_FRAMES} frames each way at once arrive whole and in order`, async () => {
    let received = 0;
    let ordered = true;
    const check = ({ payload, flags, channel }: Frame): void => {
      ordered &&= payload.readUInt32LE() === received && payload.length === DUPLEX_SIZE;
      ordered &&= flags === (received & 0xffff) && channel === (received & 0xff);
      received += 1;
    };
    const connected = await connect(check, 'duplex', DUPLEX_FRAMES, DUPLEX_SIZE);
    const master = new Master();
    master.to(connected.bridge);
    for (let number = 0; number < DUPLEX_FRAMES; number++) {
      const payload = Buffer.alloc(DUPLEX_SIZE, number & 0xff);
      payload.writeUInt32LE(number);
      await master.sendFrame(new Frame(payload, { flags: number & 0xffff, channel: number & 0xff }));
    }
    const there = await connected.peer.say('received');
    expect(there).toEqual({ received: DUPLEX_FRAMES, bytes: DUPLEX_FRAMES * DUPLEX_SIZE, ordered: true });
    const collectedAll = (): boolean => received >= DUPLEX_FRAMES;
    await waitFor('all frames of the peer', collectedAll);
    expect({ received, ordered }).toEqual({ received: DUPLEX_FRAMES, ordered: true });
  });
});
