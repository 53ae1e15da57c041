// The other chunks of a frame, for a member of a group that was given the last one.

import type { StoredMsg } from '@nats-io/jetstream';
import { Buffer } from 'node:buffer';
import type { LogClient } from './client';
import { formatError, HEADER, type FrameHead, type HeaderSource } from './format';
import type { Stored } from './records';
import { GeneralError } from '../errors';

/**
 * The payload of the frame whose last chunk this is: its other chunks are the messages in front of it.
 * @throws {GeneralError} `ERR_LOG_GAP` when one is missing.
 */
export async function chunksBefore(
  client: LogClient,
  stream: string,
  { group, frame, size, writer }: FrameHead,
  { sequence, payload }: Stored,
): Promise<Buffer> {
  const { parts } = group!;
  const chunks: Uint8Array[] = [];
  for (let part = 0; part < parts - 1; part++) {
    const found = await messageAt(client, stream, sequence - (parts - 1 - part));
    const headers = found?.header as HeaderSource | undefined;
    if (found === null || headers?.get(HEADER.id) !== `${writer}.${frame}.${part}`) {
      throw new GeneralError(
        'ERR_LOG_GAP',
        `chunk ${part} of the ${parts} chunks of frame ${frame} is missing: the log was trimmed by its limits, or purged`,
      );
    }
    chunks.push(found.data);
  }
  const whole = Buffer.concat([...chunks, payload]);
  if (whole.length === size) return whole;
  throw formatError(`the ${parts} chunks of its frame have ${whole.length} bytes, and ${size} are right`);
}

/** From the server that is the nearest, as bytes; a copy that is behind may not have it yet, and then the leader has. */
async function messageAt(
  { manager, streams }: LogClient,
  stream: string,
  seq: number,
): Promise<StoredMsg | null> {
  const near = await manager.direct.getMessage(stream, { seq }).catch(() => null);
  return near ?? streams.getMessage(stream, { seq });
}
