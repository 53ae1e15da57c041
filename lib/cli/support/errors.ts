// How a subcommand ends that cannot go on: one line, and a status.

import { describeError, describeStack } from '../../errors';
import { GeneralError } from '../../index';
import { visible } from '../../quoted';
import { withoutPassword } from './arguments';

export const STATUS_FAILED = 1;
export const STATUS_USAGE = 2;
// An error of the library may name a file, and what the system says of it.
const MAX_LINE_CHARS = 2_000;

/** The arguments make no sense: status 2. */
export class UsageError extends Error {}

/** What was asked for did not work, or was found to be wrong: status 1. */
export class Failure extends Error {}

/** Of options or words that make no sense here: `--listen is for a bridge, and X is a log: leave it out`. */
export function misplaced(words: readonly string[], use: string, what: string): UsageError {
  const [verb, them] = words.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return new UsageError(`${words.join(' and ')} ${verb} for ${use}, and ${what}: leave ${them} out`);
}

/** The exit status for whatever was thrown. */
export function statusOf(err: unknown): number {
  // What the library refuses before it opens anything is an argument of ours.
  const isUsage = err instanceof UsageError || err instanceof RangeError || err instanceof TypeError;
  return isUsage ? STATUS_USAGE : STATUS_FAILED;
}

// What the system says of a file, as a sentence.
const OF_A_FILE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EEXIST: 'it is there already, and was left alone',
  EACCES: 'this user may not do that',
  EPERM: 'this user may not do that',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its name is no folder',
  ENOSPC: 'the disk is full',
  EROFS: 'its file system can only be read',
};

/** `<path>: what is the matter` of an error of the system that names a file. */
function fileSentence({ code = '', path }: NodeJS.ErrnoException): string | undefined {
  const sentence = OF_A_FILE[code];
  return sentence === undefined || path === undefined ? undefined : `${path}: ${sentence} (${code})`;
}

/** The one line for it; a fault of our own keeps its stack. */
export function lineOf(err: unknown): string {
  if (!(err instanceof Error)) return describeError(err);
  const isKnown = err instanceof UsageError || err instanceof Failure || err instanceof GeneralError;
  const isArgument = err instanceof RangeError || err instanceof TypeError;
  const isSystem = 'code' in err;
  if (!isKnown && !isArgument && !isSystem) return describeStack(err);
  const text = (isKnown ? undefined : fileSentence(err)) ?? err.message;
  return visible(withoutPassword(text.split('\n', 1)[0]!), MAX_LINE_CHARS);
}
