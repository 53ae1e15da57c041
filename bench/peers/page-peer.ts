// A page that looks at channel 0 as the gateway guesses, and asks for the next picture when it has got one, 60 times a second
// at most, as a browser does.
//
//   page-peer.js PORT

import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { SUBPROTOCOL, type Message, type Watch } from '../../lib/view/protocol';

const SCREEN_MS = 1000 / 60;

const port = Number(process.argv[2]);
const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, SUBPROTOCOL);
let isWatching = false;

socket.on('message', (data, isBinary) => {
  if (isBinary) {
    void pause(SCREEN_MS).then(() => ask());
    return;
  }
  const message = JSON.parse((data as Buffer).toString()) as Message;
  if (message.op !== 'status' || isWatching) return;
  const channel = message.channels.find(({ channel: number }) => number === 0);
  if (channel === undefined) return;
  isWatching = true;
  const watch: Watch = { op: 'watch', id: 0, channel: 0, columns: 1000, ...channel.guess };
  socket.send(JSON.stringify(watch));
  ask();
});
socket.on('close', () => process.exit());
socket.on('error', () => process.exit(1));

function ask(): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ op: 'next', id: 0 }));
}
