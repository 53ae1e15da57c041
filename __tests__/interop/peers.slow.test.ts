// Frames of 100 MB to and from peers that are not this library.

import { describeWithPeers, testPayloads } from '../helpers/foreign-peers';

describeWithPeers((connect) => testPayloads(connect, [100_000_000]));
