// A ZMTP peer made of bytes: says what a test tells it to, right or wrong, and keeps what it is told.

import type { Socket } from 'node:net';
import { connectRaw, listenRaw } from './recording';
import { waitFor } from './wait';

export const GREETING_BYTES = 64;
export const READY_BYTES = 28;
export const HANDSHAKE_BYTES = GREETING_BYTES + READY_BYTES;
export const MORE = 1;
export const LONG = 2;
export const COMMAND = 4;

/** What a greeting may be made to say; the defaults are libzmq 4.3.5's. */
export interface GreetingFields {
  readonly major?: number;
  readonly minor?: number;
  readonly mechanism?: string;
  readonly asServer?: number;
  readonly padding?: number;
  readonly filler?: number;
  readonly signatureEnd?: number;
}

export function greeting(fields: GreetingFields = {}): Buffer {
  const { major = 3, minor = 1, mechanism = 'NULL', asServer = 0, filler = 0, signatureEnd = 0x7f } = fields;
  const bytes = Buffer.alloc(GREETING_BYTES, filler);
  bytes.fill(fields.padding ?? 0, 1, 9);
  bytes[0] = 0xff;
  bytes[9] = signatureEnd;
  bytes[10] = major;
  bytes[11] = minor;
  bytes.fill(0, 12, 32);
  bytes.write(mechanism, 12, 'latin1');
  bytes[32] = asServer;
  return bytes;
}

/** One part or command: flags, size in the shorter form that fits unless `LONG` is asked for, body. */
export function part(partFlags: number, body: Uint8Array | string): Buffer {
  const bytes = Buffer.from(body);
  const long = (partFlags & LONG) !== 0 || bytes.length > 255;
  const head = Buffer.alloc(long ? 9 : 2);
  head[0] = partFlags | (long ? LONG : 0);
  if (long) head.writeBigUInt64BE(BigInt(bytes.length), 1);
  else head[1] = bytes.length;
  return Buffer.concat([head, bytes]);
}

/** The head of a part whose body of `size` bytes never comes. */
export function longHead(partFlags: number, size: bigint): Buffer {
  const head = Buffer.alloc(9);
  head[0] = partFlags | LONG;
  head.writeBigUInt64BE(size, 1);
  return head;
}

export function message(...parts: (Uint8Array | string)[]): Buffer {
  return Buffer.concat(parts.map((body, i) => part(i < parts.length - 1 ? MORE : 0, body)));
}

/** A frame of Rogue's as one message. */
export function frameMessage(payload: Uint8Array | string, flags = 0, channel = 0, error = 0): Buffer {
  return message(
    Buffer.from([flags & 0xff, flags >> 8]),
    Buffer.from([channel]),
    Buffer.from([error]),
    payload,
  );
}

export function commandBody(name: string, content: Uint8Array | string = ''): Buffer {
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name, 'latin1'), Buffer.from(content)]);
}

export function property(name: string, value: string | Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  const bytes = Buffer.from(value);
  size.writeUInt32BE(bytes.length);
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name, 'latin1'), size, bytes]);
}

export function ready(type: string): Buffer {
  return part(COMMAND, commandBody('READY', property('Socket-Type', type)));
}

export function ping(ttlTenths: number, context: Uint8Array | string = ''): Buffer {
  return Buffer.concat([Buffer.from([ttlTenths >> 8, ttlTenths & 0xff]), Buffer.from(context)]);
}

/** One end of a TCP connection to a bridge. */
export class RawPeer {
  private memory = Buffer.alloc(64);
  private length = 0;
  private hasClosed = false;

  constructor(readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.hear(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.hasClosed = true));
  }

  private get received(): Buffer {
    return this.memory.subarray(0, this.length);
  }

  private hear(chunk: Buffer): void {
    const length = this.length + chunk.length;
    if (length > this.memory.length) {
      // Twice as much each time: a copy for every chunk takes longer than the megabytes themselves.
      const memory = Buffer.alloc(2 * length);
      this.received.copy(memory);
      this.memory = memory;
    }
    chunk.copy(this.memory, this.length);
    this.length = length;
  }

  /** A peer connected to a server's port. */
  static async connect(port: number, localAddress?: string): Promise<RawPeer> {
    return new RawPeer(await connectRaw(port, localAddress));
  }

  /** A peer a client connects to: resolves once it has. */
  static async listen(port: number): Promise<() => Promise<RawPeer>> {
    const { connection } = await listenRaw(port);
    return async () => new RawPeer(await connection);
  }

  /** Everything the bridge has said on this connection. */
  get heard(): Buffer {
    return this.received;
  }

  /** What it has said behind its handshake. */
  get heardAfterHandshake(): Buffer {
    return this.received.subarray(HANDSHAKE_BYTES);
  }

  get closed(): boolean {
    return this.hasClosed;
  }

  /** Writes, in one piece. */
  write(...bytes: Uint8Array[]): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(Buffer.concat(bytes), () => resolve());
    });
  }

  /** Writes byte by byte, each in a segment of its own. */
  async dribble(bytes: Uint8Array): Promise<void> {
    for (const byte of bytes) await this.write(Uint8Array.of(byte));
  }

  async hears(bytes: number, timeoutMs = 10_000): Promise<Buffer> {
    const seen = (): string => `${this.received.length} of ${bytes} bytes, closed: ${this.hasClosed}`;
    await waitFor('the bridge to answer', () => this.received.length >= bytes, timeoutMs, seen);
    return this.received;
  }

  async hearsAfterHandshake(bytes: number): Promise<Buffer> {
    await this.hears(HANDSHAKE_BYTES + bytes);
    return this.heardAfterHandshake;
  }

  async isClosed(timeoutMs = 10_000): Promise<void> {
    const seen = (): string => `heard ${this.received.length} bytes`;
    await waitFor('the bridge to close the connection', () => this.hasClosed, timeoutMs, seen);
  }

  /** Greets and says READY as a socket of `type`, each when its turn is. */
  async shakeHands(type: 'PUSH' | 'PULL', fields?: GreetingFields): Promise<this> {
    await this.write(greeting(fields));
    await this.hears(GREETING_BYTES);
    await this.write(ready(type));
    await this.hears(HANDSHAKE_BYTES);
    return this;
  }

  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }
}
