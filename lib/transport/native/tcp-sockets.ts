// TCP sockets whose bytes land where the decoder wants them, without a buffer of Node's between.

import { Socket, type LookupFunction, type TcpSocketConnectOpts } from 'node:net';
import { socketAddress } from '../../wire/endpoints';
import { withScopeName } from '../../system/interfaces';
import { addressesOf } from '../names';

/** Where to connect to. */
export interface Target {
  /** As the caller gave it, or without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Who takes the bytes of a socket. */
export interface ByteReader {
  /** Where the next bytes are to be put. */
  nextBuffer(): Buffer;
  /** So many were put there. False stops reading until `resume()`. */
  filled(length: number): boolean;
  /** The same for bytes that came in a buffer of their own. */
  chunk(bytes: Buffer): boolean;
}

// A name may have several addresses: how long each is tried. Node gives all but the last 250 ms, too little for a link
// across an ocean.
const ADDRESS_TIMEOUT_MS = 3_000;
// No delay as libzmq, and the kernel asks after a minute of silence whether the other end is still there.
const TCP_OPTIONS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/** Begins to connect, to one address of a name after the other; what arrives goes to `reader`. */
export function connectSocket({ host, port }: Target, reader: ByteReader): Socket {
  // Node takes these as it makes a socket; given to connect(), it ignores them.
  const socket = new Socket({ ...TCP_OPTIONS, onread: onRead(reader) } as object);
  const options: TcpSocketConnectOpts = {
    host: withScopeName(socketAddress(host)),
    port,
    lookup: everyAddress,
    // A process may have it off: then Node tries the first address alone.
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT_MS,
  };
  return socket.connect(options);
}

const everyAddress: LookupFunction = (host, _options, done) => {
  addressesOf(host).then(
    (addresses) => done(null, addresses),
    (err: unknown) => done(err as NodeJS.ErrnoException, []),
  );
};

/**
 * Makes what arrives on a socket of a server go to `reader`, and begins to read.
 * The server must have been made with `pauseOnConnect`.
 *
 * @returns the socket to go on with, which may be another one.
 */
export function adoptSocket(accepted: Socket, reader: ByteReader): Socket {
  const socket = withOnRead(accepted, reader);
  socket.setNoDelay(TCP_OPTIONS.noDelay);
  socket.setKeepAlive(TCP_OPTIONS.keepAlive, TCP_OPTIONS.keepAliveInitialDelay);
  return socket;
}

/**
 * Lets this socket be read to its end after a write has failed. What the peer sent before it left is still in the
 * kernel then, and Node would close the socket on it.
 */
export function readToTheEnd(socket: Socket): void {
  const destroy = socket.destroy.bind(socket);
  const push = socket.push.bind(socket);
  let hasFailed = false;
  socket.destroy = (err?: Error) => {
    if (!isSendError(err)) return destroy(err);
    hasFailed = true;
    return socket;
  };
  // After an error Node emits no 'end', so the end itself is looked for.
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    const more = push(chunk, encoding);
    if (chunk === null && hasFailed) destroy();
    return more;
  };
}

function isSendError(err: Error | undefined): boolean {
  const { syscall } = (err ?? {}) as NodeJS.ErrnoException;
  return syscall === 'write' || syscall === 'shutdown';
}

/** The parts of Node's own socket that its declarations leave out. */
interface Inside {
  _handle?: object | null;
}

/**
 * `onread` can only be given to a socket as it is made, and a server makes its own. So the connection moves to a
 * second one, by way of `handle`, an option Node's own modules use and its documentation leaves out; where it is
 * not there any more, reading goes by 'data' events, with one more copy of large payloads.
 */
function withOnRead(accepted: Socket, reader: ByteReader): Socket {
  const shell = accepted as Inside;
  const handle = shell._handle;
  if (typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle)) {
    return withDataEvents(accepted, reader);
  }
  const socket = new Socket({ handle, onread: onRead(reader) } as object);
  // The first socket gives the connection up, and only leaves its server's list.
  shell._handle = null;
  accepted.destroy();
  socket.resume();
  return socket;
}

/** Reading as documented: Node makes a buffer a read. */
export function withDataEvents(accepted: Socket, reader: ByteReader): Socket {
  accepted.on('data', (bytes: Buffer) => {
    if (!reader.chunk(bytes)) accepted.pause();
  });
  return accepted.resume();
}

function onRead(reader: ByteReader): object {
  return { buffer: () => reader.nextBuffer(), callback: (length: number) => reader.filled(length) };
}
