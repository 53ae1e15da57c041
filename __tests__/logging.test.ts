import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pino } from 'pino';
import { Logging } from '../lib';

const DIST = JSON.stringify(join(__dirname, '..', 'dist'));

/** Runs a program with the built library and returns what it printed to standard error, a line each. */
function stderrOf(program: string): string[] {
  const code = `const { Logging } = require(${DIST}); ${program}`;
  const output = execFileSync('bash', ['-c', 'exec "$0" -e "$1" 2>&1 >/dev/null', process.execPath, code]);
  return output.toString().split('\n').filter(Boolean);
}

/** Collects what reaches an application's own logger. */
function sink(level = 'trace'): { lines: { level: number; name: string; msg: string }[]; restore(): void } {
  const lines: { level: number; name: string; msg: string }[] = [];
  Logging.setSink(pino({ level }, { write: (line: string) => void lines.push(JSON.parse(line) as never) }));
  return { lines, restore: () => Logging.setSink(undefined) };
}

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

  test('writes from Error on to begin with, Critical and Error among them', () => {
    const { lines, restore } = sink();
    const log = Logging.create('test.default');
    log.warning('not this');
    log.error('this');
    log.critical('and this');
    restore();
    expect(lines).toMatchObject([
      { name: 'pyrogue.test.default', msg: 'this', level: 50 },
      { name: 'pyrogue.test.default', msg: 'and this', level: 60 },
    ]);
  });

  test('a filter works on loggers made before and after it, with and without the prefix', () => {
    const before = Logging.create('test.filtered.before');
    const other = Logging.create('test.other');
    expect(before.level).toBe(Logging.Error);
    Logging.setFilter('test.filtered', Logging.Info);
    const after = Logging.create('test.filtered.after');
    expect([before.level, after.level, other.level]).toEqual([20, 20, 40]);
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
    Logging.setLevel(Logging.Error);
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

  test('prints JSON lines with the levels of Rogue to standard error', () => {
    const [line] = stderrOf("Logging.create('x').error('broken');");
    expect(JSON.parse(line!)).toMatchObject({ level: 40, name: 'pyrogue.x', msg: 'broken' });
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
    expect(() => Logging.setFormat('xml' as never)).toThrow("format is 'xml', but must be 'json' or 'rogue'");
  });
});
