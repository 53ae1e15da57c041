// Where reading begins and ends: a choice of the user as a sequence of the stream.

import type { StreamInfo } from '@nats-io/jetstream';
import { GeneralError } from '../errors';
import type { LogClient } from './client';
import { endOf, type Head } from './format';
import type { ReadFrom } from './options';
import { logEnd, storedHead } from './stream';

/** Where a consumer begins. */
export type Start =
  | { readonly sequence: number; readonly frame?: number }
  | { readonly time: Date; readonly frame?: undefined };

/** @throws {GeneralError} `ERR_LOG_GAP` for a frame that the log does not have any more. */
export async function startOf(
  client: LogClient,
  { config, state }: StreamInfo,
  from: ReadFrom,
): Promise<Start> {
  const { first_seq: first, last_seq: last } = state;
  if (from === 'now') return { sequence: last + 1 };
  if (from === 'first') return { sequence: Math.max(first, 1) };
  if ('sequence' in from) return from;
  if ('time' in from) return from;
  const search = new Search(client, config.name, last);
  if ('last' in from) {
    const { nextFrame } = await logEnd(client, config.name);
    const frame = Math.max(nextFrame - from.last, 0);
    return { sequence: await search.find(frame, first), frame };
  }
  const { frame } = from;
  const sequence = await search.find(frame, first);
  const found = await search.at(sequence);
  // A frame that is still to come is waited for.
  if (found !== undefined && firstOf(found.head) > frame) {
    const text = `frame ${frame} is not in the log ${config.name} any more: its first one is ${firstOf(found.head)}`;
    throw new GeneralError('ERR_LOG_GAP', `${text}; read from there on, with 'first'`);
  }
  return { sequence, frame };
}

/** Looks for the message that a frame is in: their numbers grow with the sequence. */
class Search {
  constructor(
    private readonly client: LogClient,
    private readonly stream: string,
    private readonly last: number,
  ) {}

  /** The first message of ours with this sequence or a higher one. */
  async at(sequence: number): Promise<{ readonly sequence: number; readonly head: Head } | undefined> {
    for (let seq = sequence; seq <= this.last; seq++) {
      const found = await storedHead(this.client, this.stream, seq);
      if (found?.head !== undefined) return { sequence: found.sequence, head: found.head };
    }
    return undefined;
  }

  /** The sequence of the first message, or of its group's first, that does not end before this frame. */
  async find(frame: number, first: number): Promise<number> {
    let [low, high] = [Math.max(first, 1), this.last + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = await this.at(middle);
      if (found === undefined || endOf(found.head) > frame) high = middle;
      else low = found.sequence + 1;
    }
    return low;
  }
}

function firstOf({ group, frame }: Head): number {
  return group?.first ?? frame;
}
