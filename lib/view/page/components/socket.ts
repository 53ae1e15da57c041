// The browser's WebSocket, as the connection wants it.

import type { Socket, SocketHandlers } from '../model/connection';

export function openSocket(url: string, subprotocol: string, handlers: SocketHandlers): Socket {
  const socket = new WebSocket(url, subprotocol);
  socket.binaryType = 'arraybuffer';
  socket.onopen = handlers.opened;
  socket.onmessage = (event: MessageEvent<unknown>) => handlers.message(event.data);
  socket.onclose = handlers.closed;
  return {
    send: (text) => socket.send(text),
    close: () => {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    },
  };
}
