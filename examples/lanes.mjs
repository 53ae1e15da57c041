// Several lanes with virtual channels, as Rogue's simulation setups lay them out: a bridge for each at port
// base + 512 * lane + 2 * vc, all in one process. Each sends back what it gets.
//
//   node examples/lanes.mjs [BASE_PORT] [LANES] [VCS]

import { TcpServer } from 'rogue-bridge';

const [base = 10000, lanes = 2, vcs = 4] = process.argv.slice(2).map(Number);

const bridges = [];
for (let lane = 0; lane < lanes; lane++) {
  for (let vc = 0; vc < vcs; vc++) {
    const port = base + 512 * lane + 2 * vc;
    // A bridge takes two descriptors: thousands fit into one process.
    const tcp = await TcpServer.create('127.0.0.1', port);
    tcp.addSlave(tcp);
    bridges.push({ lane, vc, port, tcp });
    console.log(`lane ${lane} vc ${vc}: ports ${port} and ${port + 1}`);
  }
}

process.once('SIGINT', async () => {
  await Promise.all(bridges.map(({ tcp }) => tcp.stop()));
  for (const { lane, vc, tcp } of bridges) {
    const { framesReceived, framesSent } = tcp.stats;
    console.log(`lane ${lane} vc ${vc}: ${framesReceived} frames in, ${framesSent} out`);
  }
});
