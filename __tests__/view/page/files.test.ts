// Files and copies of what is shown, and the order of the channels. No browser is needed.

import { filtered, sorted } from '../../../lib/view/page/model/channels';
import { hexText } from '../../../lib/view/page/model/copying';
import { npy } from '../../../lib/view/page/model/npy';

describe('files and copies', () => {
  test('numpy files', () => {
    const payload = Uint8Array.from({ length: 12 }, (_, i) => i);
    const reading = { type: 'u2', order: 'be', skip: 4, shape: [2, 2] } as const;
    const [header, samples] = npy(payload, reading);
    const text = Buffer.from(header!).toString('latin1');
    expect(header!.length % 64).toBe(0);
    expect(text.slice(10)).toMatch(/^\{'descr': '>u2', 'fortran_order': False, 'shape': \(2, 2\), \} *\n$/);
    expect([...samples!]).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    const [flat] = npy(payload, { ...reading, type: 'u1', shape: undefined });
    expect(Buffer.from(flat!).toString('latin1')).toContain(
      "'descr': '|u1', 'fortran_order': False, 'shape': (8,)",
    );
  });

  test('hex', () => {
    expect(hexText(Buffer.from('ab\n'), 16)).toBe(`0010  ${'61 62 0a'.padEnd(47)}  ab.`);
  });
});

describe('channels', () => {
  const GUESSED = { type: 'u2', order: 'le', skip: 0, shape: undefined, view: 'wave' } as const;
  const list = [3, 12, 8].map((channel) => ({
    channel,
    frames: 0,
    bytes: 0,
    errors: channel === 12 ? 2 : 0,
    errorCounts: [],
    framesPerSecond: 1,
    bytesPerSecond: 1,
    size: 1,
    lastFrame: 0,
    isStalled: false,
    rateBefore: 0,
    kept: 0,
    guess: GUESSED,
  }));
  const viewOf = ({ channel }: { channel: number }): 'wave' | 'hex' => (channel === 8 ? 'hex' : 'wave');
  const numbers = (found: readonly { channel: number }[]): number[] => found.map(({ channel }) => channel);

  test('are filtered by number and view', () => {
    expect(numbers(filtered(list, '8-15, wave', viewOf))).toEqual([12]);
    expect(numbers(filtered(list, '3 8', viewOf))).toEqual([3, 8]);
    expect(numbers(filtered(list, '', viewOf))).toEqual([3, 12, 8]);
  });

  test('are sorted, of equals the lower first', () => {
    expect(numbers(sorted(list, { key: 'errors', isDescending: true }, viewOf))).toEqual([12, 3, 8]);
    expect(numbers(sorted(list, { key: 'channel', isDescending: false }, viewOf))).toEqual([3, 8, 12]);
  });
});
