// Plays a Rogue data file to a remote client, as fast as that takes it.
//
//   node examples/play.mjs FILE [PORT]

import { StreamReader, TcpServer } from 'rogue-bridge';

const [file, port = '8000'] = process.argv.slice(2);
if (file === undefined)
  throw new Error('which FILE is to be played? FILE.1 stands for all parts of a recording');

// A client that is behind has a minute for the rest, once all is sent.
const tcp = await TcpServer.create('127.0.0.1', Number(port), { lingerMs: 60_000 });
const reader = new StreamReader();
reader.to(tcp);

console.log(`waiting for a client on ports ${port} and ${Number(port) + 1}`);
await tcp.waitForPeer();
await reader.open(file);
await reader.closeWait();
await tcp.stop();
console.log(`played ${reader.frameCount} frames, ${tcp.stats.discarded} of them lost on the way`);
