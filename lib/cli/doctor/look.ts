// doctor's look at a server that does not come, for the subcommands that wait for it.

import type { Target } from '../support/arguments';
import { pause } from '../support/pause';
import { reportTarget } from './target-check';

// A server that is there has let us in by then.
const SOON_MS = 2_000;
const SOON_PORT_MS = 3_000;
// A look takes up to three times what a port has for either: the connection, what is said, and that of a neighbour.
const LOOK_MS = 4_500;
const PORT_TIMES = 3;

/** When to look, and how long each port has for its connection, and once more for what is said. */
interface LookTimes {
  readonly afterMs: number;
  readonly portMs: number;
}

/** The part of a bridge that is watched here. */
interface Watched {
  readonly connected: boolean;
}

/** Looks in a moment, and calls `onFound` when there is something to say. */
export function lookSoon(bridge: Watched, target: Target, onFound: (text: string) => void): Look {
  return new Look(bridge, target, { afterMs: SOON_MS, portMs: SOON_PORT_MS }, onFound);
}

/** Looks at the end of a wait of `timeoutMs`, so that what is said then is still so. */
export function lookBefore(timeoutMs: number, bridge: Watched, target: Target): Look {
  const lookMs = Math.min(LOOK_MS, timeoutMs / 2);
  return new Look(bridge, target, { afterMs: timeoutMs - lookMs, portMs: lookMs / PORT_TIMES });
}

/** Looks once, unless the bridge is connected by then. As doctor, it sends no frame and takes none. */
class Look {
  private found: string | undefined;
  private readonly ending = new AbortController();

  /** @param bridge a client of the server at `target`. */
  constructor(
    private readonly bridge: Watched,
    target: Target,
    times: LookTimes,
    onFound: (text: string) => void = () => undefined,
  ) {
    void this.look(target, times).then((text) => {
      if (text !== undefined) onFound((this.found = text));
    });
  }

  /** What is wrong there, and what to do; undefined before it is known, and where nothing is. */
  get text(): string | undefined {
    return this.found;
  }

  /** Ends it at once, wherever it is. */
  stop(): void {
    this.ending.abort();
  }

  private async look(target: Target, { afterMs, portMs }: LookTimes): Promise<string | undefined> {
    const { signal } = this.ending;
    await pause(afterMs, signal).catch(() => undefined);
    if (!this.isWanted()) return undefined;
    const { ok, diagnosis } = await reportTarget(target, Math.ceil(portMs) / 1000, signal);
    return ok || !this.isWanted() ? undefined : `${diagnosis.text} ${diagnosis.advice}`;
  }

  /** A call, because the compiler takes a property for constant across an await. */
  private isWanted(): boolean {
    return !this.ending.signal.aborted && !this.bridge.connected;
  }
}
