// What pyrogue's FileReader read from recorded files, frame by frame and configuration by configuration.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logging, readFrames, type Config, type ConfigTree, type ConfigValue } from '../../../lib';
import { sha256 } from '../../helpers/files';
import { collectLog } from '../../helpers/log';

const FOLDER = join(__dirname, '..', '..', 'fixtures', 'config-files');

interface Recorded {
  channel: number;
  flags: number;
  error: number;
  size: number;
  sha256: string;
  config?: number;
}

interface Run {
  configChan: number | null;
  records: Recorded[];
  configs?: unknown[];
  configAtEnd?: number;
  exception?: { type: string };
  queries?: { path: string; value?: unknown; exception?: string }[];
}

interface Item {
  files: [{ file: string }];
  fileReader: Run[];
}

const ITEMS = (JSON.parse(readFileSync(join(FOLDER, 'manifest.json'), 'utf8')) as { items: Item[] }).items;
const RUNS = ITEMS.flatMap(({ files: [{ file }], fileReader }) =>
  fileReader.map((run): [string, number | null, Run] => [file, run.configChan, run]),
);

interface Tagged {
  $type: string;
  value: never;
  hex: string;
  entries: [unknown, unknown][];
}

/** A value of the manifest, as this library gives it. */
function valueOf(json: unknown): ConfigValue {
  if (typeof json !== 'object' || json === null) return json as ConfigValue;
  if (Array.isArray(json)) return json.map(valueOf);
  if (!('$type' in json)) {
    return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, valueOf(value)]));
  }
  const { $type, value, hex, entries } = json as Tagged;
  switch ($type) {
    case 'int':
      return BigInt(value);
    case 'float':
      return value === 'inf' ? Infinity : value === '-inf' ? -Infinity : Number(value);
    case 'mapping':
      return Object.fromEntries(entries.map(([key, each]) => [String(key), valueOf(each)]));
    case 'date':
      return new Date(value);
    case 'datetime':
      return new Date(/[+Z]/.test(value) ? value : `${String(value)}Z`);
    case 'bytes':
      return Uint8Array.from(Buffer.from(hex, 'hex'));
    case 'set':
      return new Set(value);
    default:
      throw new Error(`the manifest has the type ${$type}`);
  }
}

interface Read {
  frames: { recorded: Omit<Recorded, 'config'>; config: Config | undefined }[];
  end: Config | undefined;
  errorCount: number;
}

async function readAll(file: string, configChan: number | null): Promise<Read> {
  const reading = readFrames(join(FOLDER, file), configChan === null ? {} : { config: configChan });
  const frames: Read['frames'] = [];
  for await (const { payload, channel, flags, error, size, config } of reading) {
    frames.push({ recorded: { channel, flags, error, size, sha256: sha256(payload) }, config });
  }
  return { frames, end: reading.config, errorCount: reading.configErrorCount };
}

const fields = ({ channel, flags, error, size, sha256: hash }: Recorded): object => ({
  channel,
  flags,
  error,
  size,
  sha256: hash,
});

let log: string[];
beforeEach(() => (log = collectLog()));
afterEach(() => Logging.setSink(undefined));

test('the manifest has what these tests go through', () => {
  expect(RUNS).toHaveLength(27);
  expect(RUNS.filter(([, , { exception }]) => exception !== undefined)).toHaveLength(16);
});

describe.each(RUNS.filter(([, , { exception }]) => exception === undefined))(
  '%s, configuration on channel %s',
  (file, configChan, run) => {
    test('the same frames, with the same configurations', async () => {
      const { frames, end, errorCount } = await readAll(file, configChan);
      expect(frames.map(({ recorded }) => recorded)).toEqual(run.records.map(fields));
      const configs = run.configs?.map(valueOf);
      const expected = run.records.map(({ config }) => configs?.[config!]);
      expect(frames.map(({ config }) => config?.tree)).toEqual(expected);
      expect(end?.tree).toEqual(configs?.[run.configAtEnd!]);
      expect([errorCount, log]).toEqual([0, []]);
    });

    test('the same answers', async () => {
      const { end } = await readAll(file, configChan);
      const answers = run.queries?.map(({ path }) => {
        if (end!.has(path)) return { path, value: end!.value(path) };
        expect(() => end!.value(path)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_PATH' }) as Error);
        return { path, none: true };
      });
      expect(answers).toEqual(
        run.queries?.map(({ path, value, exception }) =>
          exception === undefined ? { path, value: valueOf(value) } : { path, none: true },
        ),
      );
    });
  },
);

// DIFF: what ends pyrogue's reading is left out here, and the reading goes on. Frames, the configuration of each and at
// the end, and the line of the log.
const OURS: Record<string, { frames: number; trees: (ConfigTree | undefined)[]; fault: RegExp }> = {
  'scalar-then-mapping': {
    frames: 2,
    trees: [{ k: 1 }, { k: 1 }, { k: 1 }],
    fault:
      /offset 25: the key 'k' of a configuration record is left out: it is there already as the value 1, and/,
  },
  'mapping-then-text': {
    frames: 2,
    trees: [{ k: { a: 1 } }, { k: { a: 1 } }, { k: { a: 1 } }],
    fault:
      /the key 'k' of a configuration record is left out: it is the text 'abc', and there is a mapping already/,
  },
  'scalar-twice': {
    frames: 2,
    trees: [{ k: 1 }, { k: 1 }, { k: 1 }],
    fault: /the key 'k' of a configuration record is left out: it is there already as the value 1/,
  },
  'dotted-through-a-number': {
    frames: 2,
    trees: [{ k: { a: 1 } }, { k: { a: 1 } }, { k: { a: 1 } }],
    fault:
      /the key 'k\.a\.b' of a configuration record is left out: 'k\.a' is the value 1, which has no keys$/,
  },
  'dotted-through-a-text': {
    frames: 2,
    trees: [{ k: { a: 'hello' } }, { k: { a: 'hello' } }, { k: { a: 'hello' } }],
    fault: /'k\.a' is the text 'hello', which has no keys$/,
  },
  'dotted-through-a-list': {
    frames: 2,
    trees: [{ k: { a: [1, 2] } }, { k: { a: [1, 2] } }, { k: { a: [1, 2] } }],
    fault: /'k\.a' is a list, which has no keys$/,
  },
  'top-level-list': {
    frames: 2,
    trees: [{ k: { a: 1 } }, { k: { a: 1 } }, { k: { a: 1 } }],
    fault: /a configuration record is left out: it is a list, but must be a mapping$/,
  },
  'comment-only': { frames: 1, trees: [{}, {}], fault: /a configuration record is left out: it is empty$/ },
  'broken-yaml': {
    frames: 2,
    trees: [{ k: { a: 1 } }, { k: { a: 1 } }, { k: { a: 1 } }],
    fault: /a configuration record is left out: it is no YAML: .* at line 2, column 1$/,
  },
  tab: { frames: 1, trees: [{}, {}], fault: /it is no YAML: Tabs are not allowed as indentation at line 2/ },
  'not-utf-8': {
    frames: 2,
    trees: [{ k: { a: 1 } }, { k: { a: 1 } }, { k: { a: 1 } }],
    fault: /a configuration record is left out: it is no UTF-8 text$/,
  },
  'two-documents': { frames: 1, trees: [{}, {}], fault: /it has more than one YAML document$/ },
  'yes-as-key': {
    frames: 1,
    trees: [{}, {}],
    fault: /a key of a configuration record is left out: it is the value true, but must be text$/,
  },
  'unknown-tag': {
    frames: 1,
    trees: [{}, {}],
    fault: /it has the tag '!foo', which is not one of plain data$/,
  },
};

describe('DIFF: where pyrogue ends with an exception', () => {
  const broken = RUNS.filter(([, , { exception }]) => exception !== undefined);

  test.each(broken)('%s: all frames up to there are the same', async (file, configChan, run) => {
    const { frames } = await readAll(file, configChan);
    const configs = run.configs!.map(valueOf);
    const before = frames.slice(0, run.records.length);
    expect(before.map(({ recorded }) => recorded)).toEqual(run.records.map(fields));
    expect(before.map(({ config }) => config!.tree)).toEqual(
      run.records.map(({ config }) => configs[config!]),
    );
  });

  test.each(Object.entries(OURS))(
    'config-%s.dat: left out, and the reading goes on',
    async (name, { frames: count, trees, fault }) => {
      const { frames, end, errorCount } = await readAll(`config-${name}.dat`, 255);
      expect(frames).toHaveLength(count);
      expect([...frames.map(({ config }) => config!.tree), end!.tree]).toEqual(trees);
      expect([errorCount, log]).toEqual([1, [expect.stringMatching(fault)]]);
      expect(log[0]).toContain(`config-${name}.dat, offset `);
    },
  );

  test('a thousands separator is read', async () => {
    const comma = await readAll('config-root-comma.dat', 255);
    expect([comma.frames.length, comma.errorCount, log]).toEqual([1, 0, []]);
    const text = readFileSync(join(FOLDER, 'config-root-comma.dat'), 'latin1');
    const [, key] = /(\w+): !!int '1,234,567'/.exec(text)!;
    expect(comma.frames[0]!.config!.value(`Top.Det.${key}`)).toBe(1234567);
    expect(comma.end!.value('Top.Writer.Bandwidth')).toBe(7387.98);
    const bandwidth = await readAll('config-root-bandwidth.dat', 255);
    expect([bandwidth.frames.length, bandwidth.errorCount, log]).toEqual([3, 0, []]);
    expect(bandwidth.end!.value('Top.Writer.Bandwidth')).toBe(8664.424);
  });

  test('every one of them is looked at here', () => {
    const named = [...Object.keys(OURS), 'root-comma', 'root-bandwidth'].map((name) => `config-${name}.dat`);
    expect(broken.map(([file]) => file).sort()).toEqual(named.sort());
  });
});
