// A slow sink holds back more than either process may keep.

import { stopBridges } from '../helpers/bridges';
import { removeFiles } from '../helpers/files';
import { endPeers } from '../helpers/process';
import { testSlowSink } from '../helpers/slow-sink';

afterEach(async () => {
  await stopBridges();
  await endPeers();
  removeFiles();
});

// Of the 200 that pass.
testSlowSink(400, 120);
