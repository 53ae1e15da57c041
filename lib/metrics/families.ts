// The metrics of bridges: names, words, and where the values come from.
// Names as https://prometheus.io/docs/practices/naming/ has them.

import type { TcpCore } from '../tcp/core';
import type { Meter } from '../tcp/meters';
import type { TcpStats } from '../tcp/stats';
import type { Direction } from '../transport/socket';
import { version } from '../version';
import { labelText, type Family, type Sample } from './exposition';

const PREFIX = 'rogue_bridge_';
const DIRECTIONS: readonly Direction[] = ['send', 'receive'];

/** What {@link TcpStats} counts, each with the rest of its name. */
type CountName = { [K in keyof TcpStats]: TcpStats[K] extends number ? K : never }[keyof TcpStats];

// A count that is new in TcpStats has to have a line here, or this does not compile.
const COUNTS: Readonly<Record<CountName, readonly [name: string, help: string]>> = {
  framesSent: ['frames_sent_total', 'Frames that the transport has accepted: on their way, or there.'],
  bytesSent: ['bytes_sent_total', 'Payload bytes of the frames sent.'],
  framesReceived: ['frames_received_total', 'Frames that have arrived, whatever became of them.'],
  bytesReceived: ['bytes_received_total', 'Payload bytes of the frames received.'],
  malformed: ['messages_malformed_total', 'Messages that were no frame, dropped on arrival.'],
  slaveErrors: ['frames_slave_errors_total', 'Received frames that at least one slave failed to accept.'],
  withoutSlave: ['frames_without_slave_total', 'Received frames that found no slave, and went nowhere.'],
  unread: ['frames_unread_total', 'Received frames that a reader was given, and left without taking.'],
  undelivered: [
    'frames_undelivered_total',
    'Frames that had arrived when the bridge was stopped, undelivered.',
  ],
  refused: ['frames_refused_total', 'Frames that the bridge refused to send: empty, too large, or released.'],
  notSent: [
    'frames_not_sent_total',
    'Frames that never left: timed out, or waiting when the bridge stopped.',
  ],
  discarded: ['frames_discarded_total', 'Sent frames that were lost with their connection (native engine).'],
  refusedPeers: ['peers_refused_total', 'Connections that were ended: not allowed, or another protocol.'],
  reconnects: [
    'reconnects_total',
    'Connections that came back, both directions. On Linux from the first connect or disconnect listener on.',
  ],
  sendsWaiting: ['sends_waiting', 'Frames that wait for a peer, or for room.'],
  receivesWaiting: ['receives_waiting', 'Frames that have arrived and wait for the slaves (native engine).'],
  peersWaiting: ['peers_waiting', 'Peers that wait to be let in (native engine).'],
};

/** A bridge at the time of a scrape. */
interface Seen {
  /** Of every sample of it. */
  readonly labels: string;
  readonly stats: TcpStats;
  readonly bridge: TcpCore;
}

/** What these bridges have to tell. @param bridges with their numbers, as `BridgeRegistry.bridges`. */
export function familiesOf(bridges: ReadonlyMap<TcpCore, number>, byChannel: boolean): Family[] {
  const seen = [...bridges].map(([bridge, number]): Seen => {
    // Most bridges are the only one with their address, port and role.
    const labels = { ...bridge.identity, number: number === 1 ? '' : String(number) };
    return { labels: labelText(labels), stats: bridge.stats, bridge };
  });
  return [
    infoOf(seen),
    peersOf(seen),
    ...Object.entries(COUNTS).map(([key, words]) =>
      familyOf(words, seen, ({ labels, stats }) => [{ labels, value: stats[key as CountName] }]),
    ),
    lastFramesOf(seen),
    ...(byChannel ? channelsOf(seen) : []),
  ];
}

function infoOf(seen: readonly Seen[]): Family {
  return familyOf(
    ['info', 'Always 1: the engine of the bridge, and the version of rogue-bridge.'],
    seen,
    (one) => [
      { labels: `${one.labels},${labelText({ engine: one.bridge.engine, version: version() })}`, value: 1 },
    ],
  );
}

function peersOf(seen: readonly Seen[]): Family {
  return familyOf(['peers', 'Peers that are connected.'], seen, ({ labels, stats }) =>
    DIRECTIONS.map((direction) => ({
      labels: withDirection(labels, direction),
      value: stats.peers[direction],
    })),
  );
}

function lastFramesOf(seen: readonly Seen[]): Family {
  const help = 'When the last frame was there, in seconds since 1970; 0 before the first.';
  return familyOf(['last_frame_timestamp_seconds', help], seen, ({ labels, stats }) =>
    DIRECTIONS.map((direction) => ({
      labels: withDirection(labels, direction),
      value: (stats.lastFrameAt[direction]?.getTime() ?? 0) / 1000,
    })),
  );
}

function channelsOf(seen: readonly Seen[]): Family[] {
  const since = 'since metrics by channel were first asked for';
  const of = (count: 'frames' | 'bytes', words: string): Family =>
    familyOf([`channel_${count}_total`, `${words} by channel, ${since}.`], seen, ({ labels, bridge }) =>
      DIRECTIONS.flatMap((direction) =>
        channelSamples(withDirection(labels, direction), bridge.meters[direction], count),
      ),
    );
  return [of('frames', 'Frames'), of('bytes', 'Payload bytes')];
}

/** Of the channels that had a frame. */
function channelSamples(labels: string, { channels }: Meter, count: 'frames' | 'bytes'): Sample[] {
  const samples: Sample[] = [];
  channels?.frames.forEach((frames, channel) => {
    if (frames > 0)
      samples.push({ labels: `${labels},channel="${channel}"`, value: channels[count][channel]! });
  });
  return samples;
}

function familyOf(
  [name, help]: readonly [name: string, help: string],
  seen: readonly Seen[],
  read: (one: Seen) => Sample[],
): Family {
  const type = name.endsWith('_total') ? 'counter' : 'gauge';
  return { name: PREFIX + name, type, help, samples: seen.flatMap(read) };
}

function withDirection(labels: string, direction: Direction): string {
  return `${labels},direction="${direction}"`;
}
