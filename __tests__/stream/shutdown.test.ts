// Sources, modules and ends that never accept, in every combination, stopped in every order: all of it ends. Jest
// fails a test that leaves an unhandled rejection.

import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fifo, Filter, Frame, Logging, Prbs, RateDrop, StreamReader, type Master } from '../../lib';
import type { StreamModule } from '../../lib';
import { fileName, removeFiles, write } from '../helpers/files';
import { collectLog } from '../helpers/log';
import { turns, waitFor, waitForEnd } from '../helpers/wait';

const NEVER = new Promise<never>(() => undefined);
const PATH = 'run.dat';
const frameOf = (): Frame => new Frame(Buffer.alloc(40));

interface Source {
  readonly master: Master;
  /** After the rest has been wired. */
  start(): Promise<void> | void;
}

interface Sink {
  readonly stop?: () => unknown;
  /** What is to be over when everything has been stopped. */
  readonly ended?: Promise<unknown>;
  /** Makes a slave fail after that, with nobody left to be told. */
  readonly fail?: () => void;
}

const SOURCES: Record<string, () => Source> = {
  Prbs: () => {
    const master = new Prbs();
    // Where something takes its frames, they are not to keep this process busy.
    master.txPeriod = 1000;
    return { master, start: () => master.enable(40) };
  },
  'Prbs with a long txPeriod': () => {
    const master = new Prbs();
    master.txPeriod = 3600e6;
    return { master, start: () => master.enable(40) };
  },
  StreamReader: () => {
    const master = new StreamReader();
    return { master, start: () => master.open(fileName(PATH)) };
  },
};

const MODULES: Record<string, (() => StreamModule) | undefined> = {
  nothing: undefined,
  Filter: () => new Filter(false, 0),
  RateDrop: () => new RateDrop(false, 0),
  Fifo: () => new Fifo(3),
};

const SINKS: Record<string, (last: Master) => Sink> = {
  'a slave that never settles': (last) => {
    last.to(() => NEVER);
    return {};
  },
  'a slave that fails late': (last) => {
    const fails: (() => void)[] = [];
    last.to(() => new Promise((_resolve, reject) => fails.push(() => reject(new Error('too late')))));
    return { fail: () => fails.forEach((fail) => fail()) };
  },
  'a Filter in front of one that never settles': (last) => {
    const filter = last.to(new Filter(false, 0));
    filter.to(() => NEVER);
    return { stop: () => filter.stop() };
  },
  'a Fifo in front of one that never settles': (last) => {
    const fifo = last.to(new Fifo(2));
    fifo.to(() => NEVER);
    return { stop: () => fifo.stop() };
  },
  'a Prbs that does not receive': (last) => {
    const prbs = last.to(new Prbs());
    prbs.rxEnable = false;
    return { stop: () => prbs.stop() };
  },
  'frames() that nobody reads': (last) => {
    last.frames({ maxDepth: 1 });
    return {};
  },
  'frames() that are read': (last) => {
    const read = async (): Promise<void> => {
      for await (const frame of last.frames()) expect(frame.size).toBe(40);
    };
    return { ended: read() };
  },
  'readable() that nobody reads': (last) => {
    last.readable({ highWaterMark: 1 });
    return {};
  },
  'pipeline() into a Node stream that never writes': (last) => {
    const writable = new Writable({ objectMode: true, highWaterMark: 1, write: () => undefined });
    const ended = pipeline(last.readable({ highWaterMark: 1 }), writable).catch(() => undefined);
    return { stop: () => writable.destroy(), ended };
  },
  'pipeline() into the writable() of a Filter that waits': (last) => {
    const filter = new Filter(false, 0);
    filter.to(() => NEVER);
    const ended = pipeline(last.readable({ highWaterMark: 1 }), filter.writable());
    return { stop: () => filter.stop(), ended };
  },
};

afterEach(() => {
  Logging.setSink(undefined);
  removeFiles();
});

describe.each(Object.keys(SOURCES))('%s', (source) => {
  test.each(Object.keys(MODULES))('through %s to every end, in every order', async (module) => {
    collectLog();
    await write(fileName(PATH), Array.from({ length: 10 }, frameOf));
    const runs = Object.keys(SINKS).flatMap((sink) =>
      orders(module === 'nothing' ? ['source', 'sink'] : ['source', 'module', 'sink']).map((order) =>
        run(source, module, sink, order),
      ),
    );
    await Promise.all(runs);
  });
});

async function run(source: string, module: string, sink: string, order: readonly string[]): Promise<void> {
  const { master, start } = SOURCES[source]!();
  const made = MODULES[module]?.();
  const last = made === undefined ? master : master.to(made);
  const { stop, ended, fail } = SINKS[sink]!(last);
  let frames = 0;
  last.addSlave(() => (frames += 1));
  await start();
  const what = `${source}, ${module}, ${sink}`;
  await waitFor(`a frame: ${what}`, () => frames > 0);
  const stops: Record<string, (() => unknown) | undefined> = {
    source: () => master.stop(),
    module: () => made?.stop(),
    sink: stop,
  };
  for (const which of order) {
    await waitForEnd(`the ${which} to stop, in the order ${order.join()}: ${what}`, stops[which]?.());
  }
  await waitForEnd(`all readers to end after ${order.join()}: ${what}`, ended);
  fail?.();
  await turns();
}

function orders(names: readonly string[]): string[][] {
  if (names.length <= 1) return [[...names]];
  return names.flatMap((first) =>
    orders(names.filter((name) => name !== first)).map((rest) => [first, ...rest]),
  );
}
