// watch, as lines of JSON and as a person sees it in a terminal.

import { Frame } from '../../lib';
import { LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { reservePorts } from '../helpers/ports';
import { endProgramsHere, rogueBridgeHere } from '../helpers/program-here';
import { endRaw, playServer } from '../helpers/recording';
import { describeInTerminal, endTerminals, Terminal } from '../helpers/terminal';
import { turns, waitFor } from '../helpers/wait';

afterEach(async () => {
  endTerminals();
  endRaw();
  await endProgramsHere();
  await stopBridges();
});

interface Line {
  connected: boolean;
  frames: number;
  bytes: number;
  errors: number;
  channels: Record<string, Record<string, number>>;
}

test.each(['libzmq', 'native'])('a line of JSON a second, with every channel (%s)', async (engine) => {
  const port = await reservePorts();
  const program = rogueBridgeHere('watch', `${LOOPBACK}:${port}`, '--engine', engine);
  const server = await makeServer(port);
  for (let i = 0; i < 30; i++) {
    await server.acceptFrame(
      new Frame(100 * (1 + (i % 3)), { channel: i % 3, flags: i, error: i === 7 ? 9 : 0 }),
    );
  }
  await program.prints('"frames":30');
  program.interrupt();
  expect(await program.end()).toBe(0);
  const line = JSON.parse(program.stdout.trim().split('\n').at(-1)!) as Line;
  expect(line).toMatchObject({ frames: 30, bytes: 6000, errors: 1, malformed: 0 });
  expect(line.channels).toEqual({
    0: { frames: 10, bytes: 1000, errors: 0, flags: 27, minBytes: 100, meanBytes: 100, maxBytes: 100 },
    1: { frames: 10, bytes: 2000, errors: 1, flags: 28, minBytes: 200, meanBytes: 200, maxBytes: 200 },
    2: { frames: 10, bytes: 3000, errors: 0, flags: 29, minBytes: 300, meanBytes: 300, maxBytes: 300 },
  });
  expect(program.stderr).toMatch(/^30 frames, 6\.00 kB in 0:0\d: .*; 1 frame with an error$/m);
});

test('connected or not: it waits for its peer, and sees it go', async () => {
  const port = await reservePorts();
  const program = rogueBridgeHere('watch', '--listen', `${LOOPBACK}:${port}`);
  await program.prints('"connected":false');
  const client = await makeClient(port);
  await program.prints('"connected":true');
  await client.stop();
  await waitFor(
    'it to be seen',
    () => program.stdout.lastIndexOf('false') > program.stdout.lastIndexOf('true'),
  );
});

test('--duration ends it', async () => {
  const port = await reservePorts();
  const program = rogueBridgeHere('watch', `${LOOPBACK}:${port}`, '--duration', '100ms', '--json');
  expect(await program.end()).toBe(0);
});

test('--duration: a line for each second of it, and the last has all that the summary has', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const program = rogueBridgeHere('watch', `${LOOPBACK}:${port}`, '--duration', 2, '--json');
  let isOver = false;
  const sending = (async () => {
    while (!isOver) {
      await server.acceptFrame(new Frame(100));
      await turns(1);
    }
  })().catch(() => undefined);
  expect(await program.end()).toBe(0);
  isOver = true;
  await server.stop();
  await sending;
  const lines = program.stdout.trim().split('\n');
  // One a second, and one at the end, which may be the same.
  expect(lines.length).toBeGreaterThanOrEqual(2);
  const frames = Number(/^([\d ]+) frames,/m.exec(program.stderr)![1]!.replaceAll(' ', ''));
  expect(frames).toBeGreaterThan(0);
  expect((JSON.parse(lines.at(-1)!) as Line).frames).toBe(frames);
});

test('a recorded Rogue server: every frame of it is counted', async () => {
  const port = await reservePorts();
  const { played, frames } = await playServer(port);
  const program = rogueBridgeHere('watch', `${LOOPBACK}:${port}`, '--json');
  await played;
  await program.prints(`"frames":${frames.length},`);
});

test('a port that nobody listens on is told of once, as doctor tells it', async () => {
  const port = await reservePorts();
  const program = rogueBridgeHere('watch', `${LOOPBACK}:${port}`, '--json');
  await program.complains(`Nothing listens on ${LOOPBACK}:${port} and ${port + 1}. Start the server`);
  const server = await makeServer(port);
  await server.waitForPeer({ timeoutMs: 20_000 });
  await program.prints('"connected":true');
  program.interrupt();
  expect(await program.end()).toBe(0);
  expect(program.stderr.match(/Nothing listens/g)).toHaveLength(1);
});

describeInTerminal('in a terminal (needs tmux)', () => {
  async function show(columns: number, rows: number): Promise<Terminal> {
    const port = await reservePorts();
    const terminal = new Terminal(columns, rows, 'watch', `${LOOPBACK}:${port}`);
    const server = await makeServer(port);
    for (let i = 0; i < 400; i++) {
      await server.acceptFrame(
        new Frame(Buffer.from(`frame ${i}`.padEnd(100, '.')), { channel: i % 40, flags: 0x0201 }),
      );
    }
    const { text } = terminal;
    await waitFor('all frames', () => text().includes('total        400 frames'), undefined, text);
    // Frames may come before the other direction is there.
    await waitFor('both directions', () => / {2}connected {2}/.test(text()), undefined, text);
    return terminal;
  }

  test('says where its live page is', async () => {
    const port = await reservePorts();
    const terminal = new Terminal(120, 24, 'watch', `${LOOPBACK}:${port}`, '--view', '127.0.0.1:0');
    const { text } = terminal;
    await waitFor(
      'the address',
      () => /as a client, page http:\/\/127\.0\.0\.1:\d+\//.test(text()),
      undefined,
      text,
    );
  });

  test.each([
    [80, 24],
    [200, 50],
    [50, 15],
  ])(
    '%i x %i: connected, rates, channels, the last frame, and nothing beyond the edge',
    async (columns, rows) => {
      const { text, lines: seen } = await show(columns, rows);
      expect(seen).toHaveLength(rows);
      expect(Math.max(...seen.map(({ length }) => length))).toBeLessThanOrEqual(columns);
      expect(seen[0]).toMatch(/^127\.0\.0\.1:\d+, as a client +connected {2}0:\d\d$/);
      expect(seen.at(-1)).toMatch(/^q quits {2}what comes here reaches no other client/);
      for (const words of [
        'now ',
        'since start',
        'last minute',
        'channel',
        '0x0201',
        'last frame: channel 39',
      ]) {
        expect(text()).toContain(words);
      }
      expect(text()).toMatch(/^00000000 +66 72 61 6d +65 20 33 39|^00000000 +66 72 61 6d 65 20 33 39/m);
      // Forty channels are more than fit, and that is said; where they fit, the sizes are there, too.
      if (rows < 50) expect(text()).toMatch(/\.\.\. \d+ more channels/);
      if (columns >= 80) expect(text()).toMatch(/min B +mean B +max B/);
    },
  );

  test('at the second port of a server it says so on the screen', async () => {
    const port = await reservePorts([1, 2]);
    const server = await makeServer(port);
    const terminal = new Terminal(80, 24, 'watch', `${LOOPBACK}:${port + 1}`);
    const { text } = terminal;
    await waitFor('the finding', () => text().includes('one too high'), undefined, text);
    expect(terminal.lines[0]).toContain('not connected');
    expect(terminal.lines.slice(2, 5).join(' ')).toBe(
      `The base port is one too high: ${LOOPBACK}:${port + 1} is the second port of the server ` +
        `at ${LOOPBACK}:${port}. Give ${LOOPBACK}:${port}. `,
    );
    expect(server.stats.framesSent).toBe(0);
    terminal.press('q');
    await waitFor('its end', () => text().includes('ENDED 0'), undefined, text);
    expect(text()).toContain('one too high');
  });

  test('what it says of a server that is not there goes when that comes', async () => {
    const port = await reservePorts();
    const { text } = new Terminal(80, 24, 'watch', `${LOOPBACK}:${port}`);
    await waitFor('the finding', () => text().includes('Nothing listens on'), undefined, text);
    await makeServer(port);
    await waitFor('it to be gone', () => !text().includes('Nothing listens on'), undefined, text);
    await waitFor('the server', () => /client +connected/.test(text()), undefined, text);
  });

  test('q ends it, leaves the terminal as it was, and prints the summary', async () => {
    const terminal = await show(80, 24);
    const { text } = terminal;
    terminal.press('q');
    await waitFor('its end', () => text().includes('ENDED 0'), undefined, text);
    expect(text()).toMatch(/^400 frames, 40\.0 kB in 0:0\d: /m);
    expect(text()).not.toContain('q quits');
  });
});
