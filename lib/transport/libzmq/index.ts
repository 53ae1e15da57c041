// The engine on the zeromq package: a PUSH and a PULL socket of libzmq in the context all bridges share.

import { Pull, Push, type Context } from 'zeromq';
import { socketAddress, type Endpoints } from '../../wire/endpoints';
import { z85Text } from '../../wire/z85';
import { shortageError, shortageIn } from '../../system/descriptors';
import { NOT_ALLOWED } from '../errors';
import { locate } from '../locate';
import type { Direction, OpenSockets, TransportOptions, TransportSink } from '../socket';
import type { Applicant } from './authenticator';
import { sharedContext } from './context';
import { ZmqPullSocket } from './pull-socket';
import { ZmqPushSocket } from './push-socket';
import { heartbeatOptions } from './workarounds/heartbeat';
import type { Place } from './zmq-socket';

// libzmq holds its own handshake against the limit, too; below its 28 bytes nobody could connect.
const MIN_MESSAGE_LIMIT_BYTES = 64;

export { curveKeyPair as newKeyPair } from 'zeromq';

/** Opens a bridge's sockets. As {@link OpenSockets}. */
export const openLibzmq: OpenSockets = async (endpoints, options, sink) => {
  const { server, addr, pullPort, pushPort } = endpoints;
  const what = `${server ? 'TcpServer' : 'TcpClient'} at ${addr}`;
  const context = sharedContext(what);
  const host = await locate(endpoints, { takesInterfaces: true });
  const place = (direction: Direction, port: number): Place => ({
    direction,
    server,
    addr,
    host,
    port,
    authorize: (applicant) => isWelcome(applicant, direction, options, sink),
  });
  let pull: ZmqPullSocket | undefined;
  let push: ZmqPushSocket | undefined;
  try {
    pull = new ZmqPullSocket(
      new Pull(pullOptions(context, endpoints, options)),
      place('receive', pullPort),
      options,
      sink,
    );
    await pull.open(context);
    push = new ZmqPushSocket(
      new Push(pushOptions(context, endpoints, options)),
      place('send', pushPort),
      sink,
    );
    await push.open(context);
    return { push, pull };
  } catch (err) {
    // A port that was bound is free again when this rejects.
    await Promise.all([pull?.close(), push?.close(0)]);
    const shortage = shortageIn(err);
    throw shortage === undefined ? err : shortageError(what, context.maxSockets, shortage);
  }
};

function pullOptions(context: Context, endpoints: Endpoints, options: TransportOptions): object {
  return {
    context,
    linger: 0,
    receiveHighWaterMark: options.receiveHighWaterMark,
    maxMessageSize: Math.max(options.maxFrameBytes, MIN_MESSAGE_LIMIT_BYTES),
    ...reconnectOptions(options),
    ...heartbeatOptions('receive', options.heartbeatMs),
    ...curveOptions(endpoints, options),
  };
}

function pushOptions(context: Context, endpoints: Endpoints, options: TransportOptions): object {
  return {
    context,
    // Nothing is queued for a peer that is not there, as in Rogue.
    immediate: true,
    linger: options.lingerMs,
    sendHighWaterMark: options.sendHighWaterMark,
    // A PUSH socket never reads messages; this limits what a peer can make it allocate.
    maxMessageSize: Math.max(options.maxFrameBytes, MIN_MESSAGE_LIMIT_BYTES),
    sendTimeout: 0,
    ...reconnectOptions(options),
    ...heartbeatOptions('send', options.heartbeatMs),
    ...curveOptions(endpoints, options),
  };
}

function reconnectOptions({ reconnectMs, reconnectMaxMs }: TransportOptions): object {
  return { reconnectInterval: reconnectMs, reconnectMaxInterval: reconnectMaxMs ?? 0 };
}

function curveOptions({ server }: Endpoints, { curve }: TransportOptions): object {
  if (curve === undefined) return {};
  const { publicKey, secretKey, serverKey } = curve;
  return server
    ? { curveServer: true, curveSecretKey: secretKey }
    : { curvePublicKey: publicKey, curveSecretKey: secretKey, curveServerKey: serverKey };
}

/** Whether this peer may connect; tells of one that may not. */
function isWelcome(
  { address, publicKey }: Applicant,
  direction: Direction,
  { allow, curve }: TransportOptions,
  sink: TransportSink,
): boolean {
  const { clientKeys } = curve ?? {};
  let reason: string | undefined;
  if (allow?.has(address) === false) reason = NOT_ALLOWED;
  else if (
    clientKeys !== undefined &&
    (publicKey === undefined || !clientKeys.includes(z85Text(publicKey)))
  ) {
    reason = 'has a key that curve.clientKeys does not name';
  }
  if (reason !== undefined) sink.refused({ direction, remoteAddress: socketAddress(address), reason });
  return reason === undefined;
}
