// rogue-bridge export: the numbers of a data file for NumPy, or as text.

import { InvalidArgumentError, Option, type Command } from 'commander';
import type { FileFrame } from '../index';
import { visible } from '../quoted';
import { DTYPES, type Dtype } from './export/dtype';
import { npyHeader } from './export/npy';
import { Output } from './export/output';
import { bytes } from './support/arguments';
import { Failure, UsageError } from './support/errors';
import { fileShare, readFiles, sizeOf, splitOutput } from './support/frame-source';
import { checkMade } from './support/made-file';
import {
  channelOption,
  ChoiceOption,
  countOption,
  dropErrorsOption,
  overwriteOption,
} from './support/options';
import { showProgress } from './support/progress';
import { Interruption, tell } from './support/run';
import { grouped, plural, sizeText } from './support/text';

const FORMATS = ['npy', 'csv'] as const;
const MAX_AXIS = 2 ** 31;

interface ExportOptions {
  readonly dtype?: string;
  readonly channel?: number[];
  readonly skip?: number;
  readonly shape?: readonly number[];
  readonly flat?: boolean;
  readonly count?: number;
  readonly dropErrors?: boolean;
  readonly format?: (typeof FORMATS)[number];
  readonly overwrite?: boolean;
}

export function addExport(program: Command): void {
  program
    .command('export')
    .summary('write the numbers of a data file for NumPy, or as CSV')
    .description(
      'Writes the payloads of data files as one array: a row for each frame. NumPy reads it by numpy.load; ' +
        'with --format csv each frame is a line of numbers. Frames of one size belong together: choose them by --channel.',
    )
    .argument(
      '<file...>',
      'data files, run.dat.1 for all parts of a recording; and last where to, - for standard output',
    )
    .addOption(
      new ChoiceOption(
        '--dtype <name>',
        `what the payload is made of: ${DTYPES.map(({ name }) => name).join(', ')} (default: uint8)`,
        DTYPES.map(({ name }) => name),
      ),
    )
    .addOption(channelOption())
    .option('--skip <size>', 'bytes in front of the numbers of each frame, a header for example', bytes)
    .addOption(new Option('--shape <axes>', 'axes of one frame: 176x192 for an image').argParser(axesOf))
    .option('--flat', 'one row for all, so that frames may have different sizes')
    .addOption(countOption())
    .addOption(dropErrorsOption())
    .addOption(new ChoiceOption('--format <name>', 'npy (default) or csv', FORMATS))
    .addOption(overwriteOption())
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge export run.dat waveforms.npy --channel 1 --dtype uint16
  rogue-bridge export run.dat.1 images.npy --channel 0 --dtype uint16 \\
      --skip 32 --shape 176x192
    then, in Python: numpy.load('images.npy')[7].mean()
  rogue-bridge export run.dat - --channel 1 --dtype float32 --format csv | head`,
    )
    .action(exportNumbers);
}

/** `176x192` */
function axesOf(text: string): number[] {
  const axes = text.split(/[x,]/i).map(Number);
  if (!axes.every((axis) => Number.isInteger(axis) && axis >= 1 && axis <= MAX_AXIS)) {
    throw new InvalidArgumentError('give whole numbers with an x between them, for example 176x192');
  }
  return axes;
}

async function exportNumbers(names: string[], options: ExportOptions): Promise<void> {
  const { files, to } = await splitOutput(names, 'export', 'numbers.npy');
  const { format = 'npy', flat = false, shape, count = Infinity, channel, overwrite = false } = options;
  if (flat && shape !== undefined) throw new UsageError('--flat has no axes: leave --shape out');
  if (to === '-' && format === 'npy') {
    throw new UsageError(
      'an .npy file begins with its size, which is known at the end: name a file, or add --format csv',
    );
  }
  const dtype = DTYPES.find(({ name }) => name === (options.dtype ?? 'uint8'))!;
  const rows = new Rows(dtype, options);
  const interruption = new Interruption();
  const output = await Output.open(to, overwrite, interruption.signal);
  const totalBytes = await sizeOf(files);
  const end = showProgress(() => ({
    share: fileShare(totalBytes, rows.frames, rows.bytes),
    text: `${plural(rows.frames, 'frame')}, ${sizeText(rows.bytes)}`,
  }));
  const accept = async (frame: FileFrame): Promise<boolean> => {
    if (options.dropErrors === true && frame.error !== 0) {
      frame.release();
      return false;
    }
    const numbers = rows.take(frame);
    await output.write(format === 'csv' ? rows.line(frame) : numbers, () => frame.release());
    return rows.frames >= count;
  };
  let isEarly = false;
  try {
    if (format === 'npy') await output.write(rows.header());
    isEarly = await readFiles(files, interruption, accept, { channel });
  } finally {
    end();
    // What was read before a fault is right all the same; a disk that is full has told already.
    if (output.hasFailed) await output.close();
    else await finish(output, rows, format);
  }
  // The reader of a pipe closes it when it has read enough.
  checkMade(files, rows.frames, isEarly && rows.frames < count && to !== '-');
}

async function finish(output: Output, rows: Rows, format: string): Promise<void> {
  try {
    await output.flush();
    if (format === 'npy') await output.rewriteHead(rows.header());
    if (rows.frames === 0) await output.remove();
    else tell(`${plural(rows.frames, 'frame')}, ${rows.text} in ${output.name}`);
  } finally {
    await output.close();
  }
}

/** The frames of an array, which are alike. */
class Rows {
  frames = 0;
  /** Of their payloads. */
  bytes = 0;
  private numbers = 0;
  private perFrame: number | undefined;

  constructor(
    private readonly dtype: Dtype,
    private readonly options: ExportOptions,
  ) {}

  /** What the array is, in words. */
  get text(): string {
    return `${this.dtype.name} (${this.shape.map(grouped).join(', ')})`;
  }

  header(): Buffer {
    return npyHeader(this.dtype.descr, this.shape);
  }

  /** The numbers of a frame, as bytes. @throws {Failure} where it is not like the others. */
  take(frame: FileFrame): Buffer {
    const { dtype, options } = this;
    const { skip = 0, shape, flat = false } = options;
    const size = frame.size - skip;
    const count = size / dtype.bytes;
    if (size < 0 || !Number.isInteger(count)) {
      throw this.fault(frame, `${frame.size} bytes are no whole number of ${dtype.name}`);
    }
    const wanted = this.perFrame ?? shape?.reduce((product, axis) => product * axis, 1) ?? count;
    if (!flat && count !== wanted) {
      const others = this.perFrame === undefined ? '--shape asks for' : 'the frames before have';
      throw this.fault(frame, `has ${grouped(count)} numbers, and ${others} ${grouped(wanted)}`);
    }
    this.perFrame = wanted;
    this.frames += 1;
    this.numbers += count;
    this.bytes += frame.size;
    return frame.payload.subarray(skip);
  }

  /** The numbers of a frame that was taken, as a line of text. */
  line(frame: FileFrame): Buffer {
    const numbers = frame.array(this.dtype.type, { offset: this.options.skip ?? 0 });
    return Buffer.from(`${[...numbers].join(',')}\n`);
  }

  private get shape(): readonly number[] {
    const { shape, flat = false } = this.options;
    if (flat) return [this.numbers];
    return [this.frames, ...(shape ?? [this.perFrame ?? 0])];
  }

  private fault({ path, position, channel }: FileFrame, what: string): Failure {
    const skipped = this.options.skip === undefined ? '' : ` behind --skip ${this.options.skip}`;
    return new Failure(
      `${visible(path)}, offset ${position}: a frame of channel ${channel} ${what}${skipped}: choose by --channel, or see --flat`,
    );
  }
}
