// Frames of 100 MB to and from peers that are not this library.

import { Frame } from '../../lib';
import { describeWithPeers, testEcho } from '../helpers/foreign-peers';

describeWithPeers((connect) => testEcho(connect, '100 MB', [new Frame(Buffer.alloc(100_000_000, 0x5a))]));
