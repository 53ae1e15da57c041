// A second connection that says what the first one said: the peer that its server sees twice.

import { connect, type Socket } from 'node:net';
import { GREETING_BYTES } from '../../lib/zmtp/greeting';
import { PART_FLAGS } from '../../lib/zmtp/protocol';

const { more, long, command } = PART_FLAGS;

// How long a server has to close after our end; what it had written by then comes in that time.
const END_LIMIT_MS = 500;

/** Counts the messages in what a ZMTP peer says, and forgets their bytes. */
export class MessageCounter {
  messages = 0;
  private skip = GREETING_BYTES;
  private head: Buffer = Buffer.alloc(0);
  /** Of the part whose bytes are skipped. */
  private flags: number = command;

  add(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      const skipped = Math.min(this.skip, rest.length);
      rest = rest.subarray(skipped);
      if (skipped > 0 && (this.skip -= skipped) === 0) this.onPart();
      if (this.skip === 0) rest = this.takeHead(rest);
    }
  }

  private takeHead(bytes: Buffer): Buffer {
    const { head } = this;
    const all = Buffer.concat([head, bytes.subarray(0, 9 - head.length)]);
    const length = all.length > 0 && (all[0]! & long) > 0 ? 9 : 2;
    if (all.length < length) {
      this.head = all;
      return Buffer.alloc(0);
    }
    this.flags = all[0]!;
    this.skip = length === 2 ? all[1]! : Number(all.readBigUInt64BE(1));
    this.head = Buffer.alloc(0);
    if (this.skip === 0) this.onPart();
    return bytes.subarray(length - head.length);
  }

  private onPart(): void {
    if ((this.flags & (more | command)) === 0) this.messages += 1;
  }
}

/** Says `handshake` to a port, and reads whatever comes, so that it is dealt frames as any peer. */
export class Double {
  private readonly counter = new MessageCounter();
  private readonly socket: Socket;

  constructor(port: number, host: string, handshake: Buffer) {
    this.socket = connect(port, host, () => void this.socket.write(handshake));
    this.socket.on('error', () => undefined).on('data', (chunk: Buffer) => this.counter.add(chunk));
  }

  /** @returns the frames it was dealt. What had not left the server is lost with the connection. */
  async end(): Promise<number> {
    const { socket } = this;
    if (!socket.destroyed) {
      const closed = new Promise((resolve) => socket.once('close', resolve));
      const timer = setTimeout(() => socket.destroy(), END_LIMIT_MS);
      socket.end();
      await closed;
      clearTimeout(timer);
    }
    return this.counter.messages;
  }
}
