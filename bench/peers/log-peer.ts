// One side of a log, on this library: writes frames, or reads them.

import { Frame, Master } from '../../lib/index';
import { JetStreamReader, JetStreamWriter } from '../../lib/jetstream';
import { frameKind, newPayload } from './content';
import { Counter } from './counting';
import { orders, peerArguments, say, type PeerArguments } from './lines';
import { HOST, STREAM, writeAll } from './writing';

const work = peerArguments();
const order = orders();
const ROLES: Record<string, (work: PeerArguments) => Promise<void>> = { write, read, fill };
void ROLES[work.role]!(work);

/** Sends frame `sequence` into the log. */
interface Source {
  readonly send: (sequence: number) => Promise<void>;
  readonly flush: () => Promise<void>;
}

async function open({ port, sizeBytes }: PeerArguments): Promise<Source> {
  const writer = await JetStreamWriter.create(`nats://${HOST}:${port}/${STREAM}`);
  const source = new Master();
  source.to(writer);
  const send =
    frameKind === 'new Frame'
      ? (sequence: number) => source.sendFrame(new Frame(newPayload(sizeBytes, sequence)))
      : (sequence: number) => {
          const frame = source.reqFrame(sizeBytes);
          frame.payload.fill(sequence & 0xff);
          return source.sendFrame(frame);
        };
  return { send, flush: () => writer.flush() };
}

async function write(): Promise<void> {
  const source = await open(work);
  say({ ready: true });
  await order();
  await writeAll(work, order, source.send, source.flush);
}

/** Writes as many frames as each order says, and tells the order's number when the log has them. */
async function fill(): Promise<void> {
  const source = await open(work);
  say({ ready: true });
  let sent = 0;
  for (let step = 1; ; step++) {
    const end = sent + Number(await order());
    const startMs = performance.now();
    for (; sent < end; sent++) await source.send(sent);
    await source.flush();
    say({ [`filled ${step}`]: performance.now() - startMs });
  }
}

async function read({ port }: PeerArguments): Promise<void> {
  say({ ready: true });
  await order();
  const counter = new Counter(work);
  const reader = await JetStreamReader.create(`nats://${HOST}:${port}/${STREAM}?from=first`);
  reader.to(({ payload }: Frame) => void counter.add(payload));
  say({ reading: true });
  await reader.finished();
}
