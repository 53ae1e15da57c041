// The moments of part `aborts` at which a bridge is stopped, or has to begin anew.

import { readyCommand } from '../../lib/zmtp/command';
import { GREETING } from '../../lib/zmtp/greeting';
import { openService, visit, type AbortStage, type Manners } from './abort-stage';
import { below } from './part';

/** What one process has done. */
export interface PatternResult {
  readonly rounds: number;
  /** Bridges that had no peer again, although they should have. */
  readonly notBack: number;
  readonly longestStopMs: number;
}

interface Pattern {
  readonly title: string;
  /** Plays about `rounds` rounds: as many as its lanes divide evenly. */
  readonly play: (stage: AbortStage, rounds: number) => Promise<void>;
}

// Around the moment in which the other side has accepted the connection.
const MOMENT_MS = 10;
const CROWD = 200;
const SERVICE_MS = 400;
const MANNERS: readonly Manners[] = ['close', 'answer', 'old ZMTP', 'silence'];
const VISITORS = 4;

const HANDSHAKE = Buffer.concat([GREETING, readyCommand('PUSH')]);

export const PATTERNS = {
  client: {
    title: 'the client stopped as its server accepts it again',
    play: (stage, rounds) =>
      stage.inLanes(rounds, async (port, own) => {
        let server = await stage.server(port);
        for (let round = 0; round < own; round++) {
          const client = await stage.client(port);
          await stage.isBack(client);
          await stage.stop(server);
          server = await stage.server(port);
          await stage.someone(server);
          await stage.moment(MOMENT_MS);
          await stage.stop(client);
          stage.round();
        }
        await stage.stop(server);
      }),
  },
  server: {
    title: 'the server stopped as its client comes again',
    play: (stage, rounds) =>
      stage.inLanes(rounds, async (port, own) => {
        const client = await stage.client(port);
        for (let round = 0; round < own; round++) {
          const server = await stage.server(port);
          await stage.someone(server);
          await stage.moment(MOMENT_MS);
          await stage.stop(server);
          stage.round();
        }
        const server = await stage.server(port);
        await stage.isBack(client);
        await Promise.all([client, server].map((bridge) => stage.stop(bridge)));
      }),
  },
  crowd: {
    title: `${CROWD} clients, and a server that is restarted`,
    play: async (stage, rounds) => {
      await stage.inLanes(1, async (port) => {
        const count = Math.min(CROWD, rounds);
        const clients = await Promise.all(Array.from({ length: count }, () => stage.client(port)));
        // Each restart is a round for each of them, and the abort has taken eleven of them.
        for (let round = 0; round < Math.max(16, rounds / count); round++) {
          const server = await stage.server(port);
          if (round % 2 === 0) await Promise.all(clients.map((client) => stage.isBack(client)));
          else await stage.someone(server);
          await stage.moment(MOMENT_MS);
          await stage.stop(server);
          stage.round();
        }
        const server = await stage.server(port);
        await Promise.all(clients.map((client) => stage.isBack(client)));
        await Promise.all([...clients, server].map((bridge) => stage.stop(bridge)));
      });
    },
  },
  service: {
    title: 'another service on the ports of a client, stopped or not',
    play: (stage, rounds) =>
      stage.inLanes(rounds, async (port, own) => {
        for (let round = 0; round < own; round++) {
          const client = await stage.client(port);
          const server = await stage.server(port);
          await stage.isBack(client);
          await stage.stop(server);
          const close = await openService(port, MANNERS[below(MANNERS.length, stage.random)]!);
          await stage.moment(SERVICE_MS);
          const goesOn = stage.random() < 0.5;
          if (!goesOn) await stage.stop(client);
          await close();
          if (goesOn) {
            const again = await stage.server(port);
            await stage.isBack(client);
            await Promise.all([client, again].map((bridge) => stage.stop(bridge)));
          }
          stage.round();
        }
      }),
  },
  handshake: {
    title: 'the server stopped in the middle of handshakes',
    play: (stage, rounds) =>
      stage.inLanes(rounds, async (port, own) => {
        for (let round = 0; round < own; round++) {
          const server = await stage.server(port);
          for (let visitor = 0; visitor < VISITORS; visitor++) {
            const said = HANDSHAKE.subarray(0, below(HANDSHAKE.length + 1, stage.random));
            visit(port + (visitor % 2), said, stage.random() * MOMENT_MS);
          }
          await stage.moment(MOMENT_MS);
          await stage.stop(server);
          stage.round();
        }
      }),
  },
} as const satisfies Readonly<Record<string, Pattern>>;

export type PatternName = keyof typeof PATTERNS;
