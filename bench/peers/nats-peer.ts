// One side of a log, on the bare NATS client: publishes one frame a message, or reads with an ordered consumer.
//
//   nats-peer.js write|read PORT SIZE_BYTES WARM_FRAMES FRAMES LIMIT_MS WINDOW

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { newPayload } from './content';
import { Counter } from './counting';
import { orders, peerArguments, say, type PeerArguments } from './lines';
import { HOST, STREAM, writeAll } from './writing';

const SUBJECT = `${STREAM}.0`;
// The server's max_payload is 1 MiB, the headers included.
const CHUNK_BYTES = 1_000_000;
// Servers from 2.10 on refuse what is unwritten beyond 128 MB; and that much memory is enough.
const WINDOW_BYTES = 64_000_000;
// What it asks for ahead: its own default, and no more than a server keeps for a client (64 MB) before it cuts it off.
const AHEAD = 100;
const AHEAD_BYTES = 16_000_000;

const work = peerArguments();
const order = orders();
const ROLES: Record<string, (work: PeerArguments) => Promise<void>> = { write, read };
void ROLES[work.role]!(work);

async function write({ port, sizeBytes, more: [window = 1] }: PeerArguments): Promise<void> {
  const connection = await connect({ servers: `${HOST}:${port}` });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: STREAM, subjects: [`${STREAM}.*`], allow_direct: true });
  const js = jetstream(connection);
  const most = Math.max(Math.floor(WINDOW_BYTES / Math.min(sizeBytes, CHUNK_BYTES)), 1);
  const unanswered = Array.from({ length: Math.min(window, most) }, (): Promise<unknown> =>
    Promise.resolve(),
  );
  let next = 0;
  const publish = async (payload: Uint8Array): Promise<void> => {
    unanswered[next] = js.publish(SUBJECT, payload);
    next = (next + 1) % unanswered.length;
    // The oldest one; with a window of one the message itself.
    await unanswered[next];
  };
  const send = async (sequence: number): Promise<void> => {
    const payload = newPayload(sizeBytes, sequence);
    for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) await publish(payload.subarray(at, at + CHUNK_BYTES));
  };
  say({ ready: true });
  await order();
  await writeAll(work, order, send, () => Promise.all(unanswered));
}

async function read({ port, sizeBytes }: PeerArguments): Promise<void> {
  say({ ready: true });
  await order();
  const counter = new Counter(work);
  const connection = await connect({ servers: `${HOST}:${port}` });
  const consumer = await jetstream(connection).consumers.get(STREAM);
  const most = Math.floor(AHEAD_BYTES / Math.min(sizeBytes, CHUNK_BYTES));
  const messages = await consumer.consume({ max_messages: Math.min(AHEAD, most) });
  say({ reading: true });
  const chunks: Uint8Array[] = [];
  for await (const { data } of messages) {
    if (sizeBytes <= CHUNK_BYTES) {
      if (counter.add(data)) return;
      continue;
    }
    chunks.push(data);
    if (chunks.length * CHUNK_BYTES < sizeBytes) continue;
    if (counter.add(Buffer.concat(chunks.splice(0)))) return;
  }
}
