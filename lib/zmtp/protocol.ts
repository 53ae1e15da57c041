// The constants of ZMTP 3.1 that several of this room's files share, and the fault a peer can commit.
// zeromq/rfc 37 (ZMTP 3.1); zeromq/libzmq src/zmtp_engine.cpp, src/v2_protocol.hpp.

/** The first byte of a part or command: three bits; a peer's other bits are ignored, as libzmq does. */
export const PART_FLAGS = { more: 1, long: 2, command: 4 } as const;

/** A body of more bytes than this has a size field of 8 bytes, not 1. */
export const MAX_SHORT_BYTES = 255;

/** Our end of a connection: what sends, what receives. */
export type SocketType = 'PUSH' | 'PULL';

/** The one socket type each end may talk to. */
export const PEER_TYPE: Readonly<Record<SocketType, SocketType>> = { PUSH: 'PULL', PULL: 'PUSH' };

/** Something a peer did that ends its connection. The message says what, to be read after "the peer at x ". */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}
