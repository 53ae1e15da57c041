// Opens writers and readers of a log, over and over, and tells how long each took.
//
//   log-open-peer.js PORT FRAMES MIDDLE_TIME

import { connect } from '@nats-io/transport-node';
import { JetStreamReader, JetStreamWriter, LogFrame, type ReadFrom } from '../../lib/jetstream';
import { LAST_FRAMES, type Opening } from '../jetstream/openings';
import { orderOf } from '../statistics';
import { orders, say } from './lines';
import { HOST, STREAM } from './writing';

const [port = 0, frames = 0, middleTime = 0] = process.argv.slice(2).map(Number);
const servers = `${HOST}:${port}`;
const order = orders();

/** Opens it, and returns how it is closed again. */
const OPENINGS: Readonly<Record<Opening, () => Promise<() => Promise<void>>>> = {
  'connection alone': async () => {
    const connection = await connect({ servers });
    return () => connection.close();
  },
  writer: async () => {
    const writer = await JetStreamWriter.create({ servers, stream: STREAM });
    if (writer.nextFrame !== frames) throw new Error(`the next frame is ${writer.nextFrame}, not ${frames}`);
    return () => writer.stop();
  },
  'reader, now': async () => {
    const reader = await JetStreamReader.create({ servers, stream: STREAM });
    return () => reader.stop();
  },
  'reader, first': () => firstFrame('first', ({ number }) => number === 0),
  'reader, time': () => firstFrame({ time: new Date(middleTime) }, ({ storedAt }) => storedAt >= middleTime),
  'reader, frame': () => {
    const frame = Math.floor(frames / 2);
    return firstFrame({ frame }, ({ number }) => number === frame);
  },
  'reader, last': () => {
    const frame = Math.max(frames - LAST_FRAMES, 0);
    return firstFrame({ last: LAST_FRAMES }, ({ number }) => number === frame);
  },
};

/** A reader that has got its first frame. */
async function firstFrame(
  from: ReadFrom,
  isRight: (frame: LogFrame) => boolean,
): Promise<() => Promise<void>> {
  const reader = await JetStreamReader.create({ servers, stream: STREAM, from });
  const frame = await new Promise<LogFrame>((resolve, reject) => {
    // It takes no second one.
    reader.to((first) => {
      if (first instanceof LogFrame) resolve(first);
      return new Promise<void>(() => undefined);
    });
    reader.finished().catch(reject);
  });
  if (!isRight(frame)) throw new Error(`frame ${frame.number} came first from ${JSON.stringify(from)}`);
  return () => reader.stop();
}

async function main(): Promise<void> {
  say({ ready: true });
  const names = Object.keys(OPENINGS) as Opening[];
  for (let round = 0; ; round++) {
    await order();
    const ms: Partial<Record<Opening, number>> = {};
    for (const name of orderOf(names, round)) {
      const startMs = performance.now();
      const close = await OPENINGS[name]();
      ms[name] = performance.now() - startMs;
      await close();
    }
    say({ [`opened ${round}`]: ms });
  }
}

void main();
