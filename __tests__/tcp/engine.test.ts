// Which engine a bridge runs on, and how one sends on it.

import { generateCurveKeys, GeneralError, Frame, TcpClient, TcpServer } from '../../lib';
import { Collector, LOOPBACK, makeServer, stopBridges } from '../helpers/bridges';
import { rejection } from '../helpers/errors';
import { reservePorts } from '../helpers/ports';
import { turns } from '../helpers/wait';

const VARIABLE = 'ROGUE_BRIDGE_ENGINE';

afterEach(stopBridges);

describe('engine', () => {
  const before = process.env[VARIABLE];
  afterEach(() => {
    if (before === undefined) Reflect.deleteProperty(process.env, VARIABLE);
    else process.env[VARIABLE] = before;
  });

  const engineOf = async (options: object, variable: string): Promise<string> => {
    process.env[VARIABLE] = variable;
    await using server = await TcpServer.create(LOOPBACK, await reservePorts(), options);
    return server.engine;
  };

  test('is native where nothing is said', async () => {
    expect(await engineOf({}, '')).toBe('native');
    expect(await engineOf({ engine: undefined }, '')).toBe('native');
  });

  test('is what the environment says, unless the bridge names one', async () => {
    expect(await engineOf({}, 'libzmq')).toBe('libzmq');
    expect(await engineOf({ engine: 'native' }, 'libzmq')).toBe('native');
  });

  test('is libzmq with curve, whatever the environment says', async () => {
    const curve = generateCurveKeys();
    expect(await engineOf({ curve }, '')).toBe('libzmq');
    expect(await engineOf({ curve }, 'native')).toBe('libzmq');
  });

  test('native with curve is refused, and the error says what to do', async () => {
    const keys = generateCurveKeys();
    const curve = { ...keys, serverKey: keys.publicKey };
    const err = await rejection(TcpClient.create(LOOPBACK, 8000, { engine: 'native', curve }));
    expect(err).toBeInstanceOf(TypeError);
    expect(err.message).toBe(
      "engine is 'native' and curve is given, but only the libzmq engine has CURVE: leave engine out, or set engine: 'libzmq'",
    );
  });
});

describe('sendFrame on a bridge', () => {
  test('rejects without slaves and names send', async () => {
    const server = await makeServer();
    const err = await rejection(server.sendFrame(new Frame(1)));
    expect(err).toBeInstanceOf(GeneralError);
    expect(err).toMatchObject({ code: 'ERR_NO_SLAVE' });
    expect(err.message).toContain('call send() to send it to a peer');
  });

  test('gives the frame to the slaves, and to no peer', async () => {
    const server = await makeServer();
    const collector = server.to(new Collector());
    await server.sendFrame(new Frame(1));
    expect(collector.frames).toHaveLength(1);
    expect(server.stats).toMatchObject({ framesSent: 0, sendsWaiting: 0, framesReceived: 0 });
  });
});

test('a sender that loops over refused sends lets the event loop go on', async () => {
  const server = await makeServer();
  let stop = false;
  const looping = (async (): Promise<void> => {
    while (!stop) await server.send(new Frame(0))?.catch(() => undefined);
  })();
  // Without its turn the loop would never see this.
  await turns();
  stop = true;
  await looping;
  expect(server.stats.refused).toBeGreaterThan(1);
});
