// Previews, each made once for all views that want the same.

import type { Frame } from '../../stream/frame';
import { HEADER_BYTES, writeHeader } from '../../utilities/fileio/record';
import { bytesOfType, imageBytes } from '../interpretation';
import { MAX_PREVIEWED_BYTES, type NoPreview, type Preview, type Watch } from '../protocol';
import { infoOf, type Kept } from '../ring';
import { makeHex } from './hex';
import { Histogram } from './histogram';
import { makeImage } from './image';
import type { Made } from './preview';
import { makeWaveform } from './waveform';

// Of different kinds that are remembered: 32 viewers with one or two each.
const MAX_REMEMBERED = 64;

/** What does not depend on who asked. */
export type Answer =
  | {
      readonly preview: Omit<Preview, 'op' | 'id' | 'notShown' | 'kept'>;
      /** A record of a data file. */
      readonly record: Buffer;
    }
  | { readonly preview?: undefined; readonly none: Omit<NoPreview, 'op' | 'id' | 'notShown' | 'kept'> };

interface Remembered {
  number: number;
  answer: Answer | Promise<Answer> | undefined;
  readonly histogram: Histogram;
}

export class Previews {
  /** By what was asked for, least recently used first. */
  private readonly remembered = new Map<string, Remembered>();

  /** One of many samples is made, in several turns; no other begins before it is done. */
  private isMaking = false;

  /** The preview of this frame that `watch` asks for; undefined while a large one is being made: ask again later. */
  of(kept: Kept, watch: Watch): Answer | Promise<Answer> | undefined {
    const key = keyOf(watch);
    const entry = this.remembered.get(key) ?? {
      number: 0,
      answer: undefined,
      histogram: new Histogram(),
    };
    this.remembered.delete(key);
    this.remembered.set(key, entry);
    if (this.remembered.size > MAX_REMEMBERED) {
      this.remembered.delete(this.remembered.keys().next().value!);
    }
    if (entry.number === kept.number && entry.answer !== undefined) return entry.answer;
    if (this.isMaking) return undefined;
    entry.number = kept.number;
    entry.answer = answerOf(kept, watch, entry.histogram);
    if (entry.answer instanceof Promise) {
      this.isMaking = true;
      void entry.answer.then(() => (this.isMaking = false));
    }
    return entry.answer;
  }
}

/** The fields that a preview depends on. */
function keyOf({ channel, view, type, order, skip, shape, columns, window, bins, frame }: Watch): string {
  const isKept = frame !== undefined;
  return JSON.stringify([channel, view, type, order, skip, shape, columns, window, bins, isKept]);
}

function answerOf(kept: Kept, watch: Watch, histogram: Histogram): Answer | Promise<Answer> {
  const { frame } = kept;
  const { payload } = frame;
  const base = { channel: watch.channel, ...infoOf(kept) };
  if (payload.length === 0) return { none: { ...base, reason: 'empty' } };
  const isHex = watch.view === 'hex';
  if (payload.length > MAX_PREVIEWED_BYTES && !isHex) return { none: { ...base, reason: 'too-large' } };
  const needed = watch.view === 'image' ? imageBytes(watch) : undefined;
  const least = isHex ? 0 : watch.skip + bytesOfType(watch.type);
  if (payload.length < (needed ?? least)) {
    return { none: { ...base, reason: 'misfit', needed: needed ?? least } };
  }
  const done = ({ numbers, about }: Made): Answer => ({
    preview: { ...base, view: watch.view, ...about },
    record: recordOf(frame, numbers),
  });
  // Of a frame that is kept, and looked at again and again, nothing is added up.
  const counting = watch.frame === undefined ? histogram : new Histogram();
  const made = make(payload, watch, counting);
  if (!(made instanceof Promise)) return done(made);
  frame.retain();
  return made
    .then(done)
    .catch((): Answer => {
      // Another slave has transferred its memory away meanwhile.
      return { none: { ...base, reason: 'gone' } };
    })
    .finally(() => frame.release());
}

function make(payload: Uint8Array, watch: Watch, histogram: Histogram): Made | Promise<Made> {
  switch (watch.view) {
    case 'wave':
      return makeWaveform(payload, watch);
    case 'image':
      return makeImage(payload, watch);
    case 'hist':
      return histogram.make(payload, watch);
    case 'hex':
      return makeHex(payload, watch);
  }
}

function recordOf(frame: Frame, { buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  const record = Buffer.allocUnsafe(HEADER_BYTES + byteLength);
  const { flags, error, channel } = frame;
  const at = writeHeader(record, 0, { size: byteLength, flags, error }, channel);
  record.set(new Uint8Array(buffer, byteOffset, byteLength), at);
  return record;
}
