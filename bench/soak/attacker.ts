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

/** What became of the connections of one kind. */
export interface Tries {
  /** Connections that were to be made, and that were. */
  asked: number;
  made: number;
  /** Of these, those that were to say something and did not get out the first of it, and that said all of it. */
  mute: number;
  written: number;
  /** Ended by the server before we did. */
  ended: number;
  /** Open still when the server should have closed them. */
  left: number;
}

/** Abuses the two ports of a server. */
export class Attacker {
  readonly tries = new Map<string, Tries>();
  private nextAddress = 0;

  /** @param port the server's base port. */
  constructor(private readonly port: number) {}

  /** Connections made. */
  get total(): number {
    return [...this.tries.values()].reduce((sum, { made }) => sum + made, 0);
  }

  /** What is wrong with the attack, or with how it was borne. @param isOpen whether the server hears everyone out. */
  faults(isOpen: boolean): string[] {
    return [...this.tries].flatMap(([kind, { asked, made, mute, left }]) => [
      ...(made < asked ? [`'${kind}': ${made} connections were made, of ${asked}`] : []),
      ...(isOpen && mute > 0 ? [`'${kind}': ${mute} of ${made} connections could not say a word`] : []),
      ...(left > 0 ? [`'${kind}': the server left ${left} of ${made} connections open`] : []),
    ]);
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
    const tries = this.triesOf('slow-loris handshakes');
    const one = async (): Promise<void> => {
      while (!isOver()) {
        const socket = await this.open(this.port + (this.nextAddress % 2), tries);
        if (socket === undefined) await sleep(LORIS_MS);
        for (let at = 0; socket !== undefined && !socket.destroyed && !isOver(); at++) {
          // The last byte never comes.
          if (at < greeting.length - 1) socket.write(greeting.subarray(at, at + 1));
          await sleep(LORIS_MS);
        }
        if (socket?.destroyed === true) tries.ended += 1;
        socket?.destroy();
      }
    };
    await Promise.all(Array.from({ length: count }, one));
  }

  private async attack({ kind, port, pieces, ending }: Input): Promise<void> {
    const tries = this.triesOf(kind);
    const socket = await this.open(this.port + (port === 'push' ? 1 : 0), tries);
    if (socket === undefined) return;
    let written = 0;
    let heard = 0;
    let look = (): void => undefined;
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.length;
      look();
    });
    socket.once('close', () => look());
    for (const [index, piece] of pieces.entries()) {
      const err = await new Promise<unknown>((resolve) => socket.write(piece, resolve));
      if (err === undefined || err === null) written += 1;
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
    if (written === pieces.length) tries.written += 1;
    if (written === 0 && pieces.length > 0) tries.mute += 1;
    if (socket.destroyed) tries.ended += 1;
    if (ending === 'reset' || socket.destroyed) {
      socket.resetAndDestroy();
      return;
    }
    // Whatever a stranger had said, the server closes when he ends; some it closes by itself.
    if (ending === 'end') socket.end();
    const isClosed = await closes(socket);
    if (!isClosed) tries.left += 1;
    else if (ending === 'none') tries.ended += 1;
  }

  private async open(port: number, tries: Tries): Promise<Socket | undefined> {
    tries.asked += 1;
    const socket = connect({ port, host: HOST, localAddress: this.address() });
    socket.setNoDelay(true);
    return new Promise((resolve) => {
      socket.once('connect', () => {
        tries.made += 1;
        resolve(socket);
      });
      socket.on('error', () => resolve(undefined));
    });
  }

  /** 127.1.0.1 and on: the port range of one address is soon in TIME_WAIT. */
  private address(): string {
    this.nextAddress = (this.nextAddress + 1) % 65_000;
    return `127.1.${this.nextAddress >> 8}.${1 + (this.nextAddress % 250)}`;
  }

  private triesOf(kind: string): Tries {
    const tries = this.tries.get(kind) ?? { asked: 0, made: 0, mute: 0, written: 0, ended: 0, left: 0 };
    this.tries.set(kind, tries);
    return tries;
  }
}

/** @returns false when it took too long, and we did it. */
async function closes(socket: Socket): Promise<boolean> {
  const closed = new Promise((resolve) => socket.once('close', resolve));
  let isLeft = false;
  const timer = setTimeout(() => {
    isLeft = true;
    socket.destroy();
  }, END_LIMIT_MS);
  await closed;
  clearTimeout(timer);
  return !isLeft;
}
