// Configuration records, as they come: decoded, merged, and what is wrong with them logged and counted.

import { isUtf8 } from 'node:buffer';
import { describeError } from '../../errors';
import { LogLimit } from '../../log-limit';
import type { Logging } from '../../logging';
import type { Config } from './config';
import { ConfigMerge, type MergeResult } from './config-tree';
import { loadYaml, MAX_CONFIG_BYTES, parseConfig } from './yaml';

/** The state of a configuration, and its log. */
export class ConfigReader {
  private readonly state = new ConfigMerge();
  private readonly faults: LogLimit;
  private errors = 0;

  /** @throws {GeneralError} `ERR_MISSING_PACKAGE`: told here, and not with the first record. */
  constructor(log: Logging) {
    loadYaml();
    this.faults = new LogLimit((text) => log.warning(text));
  }

  get config(): Config {
    return this.state.config;
  }

  /** Records and keys left out. */
  get errorCount(): number {
    return this.errors;
  }

  /** @param where in front of a line of the log, such as `run.dat, offset 1234: `. */
  merge(text: string | Buffer, where = ''): MergeResult {
    let result: MergeResult;
    try {
      result = this.state.merge(parseConfig(typeof text === 'string' ? text : textOf(text)));
    } catch (err) {
      // A RangeError of a stack that was too small, too.
      result = { changed: false, faults: [`a configuration record is left out: ${describeError(err)}`] };
    }
    for (const fault of result.faults) this.refuse(`${where}${fault}`);
    return result;
  }

  /** Counts and logs something that was left out. */
  refuse(text: string): void {
    this.errors += 1;
    this.faults.note(text);
  }
}

function textOf(payload: Buffer): string {
  if (payload.length > MAX_CONFIG_BYTES) {
    throw new Error(`its ${payload.length} bytes are more than the ${MAX_CONFIG_BYTES} that are read`);
  }
  if (!isUtf8(payload)) throw new Error('it is no UTF-8 text');
  return payload.toString();
}
