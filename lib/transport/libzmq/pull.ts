// The receiving end: messages from a PULL socket of the zeromq package, one after the other, at the pace of
// whoever takes the frames.

import type { Pull } from 'zeromq';
import { systemCode } from '../../errors';
import { describeMalformed, flagsOf, isFrame } from '../../wire/message';
import type { TransportSink } from '../transport';

/** Receives until the socket is closed, handing every message to `sink`. Never rejects. */
export async function receiveFrames(
  socket: Pull,
  maxFrameBytes: number,
  sink: Pick<TransportSink, 'frame' | 'malformed' | 'failed'>,
): Promise<void> {
  for (;;) {
    let parts: Buffer[];
    try {
      parts = await socket.receive();
    } catch (err) {
      if (socket.closed) return;
      // Woken without a message: zeromq.js takes libzmq's word that there may be one.
      if (systemCode(err) === 'EAGAIN') continue;
      sink.failed(err);
      return;
    }
    // Closed while this message was on its way to us: nothing is delivered after close().
    if (socket.closed) return;
    if (!isFrame(parts)) {
      sink.malformed(describeMalformed(parts));
      continue;
    }
    const payload = parts[3];
    if (payload.length > maxFrameBytes) {
      // Only limits too low for libzmq, which holds its own commands against them, come here.
      sink.malformed(`Bad message sizes. payload=${payload.length}, maxFrameBytes=${maxFrameBytes}`);
      continue;
    }
    const taken = sink.frame(payload, flagsOf(parts), parts[1][0]!, parts[2][0]!);
    if (taken !== undefined) await taken;
  }
}
