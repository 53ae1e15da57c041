// Faults of the cluster of the tests itself. The servers take 4 to 9 s for an election.

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectTo, describeWithNats, endNats, NatsCluster, PATIENT, storedMessages } from '../helpers/nats';
import { waitFor } from '../helpers/wait';

const STREAM = 'LOG';
const SUBJECT = `${STREAM}.0`;

afterEach(endNats);

/** A cluster with a stream on all of its servers. */
async function start(): Promise<NatsCluster> {
  const cluster = await NatsCluster.start();
  const manager = await jetstreamManager(await connectTo(cluster), PATIENT);
  await manager.streams.add({ name: STREAM, subjects: [SUBJECT], num_replicas: 3 });
  return cluster;
}

/** Again and again until it is acknowledged. */
async function publish(client: NatsConnection, text: string): Promise<void> {
  const log = jetstream(client, { timeout: 2_000 });
  await waitFor('an acknowledgement', () =>
    log.publish(SUBJECT, text, { msgID: text }).then(
      () => true,
      () => false,
    ),
  );
}

async function texts(client: NatsConnection): Promise<string[]> {
  return (await storedMessages(client, STREAM)).map((message) => message.string());
}

describeWithNats('a cluster', () => {
  test('goes on without its leader, and with it after a restart', async () => {
    const cluster = await start();
    const client = await connectTo(cluster);
    await publish(client, 'one');
    const leader = await cluster.leaderOf(STREAM);
    await cluster.kill(leader);
    expect(await cluster.leaderOf(STREAM)).not.toBe(leader);
    await publish(client, 'two');
    await cluster.restart(leader);
    expect(await texts(await connectTo(cluster.urlOf(leader)))).toEqual(['one', 'two']);
  });

  test.each(['hang', 'stall', 'drop'] as const)(
    'goes on without a leader that is cut off: %s',
    async (how) => {
      const cluster = await start();
      const leader = await cluster.leaderOf(STREAM);
      const lost = await connectTo(cluster.urlOf(leader), { reconnect: false });
      await cluster.cut(leader, { how });
      const next = await cluster.leaderOf(STREAM);
      expect(next).not.toBe(leader);
      if (how === 'drop') await lost.closed();
      // Neither the server nor its client has noticed.
      else expect(lost.isClosed()).toBe(false);
      await publish(await connectTo(cluster.urlOf(next)), 'two');
      await cluster.heal(leader);
      if (how === 'hang') await lost.closed();
      await cluster.ready();
      expect(await texts(await connectTo(cluster.urlOf(leader)))).toEqual(['two']);
    },
  );

  test('leaves a client with a leader that has lost the other servers, and takes nothing from it', async () => {
    const cluster = await start();
    const leader = await cluster.leaderOf(STREAM);
    const client = await connectTo(cluster.urlOf(leader));
    await cluster.cut(leader, { clients: false });
    await client.flush();
    await expect(jetstream(client, { timeout: 1_000 }).publish(SUBJECT, 'lost')).rejects.toThrow();
    const next = await cluster.leaderOf(STREAM);
    await publish(await connectTo(cluster.urlOf(next)), 'kept');
    await cluster.heal(leader);
    await cluster.ready();
    expect(await texts(client)).toEqual(['kept']);
  });

  test('takes nothing without a majority, and goes on with one', async () => {
    const cluster = await start();
    await cluster.kill(1);
    await cluster.kill(2);
    const client = await connectTo(cluster.urlOf(0));
    await expect(jetstream(client, { timeout: 1_000 }).publish(SUBJECT, 'lost')).rejects.toThrow();
    await cluster.restart(1);
    await publish(client, 'kept');
    await cluster.restart(2);
    expect(await texts(await connectTo(cluster.urlOf(2)))).toContain('kept');
  });

  test('goes on without a paused leader', async () => {
    const cluster = await start();
    const leader = await cluster.leaderOf(STREAM);
    await cluster.servers[leader]!.pause();
    const next = await cluster.leaderOf(STREAM);
    await publish(await connectTo(cluster.urlOf(next)), 'kept');
    cluster.servers[leader]!.resume();
    await cluster.ready();
    expect(await texts(await connectTo(cluster.urlOf(leader)))).toEqual(['kept']);
  });
});
