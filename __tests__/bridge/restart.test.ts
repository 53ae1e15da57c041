// A peer that comes back; more often, in a flood and on every pairing of engines in conformance/restart.slow.test.ts.

import { testRestarts } from '../helpers/restarts';
import { turns } from '../helpers/wait';

testRestarts(2, () => turns(20));
