// rogue-bridge record: a stream into a Rogue data file.

import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { GeneralError, StreamWriter, type Frame, type TcpOptions } from '../index';
import { visible } from '../quoted';
import { Stall } from './record/stall';
import { bytes, isLogText, isTarget, seconds } from './support/arguments';
import { Failure, UsageError } from './support/errors';
import { removeMade } from './support/made-file';
import {
  channelOption,
  countOption,
  dropErrorsOption,
  durationOption,
  overwriteOption,
} from './support/options';
import { logHelp, TARGET_HELP } from './support/log-target';
import { withPeer } from './support/open';
import { tokenOption, viewOption } from './support/page';
import { shareOf, showProgress, type Limits } from './support/progress';
import { addBridgeOptions, NEVER, tell, tellAll, type CommonOptions } from './support/run';
import { receiveSparingly } from './support/receiving';
import { targetOf } from './support/frame-source';
import { TAKES_HELP, takenText } from './support/share';
import { sayUnlessLive, Source } from './support/source';
import { digits, grouped, plural, sizeText } from './support/text';
import { passing } from './support/slaves';
import { waitForPeer } from './support/wait-for-peer';

const TELL_WAITING_MS = 1_000;

/** Of the bridge that is recorded: what waits for the disk waits on the other side. */
export const RECORDED_OPTIONS: TcpOptions = receiveSparingly();

interface RecordOptions extends CommonOptions, Limits {
  readonly maxSize?: number;
  readonly channel?: number[];
  readonly dropErrors?: boolean;
  readonly overwrite?: boolean;
  readonly stall?: number;
}

export function addRecord(program: Command): void {
  addBridgeOptions(
    program
      .command('record')
      .summary('record a stream into a Rogue data file')
      .description(
        'Records the frames that arrive into a data file that Rogue, pyrogue and replay read. The sender is held back ' +
          `while the disk, or the reader of a pipe, is behind. ${TAKES_HELP}`,
      )
      .argument('<file>', 'where to, - for standard output; a file with data in it is not replaced')
      .argument('<target>', TARGET_HELP)
      .option('--max-size <size>', 'split into <file>.1, <file>.2, ... of at most so many bytes', bytes)
      .addOption(channelOption())
      .addOption(dropErrorsOption())
      .addOption(overwriteOption())
      .addOption(countOption())
      .addOption(durationOption())
      .option('--stall <time>', 'end with status 1 when no frame comes for so long', seconds)
      .addOption(viewOption())
      .addOption(tokenOption()),
  )
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge record run.dat daq-host:8000 --duration 1m
  rogue-bridge record run.dat daq-host:8000 --stall 30s
  rogue-bridge record run.dat daq-host:8000 --max-size 1G --channel 1,2
  rogue-bridge record run.dat --listen '*:8000' --count 1000
  rogue-bridge record - daq-host:8000 | gzip > run.dat.gz
  rogue-bridge record run.dat 'nats://daq-host/run42?from=first&until=end'
${logHelp('receive')}`,
    )
    .action(record);
}

async function record(first: string, second: string, options: RecordOptions): Promise<void> {
  // In either order: the one that is no address is the file.
  const isSwapped = isTarget(first) && !isTarget(second);
  const [file, target] = isSwapped ? [second, targetOf(first)] : [first, targetOf(second)];
  if (isLogText(file))
    throw new UsageError("record writes a data file: 'relay --from ... --to ...' writes a log");
  const { channel, count = Infinity, duration, maxSize = 0, dropErrors = false, overwrite = false } = options;
  const isPipe = file === '-';
  if (isPipe) checkPipe(options);
  const name = isPipe ? 'standard output' : visible(file);
  const writer = new StreamWriter({ maxSize, dropErrors });
  if (isPipe) await writer.open(process.stdout);
  else await open(writer, file, overwrite);
  const stall = options.stall === undefined ? undefined : new Stall(options.stall);
  const leftOut = { byChannel: 0, byError: 0 };
  let started: number | undefined;
  let failure: Error | undefined;
  let source: Source | undefined;
  try {
    await withPeer(
      target,
      'receive',
      options,
      async (peer, interruption) => {
        const account = (source = new Source(peer, sayUnlessLive()));
        const recorder = writer.getChannel(0);
        const fail = (err: Error): Promise<void> => {
          failure ??= err;
          interruption.stop();
          return NEVER;
        };
        const record = (frame: Frame): Promise<void> | undefined => {
          started ??= performance.now();
          // What comes behind the last one is not ours to take.
          if (writer.frameCount >= count || failure !== undefined) return NEVER;
          if (channel?.includes(frame.channel) === false) {
            leftOut.byChannel += 1;
            return undefined;
          }
          if (dropErrors && frame.error !== 0) leftOut.byError += 1;
          // Told at the end; the bridge would log it as well.
          const accepted = recorder.acceptFrame(frame);
          if (writer.frameCount >= count) interruption.stop();
          return accepted instanceof Promise ? accepted.catch(fail) : undefined;
        };
        peer.addSlave(passing(stall?.watched(record) ?? record));
        peer.on('error', (err) => void fail(err));
        try {
          if (!(await waitForPeer(peer, target, options, interruption))) return;
          const from = (started ??= performance.now());
          const endProgress = showProgress(() => ({
            share: shareOf(options, from, writer.frameCount),
            text: progressText(writer, account.goneText),
          }));
          const end = interruption.wait(duration);
          if ((await stall?.comesBefore(end)) === true) void fail(stallFailure(options.stall!, account));
          await end;
          endProgress();
        } finally {
          account.end();
        }
      },
      RECORDED_OPTIONS,
    );
  } finally {
    const closed = await close(writer, isPipe);
    const elapsed = started === undefined ? 0 : (performance.now() - started) / 1000;
    tell(
      `${plural(writer.frameCount, 'frame')}, ${sizeText(writer.totalSize)} in ${name}${maxSize > 0 ? '.1 and on' : ''}, ` +
        `${digits(elapsed)} s; ${leftOutText({ ...leftOut, inAll: leftOut.byChannel + writer.dropCount })}`,
    );
    tellAll(source?.summary, takenText(source?.frames ?? 0, target, options));
    failure ??= closed;
    if (writer.frameCount === 0 && !isPipe) await removeEmpty(maxSize > 0 ? `${file}.1` : file);
  }
  // A reader that has had enough is no fault, and what else may be wrong with standard output is said already.
  const isTold = isPipe && failure instanceof GeneralError && failure.code === 'ERR_FILE_WRITE';
  if (failure !== undefined && !isTold) throw failure;
}

/** @throws {UsageError} for what makes no sense with standard output. */
function checkPipe({ maxSize, overwrite }: RecordOptions): void {
  if (maxSize !== undefined || overwrite !== undefined) {
    throw new UsageError('--max-size and --overwrite are for a file, and - is standard output');
  }
  if (process.stdout.isTTY) {
    throw new UsageError("standard output is a terminal: add '> run.dat', or a pipe, or name a file");
  }
}

/** Ends the recording; returns what was wrong with it. */
async function close(writer: StreamWriter, isPipe: boolean): Promise<Error | undefined> {
  const telling = setTimeout(() => {
    if (isPipe) tell('waiting for the reader of standard output ...');
  }, TELL_WAITING_MS);
  try {
    await writer.close();
    return undefined;
  } catch (err) {
    return err as Error;
  } finally {
    clearTimeout(telling);
  }
}

function stallFailure(stall: number, { goneText }: Source): Failure {
  const why = goneText === undefined ? 'connected, and silent' : 'gone';
  return new Failure(`no frame has come for ${stall} s (--stall): the source is ${why}`);
}

async function open(writer: StreamWriter, file: string, overwrite: boolean): Promise<void> {
  try {
    await writer.open(file, { overwrite });
  } catch (err) {
    const { code, path, cause } = err as GeneralError;
    // With a cause it is the system that does not let us.
    if (code !== 'ERR_FILE_OPEN' || cause !== undefined) throw err;
    throw new Failure(
      `${visible(path!)} has data in it, and was left alone: choose another name, or add --overwrite`,
    );
  }
}

/** @param gone what to say of a source that has left; in front, as a narrow terminal cuts the end of the line. */
function progressText({ frameCount, totalSize, bandwidth }: StreamWriter, gone: string | undefined): string {
  const counts = `${plural(frameCount, 'frame')}, ${sizeText(totalSize)}`;
  return gone === undefined ? `${counts}, ${sizeText(bandwidth)}/s` : `${gone}, ${counts}`;
}

/** A file that nothing was recorded in. */
async function removeEmpty(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== 0 || !(await removeMade(path))) return;
  tell(`${visible(path)} was removed: there is nothing in it`);
}

function leftOutText({
  byChannel,
  byError,
  inAll,
}: Record<'byChannel' | 'byError' | 'inAll', number>): string {
  const unwritten = inAll - byChannel - byError;
  const reasons = [
    ...(byChannel > 0 ? [`${grouped(byChannel)} by channel`] : []),
    ...(byError > 0 ? [`${grouped(byError)} by error`] : []),
    ...(unwritten > 0 ? [`${grouped(unwritten)} that could not be written`] : []),
  ];
  const why = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
  return `${plural(inAll, 'frame')} left out${why}`;
}
