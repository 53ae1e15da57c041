// A peer that comes back a few times; more often in restart.slow.test.ts.

import { testRestarts } from '../helpers/restarts';

testRestarts(3);
