// What the library logs, for tests that look at it; `Logging.setSink(undefined)` ends it.

import { Logging, type LogSink } from '../../lib/logging';

const ignore = (): void => undefined;
const silence = { fatal: ignore, error: ignore, warn: ignore, info: ignore, debug: ignore };

/** As every test begins: nothing is printed, at the level that shows by default. */
export function ignoreLog(): void {
  Logging.setSink({ child: () => silence } as unknown as LogSink);
  Logging.setLevel(Logging.Warning);
}

/** The lines logged from now on; which ones is for `Logging.setFilter` to say. */
export function collectLog(): string[] {
  const lines: string[] = [];
  const write = (message: string): void => void lines.push(message);
  const logger = { fatal: write, error: write, warn: write, info: write, debug: write };
  Logging.setSink({ child: () => logger } as unknown as LogSink);
  return lines;
}

/** As {@link collectLog}, each line with the name of its level in front. */
export function collectLevels(): string[] {
  const lines: string[] = [];
  const write = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const logger = {
    fatal: write('Critical'),
    error: write('Error'),
    warn: write('Warning'),
    info: write('Info'),
    debug: write('Debug'),
  };
  Logging.setSink({ child: () => logger } as unknown as LogSink);
  return lines;
}

/** A line with the logger it is of, and the name of its level. */
export interface NamedLine {
  readonly logger: string;
  readonly level: string;
  readonly message: string;
}

/** As {@link collectLog}, with all that Rogue's own recordings tell of a line. */
export function collectNamed(): NamedLine[] {
  const lines: NamedLine[] = [];
  const child = ({ name: logger }: { name: string }): object => {
    const write = (level: string) => (message: string) => void lines.push({ logger, level, message });
    return {
      fatal: write('critical'),
      error: write('error'),
      warn: write('warning'),
      info: write('info'),
      debug: write('debug'),
    };
  };
  Logging.setSink({ child } as unknown as LogSink);
  return lines;
}
