// Batches that arrive by a bridge, taken apart: an analysis gets every record, a display those it has time for.
//
//   node examples/batches.mjs [HOST] [PORT] [RECORDS]

import { Fifo, SplitterV1, TcpClient } from 'rogue-bridge';

const [host = '127.0.0.1', port = '8000', records = '1000'] = process.argv.slice(2);
const tcp = await TcpClient.create(host, Number(port));

// SplitterV2 for batches of version 2. The log tells which batches are damaged, dropCount how many.
const splitter = tcp.to(new SplitterV1());

// The display holds nobody back: the Fifo copies the first 16 bytes of a record, and drops what it has no room for.
const fifo = splitter.to(new Fifo(4, 16));
fifo.addSlave(async (record) => {
  console.log(`channel ${record.channel}: ${record.payload.toString('hex')}`);
  await new Promise((resolve) => setTimeout(resolve, 250)); // a slow display
});

// The analysis holds the exporter back while it is busy.
const sizes = new Map();
let count = 0;
for await (const record of splitter.frames()) {
  sizes.set(record.channel, (sizes.get(record.channel) ?? 0) + record.size);
  record.release(); // when all records of a batch are released, the next one is read into its memory
  if (++count === Number(records)) break;
}
await tcp.stop();
await fifo.stop({ lingerMs: 0 });

for (const [channel, bytes] of [...sizes].sort(([a], [b]) => a - b)) {
  console.log(`channel ${channel}: ${bytes} bytes in all`);
}
console.log(
  `${count} records, ${splitter.dropCount} damaged batches; the display missed ${fifo.dropCount} records`,
);
