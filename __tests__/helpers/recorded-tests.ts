// A recorded conversation of two real Rogue peers, played to a bridge in the place of each, in slices of any size.

import { Collector, makeClient, makeServer } from './bridges';
import { reservePorts } from './ports';
import { connectRaw, describeFrame, listenRaw, Player, readManifest, readRecording } from './recording';

/** The tests where so much is written at a time; all of it at once for undefined. */
export function testRecorded(sliceBytes?: number): void {
  test('client delivers exactly the frames of the manifest that the Rogue server sent', async () => {
    const port = await reservePorts();
    const { connection } = await listenRaw(port + 1);
    const client = await makeClient(port);
    const collector = client.to(new Collector());
    const manifest = readManifest('next-port.server-to-client');

    const player = new Player(await connection, readRecording('next-port.server-to-client'), sliceBytes);
    await player.play();
    await collector.waitForCount(manifest.length);

    expect(collector.frames.map(describeFrame)).toEqual(manifest);
    expect(player.answer).toEqual(readRecording('next-port.client-to-server'));
    expect(client.stats).toMatchObject({ framesReceived: manifest.length, malformed: 0, slaveErrors: 0 });
  });

  test('server delivers exactly the frames of the manifest that the Rogue client sent', async () => {
    const server = await makeServer();
    const port = Number(server.logName.split('.').at(-1));
    const collector = server.to(new Collector());
    const manifest = readManifest('base-port.client-to-server');

    const player = new Player(
      await connectRaw(port),
      readRecording('base-port.client-to-server'),
      sliceBytes,
    );
    await player.play();
    await collector.waitForCount(manifest.length);

    expect(collector.frames.map(describeFrame)).toEqual(manifest);
    expect(player.answer).toEqual(readRecording('base-port.server-to-client'));
  });
}
