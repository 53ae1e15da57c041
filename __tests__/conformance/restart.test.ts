// A peer that comes back a few times; more often, and in a flood, in restart.slow.test.ts.

import { testRestarts } from '../helpers/restarts';
import { turns } from '../helpers/wait';

testRestarts(3, () => turns(20));
