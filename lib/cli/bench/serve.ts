// The half of `bench` that is measured: counts, sends back, sends what it is asked for.

import type { Frame, TcpCore } from '../../index';
import {
  BENCH_VERSION,
  BenchChannel,
  controlFrame,
  MAX_BENCH_BYTES,
  parseControl,
  type Answer,
  type BenchMachine,
  type Message,
  type Order,
} from './protocol';
import { passing } from '../support/slaves';
import { sendData } from './data';

/** Answers one client at a time; a new one's hello ends what the last one had asked for. */
export class BenchServer {
  private frames = 0;
  private bytes = 0;
  private run = -1;
  private startedAt = 0;
  /** What it was last asked to send; sending ends when there is another. */
  private sending: object | undefined;

  constructor(
    private readonly bridge: TcpCore,
    private readonly machine: BenchMachine,
  ) {
    bridge.addSlave(passing((frame) => this.receive(frame)));
    // A client's orders may come before it can be answered: it is told when it can.
    bridge.on('connect', ({ direction }) => {
      const clients = bridge.stats.peers.send;
      if (direction === 'send' && clients > 1) void this.refuse(0, clients).catch(() => undefined);
    });
  }

  private receive(frame: Frame): void | Promise<void> {
    switch (frame.channel) {
      case BenchChannel.data:
        if (frame.flags !== this.run) return undefined;
        this.frames += 1;
        this.bytes += frame.size;
        return undefined;
      case BenchChannel.echo:
        return this.bridge.send(frame);
      case BenchChannel.control: {
        const order = parseControl<Order>(frame);
        return order === undefined ? undefined : this.obey(order);
      }
      default:
        return undefined;
    }
  }

  private obey(order: Message<Order>): void | Promise<void> {
    const { runId } = order;
    const clients = this.bridge.stats.peers.send;
    if (clients > 1) return this.refuse(runId, clients);
    switch (order.type) {
      case 'hello':
        this.sending = undefined;
        return this.answer({ type: 'hello', version: BENCH_VERSION, machine: this.machine, runId });
      case 'begin':
        this.run = order.run;
        this.frames = 0;
        this.bytes = 0;
        this.startedAt = performance.now();
        return undefined;
      case 'report': {
        const elapsedMs = performance.now() - this.startedAt;
        return this.answer({ type: 'report', frames: this.frames, bytes: this.bytes, elapsedMs, runId });
      }
      case 'send':
        // Not awaited: a client that left in the middle must not keep the next one's hello waiting.
        void this.send(order).catch(() => undefined);
        return undefined;
    }
  }

  private answer(message: Message<Answer>): void | Promise<void> {
    return this.bridge.send(controlFrame(message));
  }

  /** Tells all of them: the one that was here first gets only its share as well. */
  private async refuse(runId: number, clients: number): Promise<void> {
    this.sending = undefined;
    // Frames go to clients in turn, so as many reach each.
    for (let i = 0; i < clients; i++) await this.answer({ type: 'busy', runId });
  }

  private async send({ run, frames, size }: { run: number; frames: number; size: number }): Promise<void> {
    if (!(size >= 1 && size <= MAX_BENCH_BYTES)) return;
    const own = {};
    this.sending = own;
    await sendData(this.bridge, { run, frames, size }, () => this.sending !== own);
  }
}
