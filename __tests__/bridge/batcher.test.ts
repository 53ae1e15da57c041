// Batches over bridges: records taken apart behind one, and sent on by another.

import {
  CombinerV1,
  CombinerV2,
  Frame,
  Logging,
  Master,
  SplitterV1,
  SplitterV2,
  type StreamModule,
} from '../../lib';
import { Collector, fieldsOf, makeClient, makePair, makeServer, stopBridges } from '../helpers/bridges';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';

afterEach(async () => {
  await stopBridges();
  Logging.setSink(undefined);
});

// Smaller and larger than what a bridge copies when it sends it.
const SIZES = [1, 100, 3_000, 200, 20_000, 64, 70_000];
const BATCHES = 40;

const numbered = (number: number): Frame =>
  new Frame(Buffer.alloc(SIZES[number % SIZES.length]!, number), { channel: number & 0xff, flags: number });

type Combiner = Pick<CombinerV1, 'acceptFrame' | 'sendBatch' | 'to'>;

const VERSIONS: [string, () => Combiner, () => StreamModule][] = [
  ['V1', () => new CombinerV1(3), () => new SplitterV1()],
  ['V2', () => new CombinerV2(), () => new SplitterV2()],
];

test.each(VERSIONS)(
  '%s: records arrive as they went in, also those that are sent on',
  async (_, makeCombiner, makeSplitter) => {
    const { server, client } = await makePair();
    const port = await reservePorts();
    const [last, relay] = [await makeServer(port), await makeClient(port)];
    const [source, combiner, splitter] = [new Master(), makeCombiner(), makeSplitter()];
    source.to(combiner).to(client);
    const [here, there] = [new Collector(), new Collector()];
    server.to(splitter).to(relay);
    last.to(there);
    // Beside the bridge, a slave that looks at each record while it has it.
    const seen: object[] = [];
    splitter.to({ retainsFrames: true, acceptFrame: (frame) => void seen.push(fieldsOf(frame)) });
    splitter.to(here);
    const sent: object[] = [];
    for (let batch = 0; batch < BATCHES; batch++) {
      for (let i = 0; i < SIZES.length; i++) {
        const frame = numbered(batch * SIZES.length + i);
        sent.push(fieldsOf(frame));
        await source.sendFrame(frame);
      }
      await combiner.sendBatch();
    }
    await Promise.all([here, there].map((collector) => collector.waitForCount(sent.length)));
    expect(there.frames.map(fieldsOf)).toEqual(sent);
    expect(here.frames.map(fieldsOf)).toEqual(sent);
    expect(seen).toEqual(sent);
    expect([splitter.dropCount, server.stats.framesReceived, server.stats.slaveErrors]).toEqual([
      0,
      BATCHES,
      0,
    ]);
  },
);

test('an empty record is refused by the bridge it is sent on by; the others of its batch arrive', async () => {
  collectLog();
  const { server, client } = await makePair();
  const port = await reservePorts();
  const [last, relay] = [await makeServer(port), await makeClient(port)];
  await relay.waitForPeer({ timeoutMs: 10_000 });
  const [combiner, there] = [new CombinerV2(), new Collector()];
  combiner.to(client);
  server.to(new SplitterV2()).to(relay);
  last.to(there);
  for (const size of [5, 0, 6]) await combiner.acceptFrame(new Frame(size));
  await combiner.sendBatch();
  await there.waitForCount(2);
  expect(there.frames.map(({ size }) => size)).toEqual([5, 6]);
  expect(server.stats.lastError).toMatchObject({ code: 'ERR_EMPTY_FRAME' });
  expect([server.stats.slaveErrors, relay.stats.refused]).toEqual([1, 1]);
});
