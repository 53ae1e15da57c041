// What the page says: the status line, the banner over the picture, the words in place of a picture. Pure.

import { TYPE_LABELS, bytesOfType, type Interpretation } from '../../interpretation';
import type { ChannelStatus, Hello, NoPreview, Status } from '../../protocol';
import type { ConnectionState } from './connection';
import { shapeText } from './fragment';
import { bytes, duration, frameRate, group, timeOfDay } from './format';

export type Tone = 'ok' | 'warn' | 'bad' | 'quiet';
export type Shape = 'disc' | 'ring' | 'dashed' | 'triangle' | 'crossed' | 'play';

export interface StatusLine {
  readonly shape: Shape;
  readonly tone: Tone;
  readonly word: string;
  readonly time: string;
}

export interface Banner {
  readonly tone: 'warn' | 'bad';
  /** What is said once, bold; `time` follows it and goes on. */
  readonly title: string;
  readonly time?: string;
  readonly text: string;
  /** "Next attempt in 4 s." */
  readonly countdown?: string;
  readonly action?: 'try' | 'close';
}

export interface Path {
  readonly peer: 'waiting' | 'up';
  readonly page: 'up' | 'broken';
}

export type EmptyAction = 'wave' | 'hex' | 'save' | 'try';

export interface Empty {
  readonly title: string;
  readonly text: string;
  readonly command?: string;
  readonly path?: Path;
  readonly actions: readonly EmptyAction[];
}

/** All that the words depend on. Times in ms since 1970: `now` by the gateway's clock, `localNow` by the browser's. */
export interface Situation {
  readonly connection: ConnectionState;
  readonly hello: Hello | undefined;
  readonly status: Status | undefined;
  readonly channel: ChannelStatus | undefined;
  readonly reading: Interpretation | undefined;
  readonly nothing: NoPreview | undefined;
  readonly hasPicture: boolean;
  readonly isPaused: boolean;
  readonly now: number;
  readonly localNow: number;
}

const GONE = 'gateway not reachable';

export function statusLine({ connection, status, hello, now, localNow }: Situation): StatusLine {
  if (connection.name === 'token' || connection.name === 'full') {
    return { shape: 'crossed', tone: 'bad', word: GONE, time: '' };
  }
  if (connection.name === 'closed') {
    return {
      shape: 'crossed',
      tone: 'bad',
      word: GONE,
      time: duration((localNow - connection.since) / 1000),
    };
  }
  if (connection.name === 'connecting' || status === undefined) {
    return { shape: 'dashed', tone: 'quiet', word: 'connecting', time: '' };
  }
  if (hello?.source.role === 'file' && status.file !== undefined) {
    const { playing, atEnd, position } = status.file;
    const name = hello.source.address.split('/').at(-1) ?? '';
    if (atEnd) return { shape: 'disc', tone: 'quiet', word: `end of ${name}`, time: '' };
    const time = `${Math.floor(100 * position)}\u202f%`;
    return {
      shape: 'play',
      tone: playing ? 'ok' : 'quiet',
      word: `${playing ? 'playing' : 'stopped'} ${name}`,
      time,
    };
  }
  const since = duration((now - status.linkSince) / 1000);
  switch (status.link) {
    case 'waiting':
      return { shape: 'dashed', tone: 'quiet', word: 'waiting for a peer', time: since };
    case 'idle':
      return { shape: 'ring', tone: 'ok', word: 'connected, idle', time: since };
    case 'streaming':
      return { shape: 'disc', tone: 'ok', word: 'connected', time: since };
    case 'stalled':
      return {
        shape: 'triangle',
        tone: 'warn',
        word: 'connected, no frames',
        time: duration((now - status.lastFrame) / 1000),
      };
    case 'lost':
      return { shape: 'crossed', tone: 'bad', word: 'link lost', time: since };
  }
}

/** "Next attempt in 4 s." */
function countdown(next: number, localNow: number): string {
  return `Next attempt in ${Math.max(0, Math.ceil((next - localNow) / 1000))} s.`;
}

/** What replaces the legend while an earlier picture stays. */
export function linkBanner(situation: Situation): Banner | undefined {
  const { connection, status, hasPicture, localNow } = situation;
  if (!hasPicture) return undefined;
  if (connection.name === 'closed') {
    const title = 'The gateway does not answer.';
    return { tone: 'bad', title, text: '', countdown: countdown(connection.next, localNow), action: 'try' };
  }
  if (connection.name === 'token') {
    return {
      tone: 'bad',
      title: 'This page needs a token.',
      text: 'Open the address that the gateway printed.',
    };
  }
  if (connection.name === 'full') {
    return {
      tone: 'bad',
      title: `The gateway has its ${connection.viewers} viewers.`,
      text: 'Close a page elsewhere, or start the gateway with a higher limit.',
      countdown: countdown(connection.next, localNow),
      action: 'try',
    };
  }
  if (status?.link !== 'lost' || connection.name !== 'open') return undefined;
  const last = status.lastFrame === 0 ? '' : ` Last frame ${timeOfDay(status.lastFrame)}`;
  return { tone: 'bad', title: 'Link lost.', text: `Reconnecting.${last}` };
}

export function stallBanner({
  connection,
  status,
  channel,
  hasPicture,
  isPaused,
  now,
  hello,
}: Situation): Banner | undefined {
  if (!hasPicture || isPaused || connection.name !== 'open' || status === undefined) return undefined;
  if (hello?.source.role === 'file') return undefined;
  const since = (time: number): string => `${Math.max(0, Math.floor((now - time) / 1000))} s.`;
  if (status.link === 'stalled') {
    const text = `The link is up. Before: ${frameRate(status.framesPerSecond)}/s`;
    return { tone: 'warn', title: 'No frames for', time: since(status.lastFrame), text };
  }
  if (status.link !== 'streaming' || channel?.isStalled !== true) return undefined;
  return {
    tone: 'warn',
    title: `No frames on channel ${channel.channel} for`,
    time: since(channel.lastFrame),
    text: `Before: ${frameRate(channel.rateBefore)}/s`,
  };
}

/** What is said of a source without frames that is no peer. */
const WITHOUT_FRAMES: Readonly<Partial<Record<Hello['source']['role'], string>>> = {
  file: 'The file has been opened and no frame has been read.',
  log: 'The log is open and no frame has come.',
};

/** The words in place of a picture; undefined when there is one, or it is under way. */
export function emptyState(situation: Situation): Empty | undefined {
  const { connection, hasPicture, status, hello, nothing, localNow } = situation;
  if (hasPicture && nothing === undefined) return undefined;
  const path: Path = { peer: 'waiting', page: 'broken' };
  if (connection.name === 'closed') {
    const text = countdown(connection.next, localNow);
    return { title: 'The gateway does not answer', text, path, actions: ['try'] };
  }
  if (connection.name === 'token') {
    return {
      title: 'This page needs a token',
      text: 'Open the address that the gateway printed.',
      actions: [],
    };
  }
  if (connection.name === 'full') {
    const text = 'Close a page elsewhere, or start the gateway with a higher limit.';
    return { title: `The gateway has its ${connection.viewers} viewers`, text, actions: ['try'] };
  }
  if (connection.name !== 'open' || status === undefined || hello === undefined) return undefined;
  if (status.link === 'waiting') return waiting(hello);
  if (nothing !== undefined) return nothingToShow(nothing, situation);
  if (status.frames === 0) {
    const text = WITHOUT_FRAMES[hello.source.role] ?? 'The peer is connected and has not sent a frame.';
    return { title: 'No frames yet', text, path: { peer: 'up', page: 'up' }, actions: [] };
  }
  return undefined;
}

function waiting({ source: { address, role } }: Hello): Empty {
  const path: Path = { peer: 'waiting', page: 'up' };
  if (role === 'server') {
    const text = `The gateway listens on ${address}. This page starts when a peer connects.`;
    return { title: 'No peer yet', text, path, actions: [] };
  }
  if (role !== 'client')
    return { title: 'No frames yet', text: 'This page starts with the first frame.', path, actions: [] };
  const text =
    `The gateway keeps trying ${address}. This page starts when a peer connects. ` +
    'To check the address, run this on the gateway:';
  return { title: 'No peer yet', text, command: `rogue-bridge doctor ${address}`, path, actions: [] };
}

function nothingToShow(nothing: NoPreview, { reading, hello }: Situation): Empty {
  const size = nothing.size ?? 0;
  switch (nothing.reason) {
    case 'empty':
      return { title: 'This frame is empty', text: 'It has a header and no payload.', actions: [] };
    case 'too-large': {
      const limit = bytes(hello?.limits.previewedBytes ?? 0);
      const text = `Previews stop at ${limit}. Rates and errors still count.`;
      return { title: `No preview: this frame is ${bytes(size)}`, text, actions: ['hex', 'save'] };
    }
    case 'misfit':
      return misfit(size, reading);
    case 'gone':
      return {
        title: `Frame ${group(nothing.number ?? 0)} is gone`,
        text: `The gateway keeps ${hello?.limits.kept ?? 64} frames.`,
        actions: [],
      };
  }
}

function misfit(size: number, reading: Interpretation | undefined): Empty {
  if (reading === undefined) return { title: `${group(size)} bytes do not fit`, text: '', actions: ['hex'] };
  const { type, skip, shape } = reading;
  const label = TYPE_LABELS[type];
  const after = skip > 0 ? ` after the ${group(skip)} skipped` : '';
  if (shape === undefined) {
    const text = `One ${label} needs ${bytesOfType(type)} bytes${after}.`;
    return { title: `${group(size)} bytes hold no sample`, text, actions: ['hex'] };
  }
  const needed = group(shape[0] * shape[1] * bytesOfType(type));
  return {
    title: `${group(size)} bytes are not a ${shapeText(shape)} image`,
    text: `This shape of ${label} needs ${needed} bytes${after}.`,
    actions: ['wave', 'hex'],
  };
}
