// The recorded conversations of two real Rogue peers, and a player that repeats one side of them over TCP.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { WireFrame } from '../../lib/wire/message';
import { waitFor } from './wait';

const FIXTURES = join(__dirname, '..', 'fixtures');

/** A recorded greeting and READY: what a peer sends in turn with the other side, before any frame. */
export const HANDSHAKE_BYTES = 92;
const GREETING_BYTES = 64;

export type StreamName =
  | 'next-port.server-to-client'
  | 'next-port.client-to-server'
  | 'base-port.client-to-server'
  | 'base-port.server-to-client';

/** A frame as the manifest describes it. */
export interface ManifestFrame {
  flags: number;
  channel: number;
  error: number;
  size: number;
  sha256: string;
}

export function readRecording(stream: StreamName): Buffer {
  return readFileSync(join(FIXTURES, `${stream}.bin`));
}

export function readManifest(stream: StreamName): ManifestFrame[] {
  const manifest = JSON.parse(readFileSync(join(FIXTURES, 'manifest.json'), 'utf8')) as {
    streams: Record<string, { frames: (ManifestFrame & { head: string })[] }>;
  };
  return manifest.streams[stream]!.frames.map(({ flags, channel, error, size, sha256 }) => ({
    flags,
    channel,
    error,
    size,
    sha256,
  }));
}

/** A frame in the terms of the manifest. */
export function describeFrame({ flags, channel, error, payload }: WireFrame): ManifestFrame {
  const sha256 = createHash('sha256').update(payload).digest('hex');
  return { flags, channel, error, size: payload.length, sha256 };
}

/** Cuts a recorded PUSH into its frames: ZMTP parts of one size byte, or of eight when bit 1 of the first is set. */
export function framesOf(recording: Buffer): WireFrame[] {
  const parts: Buffer[] = [];
  for (let at = HANDSHAKE_BYTES; at < recording.length;) {
    const long = (recording[at]! & 2) !== 0;
    const size = long ? Number(recording.readBigUInt64BE(at + 1)) : recording[at + 1]!;
    const start = at + (long ? 9 : 2);
    parts.push(recording.subarray(start, start + size));
    at = start + size;
  }
  const frames: WireFrame[] = [];
  for (let i = 0; i < parts.length; i += 4) {
    const [flags, channel, error, payload] = parts.slice(i, i + 4) as [Buffer, Buffer, Buffer, Buffer];
    frames.push({ flags: flags.readUInt16LE(), channel: channel[0]!, error: error[0]!, payload });
  }
  return frames;
}

/** Plays a recording to whoever is on the other end of one TCP connection, and keeps what it answers. */
export class Player {
  private received = Buffer.alloc(0);

  /** @param sliceBytes how much is written at a time after the handshake. */
  constructor(
    private readonly socket: Socket,
    private readonly recording: Buffer,
    private readonly sliceBytes = recording.length,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    // A bridge that is stopped at the end of a test resets what it has not read.
    socket.on('error', () => undefined);
  }

  /** What the other end has sent so far. */
  get answer(): Buffer {
    return this.received;
  }

  /** Sends greeting, READY and the rest, each when the other end has sent what a real peer waits for. */
  async play(): Promise<void> {
    const { socket, recording } = this;
    socket.write(recording.subarray(0, GREETING_BYTES));
    await this.heard(GREETING_BYTES);
    socket.write(recording.subarray(GREETING_BYTES, HANDSHAKE_BYTES));
    await this.heard(HANDSHAKE_BYTES);
    for (let at = HANDSHAKE_BYTES; at < recording.length; at += this.sliceBytes) {
      await new Promise((resolve) => {
        socket.write(recording.subarray(at, at + this.sliceBytes), resolve);
      });
    }
  }

  async heard(bytes: number): Promise<void> {
    const seen = (): string => `${this.received.length} of ${bytes} bytes`;
    await waitFor('the other end to answer', () => this.received.length >= bytes, 20_000, seen);
  }
}

/** Listens as the recorded server, and plays all of it to the first client that comes. */
export async function playServer(port: number): Promise<{ played: Promise<void>; frames: WireFrame[] }> {
  const ports = [
    [port, 'base-port.server-to-client'],
    [port + 1, 'next-port.server-to-client'],
  ] as const;
  const connections = await Promise.all(ports.map(([number]) => listenRaw(number)));
  const plays = ports.map(async ([, stream], index) =>
    new Player(await connections[index]!.connection, readRecording(stream)).play(),
  );
  const played = Promise.all(plays).then(() => undefined);
  return { played, frames: framesOf(readRecording('next-port.server-to-client')) };
}

const sockets = new Set<Socket>();
const servers = new Set<Server>();

/** A connection to a port that a bridge has bound. */
export async function connectRaw(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  sockets.add(socket);
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject);
  });
  return socket;
}

/** Listens for one bridge that connects; the promise is for its connection. */
export async function listenRaw(port: number): Promise<{ connection: Promise<Socket>; server: Server }> {
  const server = createServer();
  servers.add(server);
  const connection = new Promise<Socket>((resolve) => {
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen({ port, host: '127.0.0.1' }, resolve);
  });
  return { connection, server };
}

/** Ends every connection the test has made; for `afterEach`. */
export function endRaw(): void {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  sockets.clear();
  servers.clear();
}
