// Whoever abuses the ports: many connections at once, from as many addresses as loopback has.

import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Input } from './inputs';

const HOST = '127.0.0.1';
const AT_ONCE = 64;
// What a peer answers before the next piece is due: its greeting, its READY.
const ANSWERS_BYTES = [64, 92];
const ANSWER_LIMIT_MS = 30;
const END_LIMIT_MS = 2_000;
const LORIS_MS = 100;

/** Abuses the two ports of a server. */
export class Attacker {
  /** Connections made, by kind. */
  readonly made = new Map<string, number>();
  /** Connections that the system did not give us, and that the server left open after their end. */
  readonly failed = { connecting: 0, ending: 0 };
  private nextAddress = 0;

  /** @param port the server's base port. */
  constructor(private readonly port: number) {}

  /** Connections made. */
  get total(): number {
    return [...this.made.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Plays them until there is no more, or `isEnough`. */
  async play(inputs: Iterator<Input>, isEnough: (played: number) => boolean = () => false): Promise<void> {
    let played = 0;
    const worker = async (): Promise<void> => {
      for (let next = inputs.next(); next.done !== true && !isEnough(played); next = inputs.next()) {
        played += 1;
        await this.attack(next.value);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  /** `count` connections that never finish their greeting, a byte at a time, until the signal. */
  async slowLoris(count: number, greeting: Buffer, signal: AbortSignal): Promise<void> {
    const isOver = (): boolean => signal.aborted;
    const one = async (): Promise<void> => {
      while (!isOver()) {
        const socket = await this.open(this.port + (this.nextAddress % 2));
        for (let at = 0; socket !== undefined && !socket.destroyed && !isOver(); at++) {
          // The last byte never comes.
          if (at < greeting.length - 1) socket.write(greeting.subarray(at, at + 1));
          await sleep(LORIS_MS);
        }
        if (socket === undefined) {
          // Not in a loop without a turn for anybody else.
          await sleep(LORIS_MS);
          continue;
        }
        this.count('slow-loris handshakes');
        socket.destroy();
      }
    };
    await Promise.all(Array.from({ length: count }, one));
  }

  private async attack({ kind, port, pieces, ending }: Input): Promise<void> {
    const socket = await this.open(this.port + (port === 'push' ? 1 : 0));
    if (socket === undefined) return;
    this.count(kind);
    let heard = 0;
    let look = (): void => undefined;
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.length;
      look();
    });
    socket.once('close', () => look());
    for (const [index, piece] of pieces.entries()) {
      await new Promise<void>((resolve) => socket.write(piece, () => resolve()));
      const due = index < pieces.length - 1 ? ANSWERS_BYTES[index]! : 0;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ANSWER_LIMIT_MS);
        look = () => {
          if (heard < due && !socket.destroyed) return;
          clearTimeout(timer);
          resolve();
        };
        look();
      });
    }
    if (ending === 'reset' || socket.destroyed) {
      socket.resetAndDestroy();
      return;
    }
    socket.end();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const timer = setTimeout(() => {
      this.failed.ending += 1;
      socket.destroy();
    }, END_LIMIT_MS);
    await closed;
    clearTimeout(timer);
  }

  private async open(port: number): Promise<Socket | undefined> {
    const socket = connect({ port, host: HOST, localAddress: this.address() });
    socket.setNoDelay(true);
    return new Promise((resolve) => {
      let isMade = false;
      socket.once('connect', () => {
        isMade = true;
        resolve(socket);
      });
      socket.on('error', () => {
        if (!isMade) this.failed.connecting += 1;
        resolve(undefined);
      });
    });
  }

  /** 127.1.0.1 and on: the port range of one address is soon in TIME_WAIT. */
  private address(): string {
    this.nextAddress = (this.nextAddress + 1) % 65_000;
    return `127.1.${this.nextAddress >> 8}.${1 + (this.nextAddress % 250)}`;
  }

  private count(kind: string): void {
    this.made.set(kind, (this.made.get(kind) ?? 0) + 1);
  }
}
