// Ports from the kernel, in pairs, kept for this test file from the moment they are given out.

import { releasePorts } from './kept-ports';

export { isFree, reservePorts } from './kept-ports';

afterAll(releasePorts);
