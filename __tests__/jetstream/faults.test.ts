// What is wrong with a log from the beginning, or goes wrong while it is used: what writers and readers say and do, and that
// nothing is lost when the fault is mended.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import {
  JetStreamReader,
  JetStreamWriter,
  type JetStreamReaderOptions,
  type JetStreamWriterOptions,
} from '../../lib/jetstream';
import { Logging } from '../../lib/logging';
import { rejection } from '../helpers/errors';
import { fileName, removeFiles } from '../helpers/files';
import { collectLog } from '../helpers/log';
import {
  closeLogs,
  collect,
  errorsOf,
  frameOf,
  newStream,
  openReader,
  openWriter,
  waitForFrames,
  writeAll,
} from '../helpers/logs';
import { describeWithNats, endNats, NatsServer } from '../helpers/nats';
import { reservePorts } from '../helpers/ports';

// In every password and token of these tests.
const SECRET = 'hunter2';

let stream: string;

beforeEach(() => (stream = newStream()));
afterEach(closeLogs);
afterEach(removeFiles);

type Target = string | (JetStreamWriterOptions & JetStreamReaderOptions);

/** What both a writer and a reader are refused with, which must be the same. No text of it has a password. */
async function refusal(target: Target): Promise<string> {
  const lines = collectLog();
  Logging.setLevel(Logging.Debug);
  const errors = await Promise.all([
    rejection(JetStreamWriter.create(target)),
    rejection(JetStreamReader.create(target)),
  ]);
  expect(errors.map(({ code }) => code)).toEqual(['ERR_LOG_CONNECT', 'ERR_LOG_CONNECT']);
  expect(errors[0].message).toBe(errors[1].message);
  expect(inspect([errors, lines], { depth: 20, showHidden: true })).not.toContain(SECRET);
  return errors[0].message;
}

/** Something that listens and is no nats-server. */
async function listen(
  take: (socket: Socket) => void,
): Promise<{ url: string; place: string; server: Server }> {
  const server = createServer((socket) => take(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: `nats://${place}`, place, server };
}

const placeOf = ({ port }: { readonly port: number }): string => `127.0.0.1:${port}`;

describe('an address', () => {
  test('at which nothing listens', async () => {
    const port = await reservePorts([]);
    expect(await refusal({ servers: `nats://127.0.0.1:${port}`, stream })).toBe(
      `cannot connect to 127.0.0.1:${port}: nothing listens there: start nats-server, or check the address (connection refused)`,
    );
  });

  test('whose host has no address', async () => {
    // Longer than a name may be: no server of names is asked.
    const host = 'a'.repeat(64);
    expect(await refusal(`nats://daq:${SECRET}@${host}/S`)).toBe(
      `cannot connect to ${host}:4222: the name does not resolve to an address: check it (getaddrinfo ENOTFOUND ${host})`,
    );
  });

  test('at which something is silent, which is waited for as long as it may take', async () => {
    const sockets: Socket[] = [];
    const { url, place, server } = await listen((socket) => sockets.push(socket));
    const patient = JetStreamReader.create({ servers: url, stream, timeoutMs: 100_000 });
    let isOver = false;
    const patience = rejection(patient).finally(() => (isOver = true));
    expect(await refusal({ servers: url, stream, timeoutMs: 50 })).toBe(
      `cannot connect to ${place}: no answer: check that a nats-server listens there, and the network (timeout)`,
    );
    expect(isOver).toBe(false);
    for (const socket of sockets) socket.destroy();
    server.close();
    expect(await patience).toMatchObject({ code: 'ERR_LOG_CONNECT' });
  });

  test('at which something else than a nats-server listens', async () => {
    const { url, place, server } = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await refusal({ servers: url, stream })).toBe(
      `cannot connect to ${place}: no nats-server listens there: check the address (unexpected response from server)`,
    );
    server.close();
  });
});

describeWithNats('a server', () => {
  const REFUSED =
    'the servers refuse the user, password, token or credentials: check them (Authorization Violation)';
  afterAll(endNats);

  test('that does not know the user, the password or the token', async () => {
    const right = `${SECRET}-right`;
    const users = await NatsServer.start({ users: [{ user: 'daq', password: right }] });
    const token = await NatsServer.start({ token: right });
    for (const [server, login] of [
      [users, {}],
      [users, { user: 'daq', pass: SECRET }],
      [users, { user: SECRET, pass: right }],
      [users, { token: SECRET }],
      [token, {}],
      [token, { token: SECRET }],
    ] as const) {
      expect(await refusal({ servers: server.url, stream, ...login })).toBe(
        `cannot connect to ${placeOf(server)}: ${REFUSED}`,
      );
    }
    expect(await refusal(`nats://daq:${SECRET}@${placeOf(users)}/S`)).toContain(REFUSED);
    expect(await refusal(`nats://${SECRET}@${placeOf(token)}/S`)).toContain(REFUSED);
    await openWriter(users, { stream, user: 'daq', pass: right });
    await openWriter(token, { stream, token: right });
  });

  test('for which the credentials are no file, or no credentials', async () => {
    const port = await reservePorts([]);
    const [creds, servers] = [fileName('my.creds'), `nats://127.0.0.1:${port}`];
    expect(await refusal({ servers, stream, creds })).toBe(
      `cannot connect to 127.0.0.1:${port}: a file cannot be read: check 'creds', 'ca', 'cert' and 'key' (ENOENT: no such file or directory, open '${creds}')`,
    );
    const server = await NatsServer.start({ users: [{ user: 'daq', password: SECRET }] });
    writeFileSync(creds, SECRET);
    expect(await refusal({ servers: server.url, stream, creds })).toBe(
      `cannot connect to ${placeOf(server)}: the file of 'creds' is no credentials file of NATS: check it (unable to parse credentials)`,
    );
  });

  test('without JetStream', async () => {
    const server = await NatsServer.start({ jetstream: false });
    expect(await refusal({ servers: server.url, stream })).toBe(
      `${placeOf(server)} has no JetStream for this user: add 'jetstream {}' to the configuration of nats-server, or start it with -js`,
    );
  });

  test('whose certificate is of an authority that the client does not know', async () => {
    const server = await NatsServer.start({ tls: true });
    const text =
      `cannot connect to ${placeOf(server)}: check tls:// in the address, and the certificates ('ca', 'cert', 'key') ` +
      '(unable to verify the first certificate)';
    expect(await refusal(`tls://daq:${SECRET}@${placeOf(server)}/S`)).toBe(text);
    expect(await refusal({ servers: server.url, stream, tls: {} })).toBe(text);
    expect(await refusal(`nats://${placeOf(server)}/S`)).toBe(text);
    const caFile = fileName('ca.pem');
    expect(await refusal({ servers: server.url, stream, tls: { caFile } })).toBe(
      `cannot connect to ${placeOf(server)}: a file cannot be read: check 'creds', 'ca', 'cert' and 'key' (${caFile} doesn't exist)`,
    );
    await openWriter(server, { stream, tls: { caFile: server.tls!.caFile } });
  });

  test('that asks for a certificate of its clients', async () => {
    const server = await NatsServer.start({ tls: 'verify' });
    const { caFile, client } = server.tls!;
    // It says no more than the network does, and the client waits.
    expect(await refusal({ servers: server.url, stream, tls: { caFile }, timeoutMs: 200 })).toBe(
      `cannot connect to ${placeOf(server)}: no answer: check that a nats-server listens there, and the network; ` +
        "a server that asks clients for a certificate gives no answer without ('cert', 'key') (timeout)",
    );
    await openWriter(server, { stream, tls: { caFile, ...client } });
  });

  test('without TLS, which is asked for', async () => {
    const server = await NatsServer.start();
    expect(await refusal(`tls://${placeOf(server)}/S`)).toBe(
      `cannot connect to ${placeOf(server)}: check tls:// in the address, and the certificates ('ca', 'cert', 'key') (server does not support 'tls')`,
    );
  });

  test('that does not let them in any more ends a writer and a reader', async () => {
    const server = await NatsServer.start({ users: [{ user: 'daq', password: `${SECRET}-old` }] });
    const login = { stream, user: 'daq', pass: `${SECRET}-old` };
    const lines = collectLog();
    Logging.setLevel(Logging.Debug);
    const writer = await openWriter(server, login);
    const reader = await openReader(server, { ...login, from: 'first' });
    const told = [errorsOf(writer), errorsOf(reader)];
    const frames = collect(reader);
    await writeAll(writer, [frameOf(0, 5)]);
    await waitForFrames(frames, 1);
    await server.kill();
    void writer.acceptFrame(frameOf(1, 5));
    const ends = [writer.flush(), reader.finished()].map(rejection);
    await server.restart({ users: [{ user: 'daq', password: `${SECRET}-new` }] });
    const message = `the connection to ${placeOf(server)} has ended for good: ${REFUSED}`;
    for (const end of ends) expect(await end).toMatchObject({ code: 'ERR_LOG_CONNECT', message });
    expect(told).toEqual([[`ERR_LOG_CONNECT ${message}`], [`ERR_LOG_CONNECT ${message}`]]);
    expect(writer.stats).toMatchObject({ framesStored: 1, notStored: 1 });
    expect(lines.join('\n')).toContain(message);
    expect(lines.join('\n')).not.toContain(SECRET);
  });
});
