// Files that are played back and recorded by pipeline(), in two processes.

import { readFileSync, writeFileSync } from 'node:fs';
import { LOOPBACK } from '../helpers/bridges';
import { fileName, numberedFrame, recordOf, removeFiles } from '../helpers/files';
import { reservePorts } from '../helpers/ports';
import { endPeers, startPeer } from '../helpers/process';
import { SINK_FRAME_BYTES, testSlowSink } from '../helpers/slow-sink';

afterEach(async () => {
  await endPeers();
  removeFiles();
});

testSlowSink(60);

test('a sink that fails is told on its side, and to the sender once nobody takes its frames', async () => {
  const [from, to] = [fileName('from.dat'), fileName('to.dat')];
  writeFileSync(
    from,
    Buffer.concat(Array.from({ length: 60 }, (_, i) => recordOf(numberedFrame(i, SINK_FRAME_BYTES)))),
  );
  const port = await reservePorts();
  const player = startPeer('pipeline-peer.cjs', ['server', LOOPBACK, port, 'play', from]);
  const recorder = startPeer('pipeline-peer.cjs', ['client', LOOPBACK, port, 'record', to, 0, 10]);
  expect(await recorder.say('message')).toMatchObject({ message: 'the sink is broken' });
  expect(await player.say('message')).toMatchObject({ code: 'ERR_SEND_TIMEOUT' });
  // What went in before is whole.
  expect(readFileSync(to).length % (SINK_FRAME_BYTES + 8)).toBe(0);
});
