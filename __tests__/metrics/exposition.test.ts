// Prometheus' text format: whatever the values and words, a reader gets them back.

import * as fc from 'fast-check';
import { exposition, labelText, type Family } from '../../lib/metrics/exposition';
import { parseMetrics } from '../helpers/metrics';

const NAME = fc.stringMatching(/^[a-z_][a-z0-9_]{0,20}$/);
// With all that the format has a meaning for.
const TEXT = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('\\', '"', '\n', '\r', 'n', '{', '}', ',', '=', ' ', '#', 'é', '\u2028'),
  }),
);
const VALUE = fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger());

test('any labels, help and values are read back as they were', () => {
  const labels = fc.dictionary(NAME, TEXT, { maxKeys: 4, noNullPrototype: true });
  fc.assert(
    fc.property(
      NAME,
      TEXT,
      labels,
      VALUE,
      fc.constantFrom('counter', 'gauge'),
      (name, help, given, value, type) => {
        const text = exposition([{ name, help, type, samples: [{ labels: labelText(given), value }] }]);
        const read = parseMetrics(text);
        const shown = Object.fromEntries(Object.entries(given).filter(([, word]) => word !== ''));
        expect(read.samples).toHaveLength(1);
        const [sample] = read.samples;
        expect(sample).toEqual({ name, labels: shown, value: sample!.value });
        // The format has no -0.
        expect(Object.is(sample!.value, value) || sample!.value === value).toBe(true);
        expect([read.help.get(name), read.types.get(name)]).toEqual([help, type]);
      },
    ),
  );
});

test('a family of two samples has its words once, and one without samples has none', () => {
  const families: Family[] = [
    { name: 'none', type: 'gauge', help: 'nothing', samples: [] },
    {
      name: 'frames_total',
      type: 'counter',
      help: 'Frames.\nAll of them, in C:\\data.',
      samples: [
        { labels: labelText({ bridge: '[::1]:8000', note: 'say "hi"' }), value: 3 },
        { labels: '', value: Infinity },
      ],
    },
  ];
  expect(exposition(families)).toBe(
    [
      '# HELP frames_total Frames.\\nAll of them, in C:\\\\data.',
      '# TYPE frames_total counter',
      'frames_total{bridge="[::1]:8000",note="say \\"hi\\""} 3',
      'frames_total +Inf',
      '',
    ].join('\n'),
  );
  expect(exposition([])).toBe('');
});
