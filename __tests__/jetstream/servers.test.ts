// The NATS servers of the tests themselves: what tests of the log rely on.

import { existsSync } from 'node:fs';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connectTo, describeWithNats, endNats, NatsServer, PATIENT, storedMessages } from '../helpers/nats';
import { turns, waitFor } from '../helpers/wait';

afterEach(endNats);

describeWithNats('a server', () => {
  test('with JetStream answers a client', async () => {
    const server = await NatsServer.start({ maxPayload: 4096, maxFileStore: 1 << 20 });
    const client = await connectTo(server);
    expect(client.info).toMatchObject({ jetstream: true, max_payload: 4096, port: server.port });
    expect(client.info!.connect_urls).toBeUndefined();
    const account = (await client.request('$JS.API.INFO')).json();
    expect(account).toMatchObject({ type: 'io.nats.jetstream.api.v1.account_info_response' });
    expect(await server.ask('jsz')).toMatchObject({ config: { max_storage: 1 << 20 } });
    const { residentBytes, peakResidentBytes, cpuSeconds } = server.usage();
    expect(residentBytes).toBeGreaterThan(1e6);
    expect(peakResidentBytes).toBeGreaterThanOrEqual(residentBytes);
    expect(cpuSeconds).toBeGreaterThanOrEqual(0);
  });

  test('without JetStream has none', async () => {
    const server = await NatsServer.start({ jetstream: false });
    const client = await connectTo(server);
    expect(client.info!.jetstream).toBeUndefined();
  });

  test('has what it stored after SIGKILL, on the same port', async () => {
    const server = await NatsServer.start();
    const before = await connectTo(server, { reconnect: false });
    const manager = await jetstreamManager(before, PATIENT);
    await manager.streams.add({ name: 'LOG', subjects: ['LOG.*'] });
    for (const text of ['one', 'two']) await jetstream(before, PATIENT).publish('LOG.3', text);
    const { port, pid } = server;
    await server.kill();
    expect(server.isRunning).toBe(false);
    expect(server.port).toBe(port);
    await server.restart();
    expect(server.pid).not.toBe(pid);
    const client = await connectTo(server);
    const stored = await storedMessages(client, 'LOG');
    expect(stored.map((message) => [message.subject, message.seq, message.string()])).toEqual([
      ['LOG.3', 1, 'one'],
      ['LOG.3', 2, 'two'],
    ]);
  });

  test('that is paused answers nothing until it is resumed', async () => {
    const server = await NatsServer.start();
    const client = await connectTo(server);
    await server.pause();
    let answered = false;
    const answer = client.flush().then(() => (answered = true));
    await turns();
    expect(answered).toBe(false);
    server.resume();
    await answer;
  });

  test('that stops closes its connections', async () => {
    const server = await NatsServer.start();
    const client = await connectTo(server, { reconnect: false });
    await server.stop();
    await client.closed();
  });

  test('takes only its users', async () => {
    const server = await NatsServer.start({ users: [{ user: 'daq', password: 'a "b" $c' }] });
    await (await connectTo(server)).flush();
    await expect(connectTo(server, { pass: 'wrong' })).rejects.toThrow(/authorization/i);
    await server.restart({ users: [{ user: 'daq', password: 'other' }] });
    await (await connectTo(server, { pass: 'other' })).flush();
  });

  test('takes only clients with its token', async () => {
    const server = await NatsServer.start({ token: 'secret' });
    await (await connectTo(server)).flush();
    await expect(connectTo(server.url)).rejects.toThrow(/authorization/i);
  });

  test.each([true, 'verify'] as const)('speaks TLS: %s', async (tls) => {
    const server = await NatsServer.start({ tls });
    const client = await connectTo(server);
    expect(client.info).toMatchObject({ tls_required: true });
    await client.flush();
    await expect(connectTo(server.url)).rejects.toThrow();
  });

  test('that cannot start says why', async () => {
    await expect(NatsServer.start({ more: { no_such_key: 1 } })).rejects.toThrow(/no_such_key/);
  });

  test('leaves nothing behind', async () => {
    const server = await NatsServer.start();
    const { dataDir, pid } = server;
    const client = await connectTo(server);
    expect(existsSync(dataDir)).toBe(true);
    await endNats();
    expect(existsSync(dataDir)).toBe(false);
    expect(client.isClosed()).toBe(true);
    await waitFor('the process to be gone', () => !existsSync(`/proc/${pid}`));
  });
});
