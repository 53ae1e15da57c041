// The cluster of the tests itself: what tests of the log rely on.

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connectTo, describeWithNats, endNats, NatsCluster, PATIENT, storedMessages } from '../helpers/nats';
import { waitFor } from '../helpers/wait';

afterEach(endNats);

describeWithNats('a cluster', () => {
  test('keeps a stream on three servers that know each other through proxies only', async () => {
    const cluster = await NatsCluster.start();
    const client = await connectTo(cluster);
    expect(client.info).toMatchObject({ cluster: 'test', jetstream: true });
    expect(client.info!.connect_urls).toBeUndefined();
    const manager = await jetstreamManager(client, PATIENT);
    await manager.streams.add({ name: 'LOG', subjects: ['LOG.*'], num_replicas: 3 });
    await jetstream(client, PATIENT).publish('LOG.0', 'one');
    expect((await storedMessages(client, 'LOG')).map((message) => message.string())).toEqual(['one']);
    const { cluster: group } = await manager.streams.info('LOG');
    expect(group!.leader).toBe(`n${(await cluster.leaderOf('LOG')) + 1}`);
    // Each server makes a route to each other one; of two between the same servers they end one.
    const open = (): number => cluster.routes.all.reduce((sum, { connections }) => sum + connections, 0);
    await waitFor('one route between each two', () => open() === 3, undefined, open);
    for (const server of cluster.servers) expect(await server.ask('routez')).toMatchObject({ num_routes: 2 });
  });

  test('asks for users and TLS', async () => {
    const cluster = await NatsCluster.start({ tls: 'verify', users: [{ user: 'daq', password: 'secret' }] });
    const client = await connectTo(cluster);
    expect(client.info).toMatchObject({ tls_required: true });
    await expect(connectTo(cluster, { pass: 'wrong' })).rejects.toThrow(/authorization/i);
  });
});
