// Messages on their way into a log, and answers at times that no server can be made to choose.

import { headers } from '@nats-io/transport-node';
import { GeneralError } from '../../lib';
import { Chain } from '../../lib/jetstream/chain';
import type { LogClient } from '../../lib/jetstream/client';
import { turns, waitFor } from '../helpers/wait';

/** A promise and what settles it. */
interface Open<T> {
  readonly what: unknown;
  resolve(value: T): void;
  reject(err: unknown): void;
}

/** A server that answers when the test says so. */
class Server {
  readonly published: Open<{ seq: number; duplicate: boolean }>[] = [];
  readonly infos: Open<StreamState>[] = [];
  readonly looks: Open<unknown>[] = [];
  reconnects = 0;

  readonly client = {
    servers: 'a:4222',
    nats: { transport: { headers } },
    js: {
      publish: (
        _subject: string,
        _payload: unknown,
        { msgID, expect: { lastSequence, lastMsgID } }: Published,
      ) => ask(this.published, [msgID, lastSequence, ...(lastMsgID === undefined ? [] : [lastMsgID])]),
    },
    streams: {
      info: () => ask(this.infos, undefined),
      getMessage: (_stream: string, { seq }: { seq: number }) => ask(this.looks, seq),
    },
  } as unknown as LogClient;

  readonly link = { isUp: true, reconnect: () => (this.reconnects += 1) };

  /** What was sent, each with the sequence that it expects to be the last. */
  get sent(): unknown[] {
    return this.published.map(({ what }) => what);
  }
}

interface Published {
  readonly msgID: string;
  readonly expect: { readonly lastSequence: number; readonly lastMsgID?: string };
}

interface StreamState {
  readonly state: { readonly last_seq: number };
  readonly config: { readonly num_replicas: number };
}

const stateOf = (last: number, copies = 1): StreamState => ({
  state: { last_seq: last },
  config: { num_replicas: copies },
});

function ask<T>(list: Open<T>[], what: unknown): Promise<T> {
  return new Promise((resolve, reject) => list.push({ what, resolve, reject }));
}

/** A message of ours as it is stored. */
const storedAs = (id: string): object => ({
  subject: 'S.0',
  seq: 0,
  header: { get: (name: string) => (name === 'Nats-Msg-Id' ? id : (HEADERS[name] ?? '')) },
});

const HEADERS: Readonly<Record<string, string>> = {
  'Rogue-Log': '1',
  'Rogue-Frame': '0',
  'Rogue-Channel-Frame': '0',
  'Rogue-Count': '1',
};

let server: Server;
let chain: Chain;
let told: string[];
let settled: string[];

beforeEach(() => {
  [server, told, settled] = [new Server(), [], []];
  open(1);
});

/** A chain into a stream of so many copies. */
function open(copies: number): void {
  const options = { windowBytes: 1_000, ackTimeoutMs: 100 };
  chain = new Chain(server.client, () => server.link as never, 'S', 0, copies, options, {
    onTrouble: (error) => told.push(error === undefined ? 'no trouble' : error.message),
    onFailed: ({ code, message }: GeneralError) => told.push(`${code} ${message}`),
    onStored: () => undefined,
    onLost: () => undefined,
    onMoved: () => Promise.reject(new Error('no other writer is here')),
  });
}

afterEach(() => chain.fail(new GeneralError('ERR_LOG_STOPPED', 'the test is over')));

function push(...ids: string[]): void {
  for (const id of ids) {
    const onSettled = (error?: Error): void =>
      void settled.push(error === undefined ? id : `${id} ${error.message}`);
    chain.push({
      subject: 'S.0',
      id: () => id,
      headers: () => [],
      payload: Buffer.alloc(10),
      frames: 1,
      onSettled,
    });
  }
}

const answers = (list: readonly unknown[], count: number) =>
  waitFor(`${count} requests`, () => list.length === count);

test('messages expect each other', () => {
  push('w.0', 'w.1', 'w.2');
  expect(server.sent).toEqual([
    ['w.0', 0],
    ['w.1', 1, 'w.0'],
    ['w.2', 2, 'w.1'],
  ]);
});

test('a message that is acknowledged while the log is looked at is still ours', async () => {
  push('w.0');
  await answers(server.infos, 1);
  server.infos[0]!.resolve(stateOf(1));
  await answers(server.looks, 1);
  server.published[0]!.resolve({ seq: 1, duplicate: false });
  await chain.whenSettled();
  server.looks[0]!.resolve(storedAs('w.0'));
  await turns();
  push('w.1');
  await answers(server.published, 2);
  expect(server.sent[1]).toEqual(['w.1', 1]);
  expect(settled).toEqual(['w.0']);
  expect(told).toEqual([
    'the stream S on a:4222 takes nothing: its servers are away or overloaded, or their disk is full: look at their log (no acknowledgement within 100 ms)',
    'no trouble',
  ]);
});

test('messages that are found are not sent again, whatever is acknowledged meanwhile', async () => {
  push('w.0', 'w.1', 'w.2');
  await answers(server.infos, 1);
  server.infos[0]!.resolve(stateOf(2));
  await answers(server.looks, 1);
  server.looks[0]!.resolve(storedAs('w.0'));
  await answers(server.looks, 2);
  server.published[0]!.resolve({ seq: 1, duplicate: false });
  await waitFor('it to be settled', () => settled.length === 1);
  server.looks[1]!.resolve(storedAs('w.1'));
  await answers(server.published, 4);
  expect(server.sent[3]).toEqual(['w.2', 2]);
  expect(settled).toEqual(['w.0', 'w.1']);
});

describe('in a stream of several copies', () => {
  const refusal = Object.assign(new Error('wrong last sequence: 1'), { code: 10_071 });

  beforeEach(async () => {
    open(3);
    push('w.0', 'w.1');
    // The others wait: the second message of a writer that is refused could be taken.
    expect(server.sent).toEqual([['w.0', 0]]);
    server.published[0]!.resolve({ seq: 1, duplicate: false });
    await answers(server.published, 2);
    server.published[1]!.resolve({ seq: 2, duplicate: false });
    await chain.whenSettled();
    settled.length = 0;
  });

  /** The first of two messages is refused, and the log looked at, which has two more. */
  async function refuse(): Promise<void> {
    push('w.2', 'w.3');
    server.published[2]!.reject(refusal);
    await answers(server.infos, 1);
    server.infos[0]!.resolve(stateOf(4, 3));
    await answers(server.looks, 1);
  }

  test('messages expect sequences alone: a copy that fetches what it missed does not note ids', () => {
    push('w.2', 'w.3');
    expect(server.sent.slice(2)).toEqual([
      ['w.2', 2],
      ['w.3', 3],
    ]);
  });

  test('a message that was stored before the one in front of it ends the writer', async () => {
    await refuse();
    server.looks[0]!.resolve({ ...storedAs('x'), header: { get: () => '' } });
    await answers(server.looks, 2);
    server.looks[1]!.resolve(storedAs('w.3'));
    const text =
      'somebody else has written into S before sequence 4, in the place of a message of this writer: nobody else may publish there';
    await waitFor('both to be settled', () => settled.length === 2);
    expect(told).toEqual([`ERR_LOG_WRITER ${text}`]);
    expect(settled).toEqual([`w.2 ${text}`, `w.3 ${text}`]);
  });

  test('a message in front that was removed meanwhile is sent again', async () => {
    await refuse();
    server.looks[0]!.resolve(null);
    await answers(server.looks, 2);
    server.looks[1]!.resolve(storedAs('w.3'));
    await answers(server.published, 6);
    // The log knows its id, and says that it had it.
    expect(server.sent[4]).toEqual(['w.2', 4]);
    expect(told).toEqual([]);
  });
});
