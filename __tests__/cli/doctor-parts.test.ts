// What doctor makes of bytes, of pairs of findings and of limits, without a socket.

import { examine } from '../../lib/cli/doctor/diagnosis';
import { capacityOf, readLimits, type Limits } from '../../lib/cli/doctor/limits';
import { reportOf } from '../../lib/cli/doctor/system-check';
import { judge, type Finding } from '../../lib/cli/doctor/zmtp-probe';
import { COMMAND, commandBody, greeting, LONG, part, property, ready } from '../helpers/raw-peer';

const bytes = (...parts: (Buffer | string)[]): Buffer =>
  Buffer.concat(parts.map((one) => (typeof one === 'string' ? Buffer.from(one, 'latin1') : one)));

describe('judge', () => {
  test.each<[string, Buffer, Partial<Finding> | undefined, Partial<Finding>]>([
    ['nothing', bytes(), undefined, { state: 'silent' }],
    ['a part of a greeting', greeting().subarray(0, 30), undefined, { state: 'stuck' }],
    ['a greeting', greeting(), undefined, { state: 'stuck', version: '3.1' }],
    [
      'a part of READY',
      bytes(greeting(), ready('PULL').subarray(0, 20)),
      undefined,
      { state: 'stuck', mechanism: 'NULL' },
    ],
    ['SSH', bytes('SSH-2.0-OpenSSH_9.2\r\n'), { seems: 'an SSH peer' }, { state: 'stranger' }],
    ['a TLS alert', bytes('\x15\x03\x01\x00\x02\x02\x46'), { seems: 'a TLS peer' }, { state: 'stranger' }],
    ['Telnet', bytes('\xff\xfd\x18'), undefined, { state: 'stranger', seems: 'a Telnet server' }],
    ['ZMTP 1.0', bytes('\x01\x00'), { seems: 'a ZMTP 1.0 peer (ZeroMQ 2)' }, { state: 'stranger' }],
    ['ZMTP 2.0', bytes(greeting({ major: 1 }).subarray(0, 12)), { version: '2.0' }, { state: 'old' }],
    ['noise', bytes('\x1b[2J\x9b'), { said: '\\x1b[2J\\x9b' }, { state: 'stranger' }],
    ['ZMTP 3.0', bytes(greeting({ minor: 0 }), ready('PULL')), { version: '3.0' }, { state: 'ready' }],
    ['CURVE', greeting({ mechanism: 'CURVE' }), { mechanism: 'CURVE' }, { state: 'secured' }],
    [
      'a long READY, its type behind another property',
      bytes(
        greeting(),
        part(
          COMMAND | LONG,
          commandBody('READY', bytes(property('Identity', ''), property('SOCKET-TYPE', 'SUB'))),
        ),
      ),
      { socketType: 'SUB' },
      { state: 'ready' },
    ],
    [
      'a READY that runs past its own end',
      bytes(greeting(), part(COMMAND, commandBody('READY', property('Socket-Type', 'PULL').subarray(0, -1)))),
      { socketType: '' },
      { state: 'ready' },
    ],
    [
      'an ERROR',
      bytes(greeting(), part(COMMAND, commandBody('ERROR', '\x03400'))),
      { said: '400' },
      { state: 'refused' },
    ],
    [
      'a command that claims 4 GB',
      bytes(greeting(), part(COMMAND | LONG, '').subarray(0, 1), '\0\0\0\x01\0\0\0\0'),
      {},
      { state: 'stranger' },
    ],
    ['data in place of READY', bytes(greeting(), part(0, 'data')), {}, { state: 'stranger' }],
  ])('%s', (_, heard, atOnce, afterSilence) => {
    if (atOnce === undefined) expect(judge(heard)).toBeUndefined();
    else expect(judge(heard)).toMatchObject(atOnce);
    expect(judge(heard, 'silence')).toMatchObject(afterSilence);
  });

  test('closed before, within and behind the greeting', () => {
    expect(judge(bytes(), 'closed')).toEqual({ state: 'dropped' });
    expect(judge(greeting().subarray(0, 10), 'closed')).toEqual({ state: 'dropped' });
    expect(judge(greeting(), 'closed')).toMatchObject({ state: 'refused', mechanism: 'NULL' });
  });
});

describe('examine', () => {
  const PULL: Finding = { state: 'ready', version: '3.1', mechanism: 'NULL', socketType: 'PULL' };
  const PUSH: Finding = { ...PULL, socketType: 'PUSH' };
  const SHUT: Finding = { state: 'closed', why: 'ECONNREFUSED' };
  const LATE: Finding = { state: 'closed', why: 'TIMEOUT' };

  /** Findings from P - 1 to P + 2 for P = 8000. */
  async function diagnose(
    below: Finding,
    base: Finding,
    next: Finding,
    above: Finding,
  ): Promise<[string, string, string]> {
    const findings = [below, base, next, above];
    const look = (port: number): Promise<Finding> => Promise.resolve(findings[port - 7999]!);
    const { diagnosis } = await examine({ addr: 'host', port: 8000 }, '3 s', look);
    return [diagnosis.code, diagnosis.text, diagnosis.advice];
  }

  test.each<[Finding[], string, RegExp, RegExp]>([
    [[SHUT, PULL, PUSH, SHUT], 'fine', /receives on 8000 and sends on 8001/, /memory bridge/],
    [[SHUT, SHUT, SHUT, SHUT], 'nothing-listens', /Nothing listens on host:8000 and 8001/, /Start/],
    [[SHUT, LATE, SHUT, SHUT], 'nothing-listens', /did not answer within 3 s/, /firewall/],
    [
      [SHUT, { state: 'closed', why: 'EHOSTUNREACH' }, LATE, SHUT],
      'nothing-listens',
      /EHOSTUNREACH/,
      /route/,
    ],
    [[SHUT, PULL, LATE, SHUT], 'one-port', /Only 8000 is open/, /Let 8001 through/],
    [[SHUT, SHUT, PUSH, SHUT], 'one-port', /Only 8001 is open/, /Let 8000 through/],
    [[PULL, PUSH, SHUT, SHUT], 'off-by-one', /one too high.*server at host:7999/, /Give host:7999\.$/],
    [[PULL, PUSH, PULL, PUSH], 'off-by-one', /one too high/, /Give host:7999, or host:8001/],
    [[SHUT, SHUT, PULL, PUSH], 'off-by-one', /one too low: the server's is 8001/, /Give host:8001/],
    [[SHUT, SHUT, PULL, SHUT], 'off-by-one', /8001 receives/, /Give host:8001/],
    [[SHUT, PUSH, PULL, SHUT], 'swapped', /8000 sends and 8001 receives/, /bind PULL to 8000/],
    [[SHUT, PUSH, SHUT, SHUT], 'wrong-type', /but 7999 is none: nothing listens/, /base port/],
    [[SHUT, PULL, PULL, SHUT], 'wrong-type', /host:8001 is a ZeroMQ PULL/, /mixed up/],
    [[SHUT, { state: 'old', version: '2.0' }, SHUT, SHUT], 'old-zmtp', /ZMTP 2\.0/, /4\.0/],
    [[SHUT, PULL, { state: 'refused', mechanism: 'NULL', said: '400' }, SHUT], 'refused', /"400"/, /allow/],
  ])('%j', async (findings, code, text, advice) => {
    const [below, base, next, above] = findings as [Finding, Finding, Finding, Finding];
    const [gotCode, gotText, gotAdvice] = await diagnose(below, base, next, above);
    expect(gotCode).toBe(code);
    expect(gotText).toMatch(text);
    expect(gotAdvice).toMatch(advice);
  });

  test('the neighbours of the first and the last port', async () => {
    const look = (finding: Finding) => (): Promise<Finding> => Promise.resolve(finding);
    const first = await examine({ addr: 'host', port: 1 }, '3 s', look(PUSH));
    expect(first.ports.map(({ port }) => port)).toEqual([1, 2]);
    const last = await examine({ addr: 'host', port: 65_534 }, '3 s', (port) =>
      Promise.resolve(port === 65_535 ? PULL : SHUT),
    );
    expect(last.ports.map(({ port }) => port)).toEqual([65_534, 65_535]);
    expect([first, last].map(({ diagnosis }) => diagnosis.code)).toEqual(['wrong-type', 'wrong-type']);
  });
});

describe('limits', () => {
  const FILES: Readonly<Record<string, string>> = {
    '/proc/self/limits':
      'Limit                     Soft Limit           Hard Limit           Units     \n' +
      'Max processes             unlimited            unlimited            processes \n' +
      'Max open files            1024                 4096                 files     \n',
    '/proc/sys/fs/file-max': '9223372036854775807\n',
    '/proc/sys/fs/file-nr': '504\t0\t9223372036854775807\n',
    '/proc/sys/fs/nr_open': '1048576\n',
    '/proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
  };
  const linux = (more: Readonly<Record<string, string>> = {}): Limits =>
    readLimits((path) => ({ ...FILES, ...more })[path], 20);

  test('what Linux says is read', () => {
    expect(linux()).toMatchObject({
      openFiles: { soft: 1024, hard: 4096 },
      processes: Infinity,
      nrOpen: 1_048_576,
      fileUse: 504,
      threadsMax: undefined,
      portRange: { first: 32_768, last: 60_999 },
    });
  });

  test('what fits is what the descriptors are enough for', () => {
    // 1024 less 20 that are open and 16 to spare; 9 for libzmq.
    expect(capacityOf(linux(), 'libzmq')).toMatchObject({ servers: 97, clients: 122 });
    expect(capacityOf(linux(), 'native')).toMatchObject({ servers: 247, clients: 494 });
    const full = linux({ '/proc/sys/fs/file-max': '600' });
    expect(capacityOf(full, 'native')).toMatchObject({ servers: 20 });
    expect(capacityOf(linux({ '/proc/sys/fs/file-max': '500' }), 'native')).toMatchObject({ servers: 0 });
  });

  test('one engine is enough', () => {
    const report = reportOf(linux(), undefined, 200);
    expect(report.ok).toBe(true);
    expect(report.wanted).toMatchObject({ libzmq: false, native: true });
    expect(report.wanted!.text).toContain('fit on the native engine, not on libzmq');
    expect(report.wanted!.raise).toMatchObject([{ limit: 'open files', to: 2048 }]);
    expect(report.checks[0]).toMatchObject({ verdict: 'warn' });
  });

  test('what is raised is enough for what was asked', () => {
    for (const bridges of [164, 5000, 32_767, 300_000]) {
      const before = reportOf(linux({ '/proc/sys/fs/file-max': '1024' }), undefined, bridges);
      const raised = new Map(before.wanted!.raise.map(({ limit, to }) => [limit, String(to)]));
      const limits = linux({
        '/proc/self/limits': `Max open files  ${raised.get('open files')!}  4096  files`,
        '/proc/sys/fs/file-max': raised.get('fs.file-max')!,
      });
      const { ok, wanted } = reportOf(limits, undefined, bridges);
      expect({ ok, raise: wanted!.raise }).toEqual({ ok: true, raise: [] });
      expect(raised.has('fs.nr_open')).toBe(bridges === 300_000);
    }
  });

  test('more than any setting allows has no lines, but a reason', () => {
    const { ok, wanted } = reportOf(linux(), undefined, 1e9);
    expect(ok).toBe(false);
    expect(wanted!.raise).toEqual([]);
    expect(wanted!.text).toContain('No setting allows one process as many');
  });

  test('without /proc all is unknown, and nothing fails', () => {
    const { ok, checks, wanted } = reportOf(
      readLimits(() => undefined, 0),
      undefined,
      10,
    );
    expect(ok).toBe(true);
    expect(checks.map(({ verdict }) => verdict)).toEqual([...Array<string>(6).fill('unknown'), 'ok']);
    expect(wanted!.text).toContain('unknown: this system does not tell its limits');
  });

  test('a loopback that does not work is a fault', () => {
    const { ok, checks } = reportOf(linux(), 'EADDRNOTAVAIL', undefined);
    expect(ok).toBe(false);
    expect(checks.at(-1)).toMatchObject({ value: 'EADDRNOTAVAIL', verdict: 'fail' });
  });
});
