// The receiving end: messages from a PULL socket of the zeromq package, one after the other, at the pace of
// whoever takes the frames.

import type { Pull } from 'zeromq';
import { systemCode } from '../../errors';
import { describeMalformed, flagsOf, isFrame } from '../../wire/message';
import type { TransportSink } from '../transport';

/** A PULL socket and the loop that empties it. */
export class PullEnd {
  // What `socket.closed` says, without a call into the binding for every frame.
  private readonly state = { closed: false };

  constructor(
    readonly socket: Pull,
    private readonly maxFrameBytes: number,
    private readonly sink: Pick<TransportSink, 'frame' | 'malformed' | 'failed'>,
  ) {}

  /** Nothing is handed to the sink from now on; the socket is to be closed next. */
  stop(): void {
    this.state.closed = true;
  }

  /** Receives until {@link stop}, handing every message to the sink. Never rejects. */
  async receive(): Promise<void> {
    const { socket, state } = this;
    while (!state.closed) {
      let parts: Buffer[];
      try {
        parts = await socket.receive();
      } catch (err) {
        if (isClosed(state)) return;
        // Woken without a message: zeromq.js takes libzmq's word that there may be one.
        if (systemCode(err) === 'EAGAIN') continue;
        this.sink.failed(err);
        return;
      }
      // The bridge may have been stopped while this message was on its way to us.
      if (isClosed(state)) return;
      const taken = this.handOver(parts);
      if (taken !== undefined) await taken;
    }
  }

  private handOver(parts: Buffer[]): undefined | Promise<void> {
    const { sink, maxFrameBytes } = this;
    if (!isFrame(parts)) {
      sink.malformed(describeMalformed(parts));
      return undefined;
    }
    const payload = parts[3];
    if (payload.length > maxFrameBytes) {
      // Only limits too low for libzmq, which holds its own commands against them, come here.
      sink.malformed(`Bad message sizes. payload=${payload.length}, maxFrameBytes=${maxFrameBytes}`);
      return undefined;
    }
    return sink.frame(payload, flagsOf(parts), parts[1][0]!, parts[2][0]!);
  }
}

/** A call, because the compiler takes a flag for constant across an await. */
function isClosed(state: { readonly closed: boolean }): boolean {
  return state.closed;
}
