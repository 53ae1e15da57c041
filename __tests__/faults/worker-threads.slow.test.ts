// Bridges in worker threads, one after the other.

import { testWorkers } from '../helpers/workers';

testWorkers(5);
