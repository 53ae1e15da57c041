// Tables without lines, by cli-table3.

import Table from 'cli-table3';
import { colors, type Colors } from './colors';

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** The first `leftColumns` columns are aligned left, the others right; `headColors` are those of where it goes. */
export function tableText(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  leftColumns = 1,
  headColors: Colors = colors,
): string {
  const table = new Table({
    head: columns.map((name) => headColors.bold(name)),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: columns.map((_, index) => (index < leftColumns ? 'left' : 'right')),
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
