// The metrics of writers and readers of a log, at the same place as those of bridges.

import { labelText, type Family, type Sample } from '../metrics/exposition';
import { NumberedSet } from '../metrics/numbered';
import { metricSources } from '../metrics/sources';
import type { JetStreamReader, JetStreamReaderStats } from './reader';
import type { JetStreamWriter, JetStreamWriterStats } from './writer';

const PREFIX = 'rogue_bridge_log_';

/** What a writer or reader is called in metrics. */
export interface LogIdentity {
  /** The stream. */
  readonly log: string;
  /** `a:4222, b:4222` */
  readonly servers: string;
  readonly role: 'writer' | 'reader';
}

/** `run42 at a:4222, b:4222` */
export function logText({ log, servers }: LogIdentity): string {
  return `${log} at ${servers}`;
}

/** What these stats count, each with the rest of its name. */
type CountName<Stats> = Exclude<
  { [K in keyof Stats]: Stats[K] extends number ? K : never }[keyof Stats],
  // Of both.
  'reconnects'
>;
type Words = readonly [name: string, help: string, scale?: number];

// A count that is new in the stats has to have a line here, or this does not compile.
const WRITER_COUNTS: Readonly<Record<CountName<JetStreamWriterStats>, Words>> = {
  framesSent: ['frames_accepted_total', 'Frames that the writer has accepted: on their way, or stored.'],
  bytesSent: ['bytes_accepted_total', 'Payload bytes of the frames accepted.'],
  framesStored: ['frames_stored_total', 'Frames that the log has acknowledged.'],
  messages: ['messages_stored_total', 'Messages that the log has acknowledged.'],
  unacknowledged: ['frames_unacknowledged', 'Frames accepted and not acknowledged.'],
  unacknowledgedBytes: ['bytes_unacknowledged', 'Bytes of messages that are not acknowledged.'],
  resent: ['messages_resent_total', 'Messages sent again, because nobody knew whether they had been stored.'],
  duplicates: ['messages_duplicate_total', 'Messages sent again that the log had already.'],
  dropped: ['frames_dropped_total', 'Frames dropped because the log was too slow, or away.'],
  refused: ['frames_refused_total', 'Frames that the writer refused: empty, released, or after its end.'],
  lost: ['messages_lost_total', 'Messages that the log had acknowledged, and does not have any more.'],
  notStored: ['frames_not_stored_total', 'Frames accepted, and lost when the writer failed or was stopped.'],
};

const READER_COUNTS: Readonly<Record<CountName<JetStreamReaderStats>, Words>> = {
  framesReceived: ['frames_read_total', 'Frames that the slaves have accepted.'],
  bytesReceived: ['bytes_read_total', 'Payload bytes of the frames read.'],
  messages: ['messages_read_total', 'Messages that the log has given.'],
  foreign: ['messages_foreign_total', 'Messages of the stream that are none of a log: skipped.'],
  redelivered: ['messages_redelivered_total', 'Messages of a group that a reader was given before.'],
  abandoned: ['frames_abandoned_total', 'Frames that were never written to their end: left out.'],
  pending: [
    'messages_pending',
    'Messages that the log has for this reader behind the last one it was given.',
  ],
  delayMs: ['delay_seconds', 'How long the last frame had been in the log when it was read.', 1e-3],
};

const writers = new NumberedSet<JetStreamWriter>((one) => logText(one.identity));
const readers = new NumberedSet<JetStreamReader>((one) => logText(one.identity));

/** Writers and readers that are open; each enters when it is made, and leaves when it has stopped. */
export const openLogs = { writers, readers };

metricSources.add(() => [
  ...common([...writers.all, ...readers.all]),
  ...countsOf(writers.all, WRITER_COUNTS),
  ...countsOf(readers.all, READER_COUNTS),
]);

/** What writers and readers have in common here. */
interface Measured {
  readonly identity: LogIdentity;
  readonly connected: boolean;
  readonly stats: { readonly reconnects: number; readonly lastFrameAt: Date | undefined };
}

function common(all: readonly (readonly [Measured, number])[]): Family[] {
  return [
    familyOf(['connected', 'Whether there is a connection to a server: 1 or 0.'], all, ({ connected }) =>
      connected ? 1 : 0,
    ),
    familyOf(
      ['reconnects_total', 'Times that the connection to the servers came back.'],
      all,
      ({ stats }) => stats.reconnects,
    ),
    familyOf(
      [
        'last_frame_timestamp_seconds',
        'When the last frame was there, in seconds since 1970; 0 before the first.',
      ],
      all,
      ({ stats }) => (stats.lastFrameAt?.getTime() ?? 0) / 1000,
    ),
  ];
}

function countsOf<Stats, T extends Measured & { readonly stats: Stats }>(
  all: ReadonlyMap<T, number>,
  counts: Readonly<Record<CountName<Stats>, Words>>,
): Family[] {
  return Object.entries<Words>(counts).map(([key, words]) => {
    const scale = words[2] ?? 1;
    return familyOf(words, [...all], ({ stats }) => Number(stats[key as keyof Stats]) * scale);
  });
}

function familyOf<T extends Measured>(
  [name, help]: Words,
  all: readonly (readonly [T, number])[],
  read: (one: T) => number,
): Family {
  const type = name.endsWith('_total') ? 'counter' : 'gauge';
  const samples = all.map(([one, number]): Sample => {
    const labels = { ...one.identity, number: number === 1 ? '' : String(number) };
    return { labels: labelText(labels), value: read(one) };
  });
  return { name: PREFIX + name, type, help, samples };
}
