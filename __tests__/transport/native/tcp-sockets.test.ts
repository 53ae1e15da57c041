// The TCP sockets of the native engine: options, and both ways of reading.

import { createServer, type Server, type Socket } from 'node:net';
import {
  adoptSocket,
  connectSocket,
  withDataEvents,
  type ByteReader,
} from '../../../lib/transport/native/tcp-sockets';
import { reservePorts } from '../../helpers/ports';
import { waitFor } from '../../helpers/wait';

/** Keeps what it is given; reads no more once it has `limit` bytes. */
class Reader implements ByteReader {
  received = '';
  limit = Infinity;
  chunks = 0;
  private readonly buffer = Buffer.alloc(100);

  nextBuffer(): Buffer {
    return this.buffer;
  }

  filled(length: number): boolean {
    this.received += this.buffer.toString('latin1', 0, length);
    return this.received.length < this.limit;
  }

  chunk(bytes: Buffer): boolean {
    this.chunks += 1;
    this.received += bytes.toString('latin1');
    return this.received.length < this.limit;
  }
}

const open: (Server | Socket)[] = [];
afterEach(() => {
  for (const one of open.splice(0)) {
    if ('destroy' in one) one.destroy();
    else one.close();
  }
});

async function makePair(adopt: (accepted: Socket, reader: Reader) => Socket): Promise<{
  connecting: Socket;
  accepted: Socket;
  readers: { connecting: Reader; accepted: Reader };
  server: Server;
}> {
  const port = await reservePorts();
  const readers = { connecting: new Reader(), accepted: new Reader() };
  const server = createServer({ pauseOnConnect: true });
  open.push(server);
  const accepting = new Promise<Socket>((resolve) => {
    server.once('connection', (shell) => resolve(adopt(shell, readers.accepted)));
  });
  await new Promise<void>((resolve) => server.listen({ port, host: '127.0.0.1' }, resolve));
  const connecting = connectSocket({ port, host: '127.0.0.1' }, readers.connecting);
  await new Promise((resolve) => connecting.once('connect', resolve));
  const accepted = await accepting;
  open.push(connecting, accepted);
  return { connecting, accepted, readers, server };
}

describe.each([
  ['into the buffers of its reader', adoptSocket],
  ['by data events, where Node does not give the connection away', withDataEvents],
])('an accepted socket that reads %s', (_way, adopt) => {
  test('hands over what arrives, stops when told to, goes on when told to, and ends', async () => {
    const { connecting, accepted, readers } = await makePair(adopt);
    let ended = false;
    accepted.once('end', () => (ended = true));
    accepted.write('from the server');
    connecting.write('hello');
    await waitFor('both', () => readers.accepted.received === 'hello' && readers.connecting.received !== '');
    expect(readers.connecting.received).toBe('from the server');
    readers.accepted.limit = 10;
    connecting.write('12345');
    await waitFor('the limit', () => readers.accepted.received.length >= 10);
    connecting.end('more');
    readers.accepted.limit = Infinity;
    expect(readers.accepted.received).toBe('hello12345');
    accepted.resume();
    await waitFor('the end', () => ended);
    expect(readers.accepted.received).toBe('hello12345more');
  });

  test('leaves the list of its server with its connection', async () => {
    const { connecting, accepted, server } = await makePair(adopt);
    accepted.on('error', () => undefined);
    connecting.destroy();
    accepted.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});

test('Node still gives connections away: reading in place is what is used', async () => {
  const { connecting, readers } = await makePair(adoptSocket);
  connecting.write('hello');
  await waitFor('it', () => readers.accepted.received === 'hello');
  expect(readers.accepted.chunks).toBe(0);
});

test('both ends send small segments at once: without it every handshake takes 40 ms longer', async () => {
  const port = await reservePorts();
  const server = createServer({ pauseOnConnect: true });
  open.push(server);
  const calls: string[] = [];
  const spyOn = (socket: Socket, name: string): void => {
    const handle = (socket as unknown as { _handle: { setNoDelay: (on: boolean) => number } })._handle;
    const { setNoDelay } = handle;
    handle.setNoDelay = (on) => {
      calls.push(`${name} ${on}`);
      return setNoDelay.call(handle, on);
    };
  };
  server.once('connection', (shell) => {
    spyOn(shell, 'accepted');
    open.push(adoptSocket(shell, new Reader()));
  });
  await new Promise<void>((resolve) => server.listen({ port, host: '127.0.0.1' }, resolve));
  const connecting = connectSocket({ port, host: '127.0.0.1' }, new Reader());
  open.push(connecting);
  // The handle is there from connect() on, and is told once connected.
  spyOn(connecting, 'connecting');
  await waitFor('both', () => calls.length === 2);
  expect(calls.sort()).toEqual(['accepted true', 'connecting true']);
});
