// Pairs of processes that measure.

import type { Contender } from './contenders';
import { FRAMES_VARIABLE, type FrameKind } from './frame-kind';
import { freePorts } from './ports';
import { Side, SIDE_LIMIT_MS, type Line } from './side';

/** What one pair is to do: frames before the clock, frames on the clock. */
export interface Work {
  readonly sizeBytes: number;
  readonly warmFrames: number;
  readonly frames: number;
}

/** What one way took. */
export interface OneWay {
  readonly framesPerSec: number;
  /** Processor time of all threads of that process, in microseconds a frame. */
  readonly senderMicros: number;
  readonly receiverMicros: number;
  /** Peak resident memory of that process. */
  readonly senderMegabytes: number;
  readonly receiverMegabytes: number;
}

/** In place of a round that failed. */
export const FAILED_ONE_WAY: OneWay = {
  framesPerSec: NaN,
  senderMicros: NaN,
  receiverMicros: NaN,
  senderMegabytes: NaN,
  receiverMegabytes: NaN,
};

/** One-way, from `sender` to `receiver`. Throws unless every frame came, each as it was sent. */
export async function measureOneWay(sender: Contender, receiver: Contender, work: Work): Promise<OneWay> {
  const [port] = await freePorts(2);
  const { frames } = sender;
  const receiving = startSide(receiver, 'receive', { port: port!, work, frames });
  const sending = startSide(sender, 'send', { port: port!, work, frames });
  return withSides([receiving, sending], () => runOneWay(sending, receiving, work));
}

/** Warms two sides up and measures them. `beforeGo` is called when the warm-up frames have come. */
export async function runOneWay(
  sending: Side,
  receiving: Side,
  work: Work,
  beforeGo?: () => Promise<void>,
): Promise<OneWay> {
  sending.tell('warm');
  await receiving.line('warm');
  await beforeGo?.();
  sending.tell('go');
  const received = await receiving.line('received');
  requireAll(receiving, work, received);
  sending.tell('report');
  const sent = await sending.line('sent');
  const microsAFrame = (cpuMs: unknown): number => (Number(cpuMs) * 1000) / work.frames;
  return {
    // The clock starts at the first frame, which is before the first interval.
    framesPerSec: ((work.frames - 1) / Number(received.elapsedMs)) * 1000,
    senderMicros: microsAFrame(sent.cpuMs),
    receiverMicros: microsAFrame(received.cpuMs),
    senderMegabytes: Number(sent.peakMegabytes),
    receiverMegabytes: Number(received.peakMegabytes),
  };
}

/** There and back, one frame at a time: every round trip's time. */
export async function measureRoundTrips(contender: Contender, work: Work): Promise<number[]> {
  const [port] = await freePorts(2);
  const { frames } = contender;
  const echo = startSide(contender, 'echo', { port: port!, work, frames });
  const pinger = startSide(contender, 'ping', { port: port!, work, frames });
  return withSides([echo, pinger], async () => {
    pinger.tell('go');
    const result = await pinger.line('received');
    requireAll(pinger, work, result);
    return result.samplesMicros as number[];
  });
}

/** What a side is told when it starts. */
export interface Start {
  readonly port: number;
  readonly work: Work;
  /** How the sender makes its frames. */
  readonly frames: FrameKind;
  /** What this role has besides. */
  readonly more?: readonly number[];
}

export function startSide(
  { name, command, env }: Pick<Contender, 'name' | 'command' | 'env'>,
  role: string,
  { port, work, frames, more = [] }: Start,
): Side {
  const { sizeBytes, warmFrames } = work;
  const args = [role, port, sizeBytes, warmFrames, work.frames, SIDE_LIMIT_MS, ...more];
  return new Side(`${name} (${role}, ${sizeBytes} bytes)`, command, args, {
    ...env,
    [FRAMES_VARIABLE]: frames,
  });
}

/** Runs what needs all of the sides, and ends them. Rejects when a side ends before that. */
export async function withSides<T>(sides: readonly Side[], run: () => Promise<T>): Promise<T> {
  try {
    await Promise.all(sides.map((side) => side.line('ready')));
    return await Promise.race([run(), ...sides.map((side) => side.failsEarly())]);
  } catch (err) {
    const complaints = sides.map((side) => side.complaints).filter((text) => text !== '');
    throw new Error([(err as Error).message, ...complaints].join('; '), { cause: err });
  } finally {
    await Promise.all(sides.map((side) => side.end()));
  }
}

/** Throws unless a receiver has got every frame, and each as it was sent. */
export function requireAll({ name }: Side, work: Work, { received, wrong }: Line): void {
  if (received === work.frames && wrong === 0) return;
  throw new Error(
    `${name}: ${String(received)} of ${work.frames} frames arrived, ` +
      `${String(wrong)} frames had another size or content than was sent`,
  );
}
