// Who may look: one test a line of the order of checks, over real sockets; and what no browser may do to the gateway.

import { request } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { hostname, networkInterfaces } from 'node:os';
import { Frame } from '../../lib';
import { ViewServer } from '../../lib/view';
import { MAX_REQUEST_BYTES, SUBPROTOCOL } from '../../lib/view/protocol';
import { collectLog } from '../helpers/log';
import { WATCH } from '../helpers/page-client';
import { closeViews, lookAt, makeView } from '../helpers/views';
import { waitFor } from '../helpers/wait';

afterEach(async () => {
  await closeViews();
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

function ask(
  server: ViewServer,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request(
      { host: '127.0.0.1', port: server.port, path, headers, method, setHost: !('host' in headers) },
      (response) => {
        let body = '';
        response.on('data', (data: Buffer) => (body += data.toString()));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
      },
    );
    asking.on('error', reject);
    asking.end();
  });
}

const TOKEN = 'a-token-of-tests';

describe('an upgrade is refused', () => {
  test('with 404 anywhere else than at /ws', async () => {
    const server = await makeView({ token: TOKEN });
    const headers = { connection: 'upgrade', upgrade: 'websocket', host: 'evil.example' };
    expect(await upgradeStatus(server, '/other', headers)).toBe(404);
  });

  test('with 421 under a foreign host, before anything else is looked at', async () => {
    const server = await makeView({ token: TOKEN });
    await expect(
      lookAt(server, { headers: { host: 'evil.example', origin: 'http://evil.example' } }),
    ).rejects.toThrow(/HTTP 421: .*evil\.example.*--http-host/);
  });

  test('with 403 for a page of another origin', async () => {
    const server = await makeView();
    await expect(lookAt(server, { origin: 'http://evil.example' })).rejects.toThrow(
      /HTTP 403: .*http:\/\/evil\.example/,
    );
    await expect(lookAt(server, { origin: `http://127.0.0.1:${server.port + 1}` })).rejects.toThrow(
      /HTTP 403/,
    );
    await expect(lookAt(server, { origin: 'null' })).rejects.toThrow(/HTTP 403/);
  });

  test('with 401 without the token, and with a wrong one', async () => {
    const server = await makeView({ token: TOKEN });
    for (const [path, message] of [
      ['/ws', /needs a token/],
      ['/ws?token=wrong-token', /is wrong/],
    ] as const) {
      const answer = await ask(server, path);
      expect(answer.status).toBe(401);
      expect(answer.body).toMatch(message);
      expect(await upgradeStatus(server, path, {})).toBe(401);
    }
  });

  test('with 400 without the subprotocol', async () => {
    const server = await makeView();
    await expect(lookAt(server, {}, [])).rejects.toThrow(/HTTP 400: .*rogue-bridge\.view\.v1/);
    await expect(lookAt(server, {}, ['rogue-bridge.view.v0'])).rejects.toThrow(/HTTP 400/);
    const page = await lookAt(server, {}, ['rogue-bridge.view.v0', SUBPROTOCOL]);
    expect(page.socket.protocol).toBe(SUBPROTOCOL);
  });

  test('with 503 when all viewers are there, and GET tells the page why', async () => {
    const server = await makeView({ maxViewers: 2 });
    const first = await lookAt(server);
    await lookAt(server);
    await expect(lookAt(server)).rejects.toThrow(/HTTP 503: .*"viewers":2/);
    expect(JSON.parse((await ask(server, '/ws')).body)).toMatchObject({ viewers: 2 });
    first.socket.terminate();
    await waitFor('a free place', () => server.viewerCount === 1);
    expect((await ask(server, '/ws')).status).toBe(426);
    await lookAt(server);
  });

  async function upgradeStatus(
    server: ViewServer,
    path: string,
    headers: Record<string, string>,
  ): Promise<number> {
    const all = { connection: 'upgrade', upgrade: 'websocket', host: `127.0.0.1:${server.port}`, ...headers };
    const asking = request({ host: '127.0.0.1', port: server.port, path, headers: all });
    asking.end();
    const [response] = (await once(asking, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    return response.statusCode;
  }
});

describe('hosts', () => {
  test.each(['localhost', 'LOCALHOST:8080', '127.0.0.1', '[::1]:8080', '10.1.2.3:9', hostname()])(
    '%s may be in the address',
    async (host) => {
      expect((await ask(await makeView(), '/history', { host })).status).toBe(200);
    },
  );

  test.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'a b', ''])(
    "'%s' may not",
    async (host) => {
      expect((await ask(await makeView(), '/history', { host })).status).toBe(421);
    },
  );

  test('may be named', async () => {
    const server = await makeView({ hosts: ['daq.example'] });
    expect((await ask(server, '/history', { host: 'DAQ.example:8080' })).status).toBe(200);
  });
});

describe('origins', () => {
  test('of the page itself may look, under whatever name it was opened', async () => {
    const server = await makeView();
    await lookAt(server, { headers: { host: 'localhost:99' }, origin: 'http://localhost:99' });
    await lookAt(server, { headers: { host: 'localhost:99' }, origin: 'https://localhost:99' });
  });

  test('may be named, with or without a slash', async () => {
    const server = await makeView({ origins: ['http://localhost:3000/'] });
    await lookAt(server, { origin: 'http://localhost:3000' });
  });

  test('that are foreign get no frame and no history', async () => {
    const server = await makeView();
    void server.acceptFrame(new Frame(Buffer.from('secret')));
    const { status, body } = await ask(server, '/frames/0/1', { origin: 'http://evil.example' });
    expect(status).toBe(403);
    expect(body).not.toContain('secret');
  });
});

describe('a request', () => {
  test('of another site without an Origin, as browsers send it for images, is refused; a link from there is not', async () => {
    const server = await makeView();
    const foreign = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
    expect((await ask(server, '/frames/0/1', foreign)).status).toBe(403);
    expect((await ask(server, '/metrics?channels', foreign)).status).toBe(403);
    expect((await ask(server, '/', { ...foreign, 'sec-fetch-mode': 'navigate' })).status).toBe(200);
    expect((await ask(server, '/history', { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  test('that offers another upgrade than a WebSocket is answered as a plain one', async () => {
    const server = await makeView();
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
    const { status, body } = await ask(server, '/healthz', headers);
    expect([status, body]).toEqual([200, 'ok\n']);
  });

  test('for the history is answered for a few spans each second', async () => {
    const server = await makeView();
    const all = await Promise.all(
      Array.from({ length: 30 }, (_, i) => ask(server, `/history?seconds=${60 + i}`)),
    );
    const statuses = new Set(all.map(({ status }) => status));
    expect([...statuses].sort()).toEqual([200, 503]);
  });
});

describe('a token', () => {
  test('goes from the address into a cookie that scripts cannot read', async () => {
    const server = await makeView({ token: TOKEN });
    const moved = await ask(server, `/?token=${TOKEN}`);
    expect(moved.status).toBe(302);
    expect(moved.headers).toMatchObject({ location: '/', 'referrer-policy': 'no-referrer' });
    const [cookie] = moved.headers['set-cookie'] as string[];
    expect(cookie).toBe(`rogue-bridge-${server.port}=${TOKEN}; HttpOnly; SameSite=Lax; Path=/`);
    const value = cookie!.split(';')[0]!;
    expect((await ask(server, '/history', { cookie: `other=1; ${value}` })).status).toBe(200);
    expect((await ask(server, '/history', { cookie: `${value}x` })).status).toBe(401);
    expect((await ask(server, '/')).status).toBe(401);
  });

  test('may come as Prometheus sends it', async () => {
    const server = await makeView({ token: TOKEN });
    expect((await ask(server, '/history', { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
    expect((await ask(server, '/history', { authorization: 'Bearer other-token' })).status).toBe(401);
  });

  test('is asked for beyond this machine, a new one each time, and stands in the address that is printed', async () => {
    const [one, other, own] = [
      await makeView({ host: '0.0.0.0' }),
      await makeView({ host: '*' }),
      await makeView(),
    ];
    expect(one.token).toMatch(/^[\w-]{24}$/);
    expect(other.token).not.toBe(one.token);
    expect(one.url).toBe(`http://${hostname()}:${one.port}/?token=${one.token}`);
    expect((await ask(one, '/history')).status).toBe(401);
    expect([own.token, own.url]).toEqual([undefined, `http://127.0.0.1:${own.port}/`]);
    await lookAt(one);
  });

  test('is in no log and in no error', async () => {
    const lines = collectLog();
    const server = await makeView({ token: TOKEN });
    await ask(server, `/?token=${TOKEN}x`);
    await ask(server, `/ws?token=${TOKEN}`);
    await expect(ViewServer.create({ token: 'bad secret!' })).rejects.toThrow(/^(?!.*secret)/);
    expect(lines.join('\n')).not.toContain(TOKEN);
  });
});

test('only those that allow names may connect', async () => {
  const server = await makeView({ host: '0.0.0.0', allow: ['10.0.0.0/8'] });
  await expect(ask(server, '/')).rejects.toMatchObject({ code: 'ECONNRESET' });
  const named = await makeView({ allow: ['127.0.0.0/8'] });
  expect((await ask(named, '/history')).status).toBe(200);
});

test('only this machine can connect by default', async () => {
  const server = await makeView();
  const other = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.internal === false && one.family === 'IPv4');
  // A machine without a network has no address to try.
  if (other === undefined) return;
  const socket = connect(server.port, other.address);
  await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

describe('every answer', () => {
  test.each(['/', '/page.js', '/nothing', '/history', '/ws', '/frames/0/9'])(
    '%s has the strict policy',
    async (path) => {
      const { headers } = await ask(await makeView(), path);
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; " +
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    },
  );

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('to %s is 405', async (method) => {
    const { status, headers } = await ask(await makeView(), '/', {}, method);
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  test('to HEAD has no body', async () => {
    const { status, headers, body } = await ask(await makeView(), '/history', {}, 'HEAD');
    expect([status, body]).toEqual([200, '']);
    expect(Number(headers['content-length'])).toBeGreaterThan(0);
  });

  test.each([
    '/../package.json',
    '//evil.example/',
    '/%2e%2e/x',
    '/frames/0/1e9',
    '/frames/-1/1',
    '/history?seconds=x',
  ])('to %s is an error', async (path) => {
    expect((await ask(await makeView(), path)).status).toBeGreaterThanOrEqual(400);
  });
});

describe('whatever a browser sends', () => {
  test('a message that is too long ends its connection', async () => {
    const page = await lookAt(await makeView());
    page.socket.send('x'.repeat(MAX_REQUEST_BYTES + 1));
    expect((await page.untilClosed()).code).toBe(1009);
  });

  test('a message of a gigabyte is refused by its header', async () => {
    const server = await makeView();
    const page = await lookAt(server);
    // A frame's header alone: text, masked, 2^30 bytes.
    const header = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4]);
    (page.socket as unknown as { _socket: NodeJS.WritableStream })._socket.write(header);
    expect((await page.untilClosed()).code).toBe(1009);
    expect(server.viewerCount).toBe(0);
  });

  test('a binary message ends its connection', async () => {
    const page = await lookAt(await makeView());
    page.socket.send(Buffer.alloc(4));
    expect((await page.untilClosed()).code).toBe(1008);
  });

  test('half a million requests end its connection, and others are served', async () => {
    const server = await makeView();
    const [flood, other] = [await lookAt(server), await lookAt(server)];
    const text = JSON.stringify({ op: 'next', id: 0 });
    for (let i = 0; i < 500_000 && flood.closed === undefined; i++) {
      flood.socket.send(text);
      if (i % 1000 === 999) await new Promise((resolve) => setImmediate(resolve));
    }
    await flood.untilClosed();
    void server.acceptFrame(Frame.from(Uint16Array.of(1, 2)));
    other.send(WATCH, { op: 'next', id: 0 });
    expect((await other.next('preview')).number).toBe(1);
  });

  test('reading nothing makes nothing wait for it beyond a bound', async () => {
    const server = await makeView();
    const page = await lookAt(server);
    page.socket.pause();
    // 250 kB each; asked for without end, and never read.
    const payload = Buffer.alloc(512 * 256 * 2);
    const before = process.memoryUsage().arrayBuffers;
    let asked = 0;
    while (server.viewerCount > 0 && asked < 400) {
      void server.acceptFrame(new Frame(payload));
      page.send({ ...WATCH, view: 'image', shape: [512, 256] }, { op: 'next', id: 0 });
      asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });

  test('garbage instead of HTTP ends its connection alone', async () => {
    const server = await makeView();
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('\x00\x01\x02 garbage\r\n\r\n');
    await once(socket, 'close');
    expect((await ask(server, '/history')).status).toBe(200);
  });
});
