// A peer that comes back ten times.

import { testRestarts } from '../helpers/restarts';

testRestarts(10);
