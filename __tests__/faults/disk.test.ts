// A disk that is full, under a StreamWriter that records what a bridge receives.

import { Frame, Logging, StreamWriter } from '../../lib';
import { makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import { waitFor } from '../helpers/wait';

const FRAMES = 2_000;

afterEach(async () => {
  Logging.setSink(undefined);
  await stopBridges();
});

test('the stream goes on, every frame that is not recorded is counted, and the log stays short', async () => {
  const lines = collectLog();
  const port = await reservePorts();
  const [server, client] = [await makeServer(port), await makeClient(port)];
  const writer = new StreamWriter();
  await writer.open('/dev/full');
  let seen = 0;
  server.to(writer.getChannel(0));
  server.addSlave(() => {
    seen += 1;
  });
  // The writer takes frames ahead of the disk, so the first to be refused is not the first.
  let sent = 0;
  for (; sent < FRAMES || server.stats.slaveErrors < FRAMES; sent++)
    await client.acceptFrame(new Frame(1000));
  await waitFor('every frame', () => seen === sent);
  expect(server.stats.lastError).toMatchObject({ code: 'ERR_FILE_WRITE', cause: { code: 'ENOSPC' } });
  expect(writer.frameCount).toBe(0);
  // What the writer had taken before it knew, and what it refused from then on.
  expect(writer.dropCount).toBeGreaterThan(0);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThan(10);
});
