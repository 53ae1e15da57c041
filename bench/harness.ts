// Pairs of processes that measure.

import type { Contender } from './contenders';
import { freePorts } from './ports';
import { Side, SIDE_LIMIT_MS, type Line } from './side';

/** What one pair is to do: frames before the clock, frames on the clock. */
export interface Work {
  readonly sizeBytes: number;
  readonly warmFrames: number;
  readonly frames: number;
}

/** What one way took: on the clock, and of processor time on either side where its program tells. */
export interface OneWay {
  readonly elapsedMs: number;
  readonly senderCpuMs: number | undefined;
  readonly receiverCpuMs: number | undefined;
}

/** One-way, from `sender` to `receiver`. Throws unless every frame came, each of the right size. */
export async function measureOneWay(sender: Contender, receiver: Contender, work: Work): Promise<OneWay> {
  return withPair(receiver, sender, ['receive', 'send'], work, async (receiving, sending) => {
    sending.tell('warm');
    await receiving.line('warm');
    sending.tell('go');
    const result = await receiving.line('received');
    requireAll(receiver, work, result);
    const sent = await sending.line('sent');
    return {
      elapsedMs: Number(result.elapsedMs),
      senderCpuMs: sent.cpuMs as number | undefined,
      receiverCpuMs: result.cpuMs as number | undefined,
    };
  });
}

/** One-way between two of a kind: the time the receiver took, in ms. */
export async function measureThroughput(contender: Contender, work: Work): Promise<number> {
  return (await measureOneWay(contender, contender, work)).elapsedMs;
}

/** There and back, one frame at a time: every round trip's time. */
export async function measureRoundTrips(contender: Contender, work: Work): Promise<number[]> {
  return withPair(contender, contender, ['echo', 'ping'], work, async (_, pinger) => {
    pinger.tell('go');
    const result = await pinger.line('received');
    requireAll(contender, work, result);
    return result.samplesMicros as number[];
  });
}

async function withPair<T>(
  serving: Contender,
  connecting: Contender,
  roles: readonly [server: string, client: string],
  work: Work,
  run: (server: Side, client: Side) => Promise<T>,
): Promise<T> {
  const [port] = await freePorts(2);
  const args = [port!, work.sizeBytes, work.warmFrames, work.frames, SIDE_LIMIT_MS];
  const start = ({ name, command, env }: Contender, role: string): Side =>
    new Side(`${name} (${role}, ${work.sizeBytes} bytes)`, command, [role, ...args], env);
  const [server, client] = [start(serving, roles[0]), start(connecting, roles[1])];
  try {
    await Promise.all([server.line('ready'), client.line('ready')]);
    return await Promise.race([run(server, client), server.failsEarly(), client.failsEarly()]);
  } catch (err) {
    const complaints = [server, client].map((side) => side.complaints).filter((text) => text !== '');
    throw new Error([(err as Error).message, ...complaints].join('; '), { cause: err });
  } finally {
    await Promise.all([server.end(), client.end()]);
  }
}

function requireAll(contender: Contender, work: Work, { received, wrong }: Line): void {
  if (received === work.frames && wrong === 0) return;
  throw new Error(
    `${contender.name}: ${String(received)} of ${work.frames} frames of ${work.sizeBytes} bytes arrived, ` +
      `${String(wrong)} of them with another size`,
  );
}
