// A peer that has closed between the beat that missed it and the judgement is no silent one.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { Liveness } from '../../../lib/transport/native/liveness';
import { LOOPBACK } from '../../helpers/bridges';
import { waitFor } from '../../helpers/wait';

test('a socket that was destroyed, and has not said so yet, is not judged', async () => {
  const server = createServer((accepted) => accepted.resume()).listen(0, LOOPBACK);
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, LOOPBACK);
  await once(socket, 'connect');
  socket.destroy();
  let looks = 0;
  const faults: Error[] = [];
  const liveness = new Liveness(1, {
    isHeld: false,
    get isOver() {
      looks += 1;
      return false;
    },
    ping: () => undefined,
    fail: (fault) => void faults.push(fault),
  });
  liveness.start(socket);
  // A beat looks, and so does a judgement.
  await waitFor('some judgements', () => looks > 20);
  liveness.stop();
  server.close();
  expect(faults).toEqual([]);
});
