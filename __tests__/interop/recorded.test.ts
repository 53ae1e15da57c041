// What two real Rogue peers said to each other, repeated over plain TCP with a bridge in the place of one.

import { Frame, Master } from '../../lib';
import { makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { reservePorts } from '../helpers/ports';
import { testRecorded } from '../helpers/recorded-tests';
import {
  connectRaw,
  endRaw,
  framesOf,
  HANDSHAKE_BYTES,
  listenRaw,
  Player,
  readRecording,
  type StreamName,
} from '../helpers/recording';

afterEach(async () => {
  endRaw();
  await stopBridges();
});

/** Sends the frames of a recorded PUSH and returns what the bridge put on the wire. */
async function sendRecorded(master: Master, player: Player, stream: StreamName): Promise<Buffer> {
  const recording = readRecording(stream);
  for (const { payload, flags, channel, error } of framesOf(recording)) {
    await master.sendFrame(new Frame(payload, { flags, channel, error }));
  }
  await player.heard(recording.length);
  return player.answer;
}

describe.each([
  { slices: 'in one piece', sliceBytes: undefined },
  { slices: 'in slices of 1000 bytes', sliceBytes: 1000 },
  { slices: 'in slices of 61 bytes', sliceBytes: 61 },
])('recorded Rogue conversation, played $slices', ({ sliceBytes }) => testRecorded(sliceBytes));

describe('the same frames, sent by a bridge', () => {
  test('client puts on the wire byte for byte what the Rogue client did', async () => {
    const port = await reservePorts();
    const { connection } = await listenRaw(port);
    const master = new Master();
    master.to(await makeClient(port));

    const player = new Player(await connection, readRecording('base-port.server-to-client'));
    await player.play();
    const sent = await sendRecorded(master, player, 'base-port.client-to-server');

    const recording = readRecording('base-port.client-to-server');
    expect(sent.subarray(HANDSHAKE_BYTES).equals(recording.subarray(HANDSHAKE_BYTES))).toBe(true);
    expect(sent.subarray(0, HANDSHAKE_BYTES)).toEqual(recording.subarray(0, HANDSHAKE_BYTES));
  });

  test('server puts on the wire byte for byte what the Rogue server did', async () => {
    const port = await reservePorts();
    const master = new Master();
    master.to(await makeServer(port));

    const player = new Player(await connectRaw(port + 1), readRecording('next-port.client-to-server'));
    await player.play();
    const sent = await sendRecorded(master, player, 'next-port.server-to-client');

    const recording = readRecording('next-port.server-to-client');
    expect(sent.subarray(HANDSHAKE_BYTES).equals(recording.subarray(HANDSHAKE_BYTES))).toBe(true);
    expect(sent.subarray(0, HANDSHAKE_BYTES)).toEqual(recording.subarray(0, HANDSHAKE_BYTES));
  });
});
