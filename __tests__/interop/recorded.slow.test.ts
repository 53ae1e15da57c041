// The recorded conversation, byte by byte.

import { stopBridges } from '../helpers/bridges';
import { testRecorded } from '../helpers/recorded-tests';
import { endRaw } from '../helpers/recording';

afterEach(async () => {
  endRaw();
  await stopBridges();
});

testRecorded(1);
