// Plays a Rogue data file to a remote client, as fast as that takes it.
//
//   node examples/play.mjs FILE [PORT]

import { StreamReader, TcpServer } from 'rogue-bridge';

const [file, port = '8000'] = process.argv.slice(2);
if (file === undefined)
  throw new Error('which FILE is to be played? FILE.1 stands for all parts of a recording');

const tcp = await TcpServer.create('127.0.0.1', Number(port));
const reader = new StreamReader();
reader.to(tcp);

console.log(`waiting for a client on ports ${port} and ${Number(port) + 1}`);
await tcp.waitForPeer();
await reader.open(file);
await reader.closeWait();
// Gives a client that is behind the time to take the rest.
await tcp.stop();
console.log(`played ${reader.frameCount} frames`);
