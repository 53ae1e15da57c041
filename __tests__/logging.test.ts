import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pino } from 'pino';
import { Logging } from '../lib';
import { describeInTerminal, endTerminals, NodeTerminal } from './helpers/terminal';
import { waitFor } from './helpers/wait';

const DIST = JSON.stringify(join(__dirname, '..', 'dist'));

/** Runs a program with the built library and returns what it printed to standard error, a line each. */
function stderrOf(program: string): string[] {
  const code = `const { Logging } = require(${DIST}); ${program}`;
  const output = execFileSync('bash', [
    '--norc',
    '-c',
    'exec "$0" -e "$1" 2>&1 >/dev/null',
    process.execPath,
    code,
  ]);
  return output.toString().split('\n').filter(Boolean);
}

/** Collects what reaches an application's own logger. */
function sink(level = 'trace'): { lines: { level: number; name: string; msg: string }[]; restore(): void } {
  const lines: { level: number; name: string; msg: string }[] = [];
  Logging.setSink(pino({ level }, { write: (line: string) => void lines.push(JSON.parse(line) as never) }));
  return { lines, restore: () => Logging.setSink(undefined) };
}

afterEach(endTerminals);

describe('Logging', () => {
  test("has Rogue's levels with Rogue's numbers", () => {
    const { Critical, Error, Thread, Warning, Info, Debug } = Logging;
    expect({ Critical, Error, Thread, Warning, Info, Debug }).toEqual({
      Critical: 50,
      Error: 40,
      Thread: 35,
      Warning: 30,
      Info: 20,
      Debug: 10,
    });
  });

  test('gives names the prefix pyrogue. unless they have it', () => {
    const names = ['stream.X', 'pyrogue.stream.X', 'pyrogue', 'pyrogueish'].map(
      (name) => Logging.create(name).name,
    );
    expect(names).toEqual(['pyrogue.stream.X', 'pyrogue.stream.X', 'pyrogue', 'pyrogue.pyrogueish']);
  });

  test('writes from Warning on to begin with', () => {
    const { lines, restore } = sink();
    const log = Logging.create('test.default');
    log.info('not this');
    log.warning('this');
    log.thread('this as well');
    log.error('and this');
    log.critical('and this');
    restore();
    expect(lines).toMatchObject([
      { name: 'pyrogue.test.default', msg: 'this', level: 40 },
      { name: 'pyrogue.test.default', msg: 'this as well', level: 40 },
      { name: 'pyrogue.test.default', msg: 'and this', level: 50 },
      { name: 'pyrogue.test.default', msg: 'and this', level: 60 },
    ]);
  });

  test('a filter works on loggers made before and after it, with and without the prefix', () => {
    const before = Logging.create('test.filtered.before');
    const other = Logging.create('test.other');
    expect(before.level).toBe(Logging.Warning);
    Logging.setFilter('test.filtered', Logging.Info);
    const after = Logging.create('test.filtered.after');
    expect([before.level, after.level, other.level]).toEqual([20, 20, 30]);
    Logging.setFilter('pyrogue.test.filtered.after', Logging.Debug);
    expect([before.level, after.level]).toEqual([20, 10]);
  });

  test('the lowest of global level and filters wins', () => {
    const log = Logging.create('test.lowest');
    Logging.setFilter('test.lowest', Logging.Warning);
    Logging.setFilter('test.lowest', Logging.Critical);
    expect(log.level).toBe(Logging.Warning);
    Logging.setLevel(Logging.Debug);
    expect(log.level).toBe(Logging.Debug);
    Logging.setLevel(Logging.Critical);
    expect(log.level).toBe(Logging.Warning);
    Logging.setLevel(Logging.Warning);
  });

  test("a line in an application's logger has one name", () => {
    const lines: string[] = [];
    const write = (line: string): void => void lines.push(line);
    for (const options of [{ name: 'beamline' }, {}]) {
      Logging.setSink(pino(options, { write }));
      Logging.create('test.named').error('broken');
    }
    Logging.setSink(undefined);
    const names = lines.map((line) => line.match(/"(name|logger)":"[^"]*"/g));
    expect(names).toEqual([
      ['"name":"beamline"', '"logger":"pyrogue.test.named"'],
      ['"name":"pyrogue.test.named"'],
    ]);
  });

  test("the application's own level applies on top of ours", () => {
    const { lines, restore } = sink('error');
    Logging.setFilter('test.sink', Logging.Debug);
    const log = Logging.create('test.sink');
    log.info('kept back by the application');
    log.error('passed on');
    restore();
    expect(lines.map(({ msg }) => msg)).toEqual(['passed on']);
  });

  test("prints JSON lines with pino's levels to a standard error that is no terminal", () => {
    const lines = stderrOf(`
      Logging.setLevel(Logging.Debug);
      for (const level of ['critical', 'error', 'thread', 'warning', 'info', 'debug']) Logging.create('x')[level](level);`);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject(
      [60, 50, 40, 40, 30, 20].map((level) => ({ level, name: 'pyrogue.x' })),
    );
  });

  test("prints Rogue's own line in the format rogue", () => {
    const [line] = stderrOf("Logging.setFormat('rogue'); Logging.create('stream.y').error('broken');");
    expect(line).toMatch(/^\d{10}\.\d{6}:pyrogue\.stream\.y: broken$/);
    const seconds = Number(line!.split(':')[0]);
    expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(60);
  });

  test('refuses a level, a name and a format that are none', () => {
    expect(() => Logging.setLevel(-1)).toThrow('level is -1, but must be a whole number from 0 to 100');
    expect(() => Logging.setLevel('Debug' as never)).toThrow(TypeError);
    expect(() => Logging.setFilter(3 as never, 10)).toThrow('name is 3, but must be a string');
    expect(() => Logging.setFormat('xml' as never)).toThrow(
      "format is 'xml', but must be 'auto', 'json' or 'rogue'",
    );
  });
});

describeInTerminal('on a terminal', () => {
  test("prints Rogue's own line, unless it is told otherwise", async () => {
    const code = `
      const { Logging } = require(${DIST});
      Logging.create("x").error("broken");
      Logging.setFormat("json");
      Logging.create("x").error("again");`;
    const terminal = new NodeTerminal(200, 10, '-e', `'${code}'`);
    await waitFor('the end', () => terminal.text().includes('ENDED 0'), 30_000, terminal.text);
    const [first, second] = terminal.lines;
    expect(first).toMatch(/^\d{10}\.\d{6}:pyrogue\.x: broken$/);
    expect(JSON.parse(second!)).toMatchObject({ level: 50, name: 'pyrogue.x', msg: 'again' });
  });
});
