// What the two halves of `bench` say to each other, over ordinary frames of one bridge.

import { Frame } from '../../index';
import { escaped } from '../../quoted';
import type { Machine } from '../support/machine';

/** Of what is below; another one is refused. */
export const BENCH_VERSION = 1;
/** Larger frames are asked of nobody. */
export const MAX_BENCH_BYTES = 256e6;

/** Which frames are what. */
export const BenchChannel = {
  /** Counted where they arrive. Their flags name the run, so that what is left of another is not. */
  data: 0,
  /** Sent back as they are. */
  echo: 1,
  /** JSON. */
  control: 2,
} as const;

/** Where one half runs, and on which engine. */
export interface BenchMachine extends Machine {
  readonly engine: string;
}

/** What the other half says of its machine, fit to be printed: a peer may say anything. */
export function machineOf(said: unknown): BenchMachine {
  const { cpu, cores, node, engine } = (said ?? {}) as Partial<Record<keyof BenchMachine, unknown>>;
  const text = (value: unknown): string => (typeof value === 'string' ? escaped(value) : 'unknown');
  return {
    cpu: text(cpu),
    cores: typeof cores === 'number' ? cores : 0,
    node: text(node),
    engine: text(engine),
  };
}

/** What the measuring half asks for. Frames come in order, so a report has counted all frames before it. */
export type Order =
  | { readonly type: 'hello'; readonly version: number }
  | { readonly type: 'begin'; readonly run: number }
  | { readonly type: 'report' }
  | { readonly type: 'send'; readonly run: number; readonly frames: number; readonly size: number };

/** What it is told. */
export type Answer =
  | { readonly type: 'hello'; readonly version: number; readonly machine: BenchMachine }
  /** More than one client is there, whoever asked: each of them gets only its share of the frames. */
  | { readonly type: 'busy' }
  | { readonly type: 'report'; readonly frames: number; readonly bytes: number; readonly elapsedMs: number };

/** `runId` is a number of the measuring half's own: answers to another one are not for it. */
export type Message<T> = T & { readonly runId: number };

export function controlFrame(message: Message<Order | Answer>): Frame {
  return new Frame(Buffer.from(JSON.stringify(message)), { channel: BenchChannel.control });
}

/** What a control frame says; undefined when it is none. */
export function parseControl<T extends Order | Answer>({ payload }: Frame): Message<T> | undefined {
  try {
    const message = JSON.parse(payload.toString()) as Partial<Message<T>> | null;
    return typeof message?.type === 'string' && typeof message.runId === 'number'
      ? (message as Message<T>)
      : undefined;
  } catch {
    return undefined;
  }
}
