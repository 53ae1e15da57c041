// What bridges cost, and what happens when descriptors run out; on each engine.

import { reservePorts } from '../helpers/ports';
import { endPeers, startPeer } from '../helpers/process';

afterEach(endPeers);

const LOW_LIMIT = 96;
// So many in a row are not to be had from the kernel; it gives nobody those below its own.
const FIRST_PORT = 20_000;
// Node itself needs some 20.
const FEWEST = 32;

test('out of descriptors: the error counts them and says how to raise the limit; what is open goes on', async () => {
  const peer = startPeer('many.cjs', ['exhaust', FIRST_PORT, LOW_LIMIT], `ulimit -n ${LOW_LIMIT}; exec`);
  expect(await peer.end()).toBe(0);
  const { made, failure, works } = peer.said.at(-1) as {
    made: number;
    failure: { name: string; code: string; message: string };
    works: boolean;
  };
  expect(made).toBeGreaterThan(5);
  expect(failure).toMatchObject({ name: 'GeneralError', code: 'ERR_TOO_MANY_OPEN_FILES' });
  expect(failure.message).toMatch(
    new RegExp(`(all ${LOW_LIMIT}|\\d\\d) are open in this process and the limit is ${LOW_LIMIT}`),
  );
  expect(failure.message).toContain('ulimit -n 65536');
  expect(failure.message).toContain('/etc/security/limits.conf');
  expect(works).toBe(true);
});

test('too few descriptors for the first bridge: the same error, and not the end of the process', async () => {
  const port = await reservePorts();
  // Node itself needs some 20, and libzmq would abort where it cannot make its own six.
  const peer = startPeer('first.cjs', [port], `ulimit -n ${FEWEST}; exec`);
  expect(await peer.end()).toBe(0);
  expect(peer.said.at(-1)).toEqual({ code: 'ERR_TOO_MANY_OPEN_FILES' });
});

test('200 bridges created and stopped leave descriptors, threads and heap as before', async () => {
  const peer = startPeer('cycles.cjs', [await reservePorts(), 200]);
  expect(await peer.end(110_000)).toBe(0);
  const { descriptors, threads, heapBytes } = peer.said.at(-1) as Record<string, number>;
  expect({ descriptors, threads }).toEqual({ descriptors: 0, threads: 0 });
  // A leaked bridge is some 20 kB, so 200 of them would be 4 MB; collected heaps differ by less.
  expect(heapBytes).toBeLessThan(1_500_000);
});
