// The metrics of a process, for a scrape.

import { registry } from '../tcp/registry';
import { checkBoolean, checkOptionNames } from '../validate';
import { exposition } from './exposition';
import { familiesOf } from './families';
import { metricSources } from './sources';

export interface MetricsOptions {
  /**
   * Adds frames and payload bytes by channel; default false. Bridges count them from the first call with true on; before
   * it they cost nothing.
   */
  readonly channels?: boolean;
}

/**
 * The metrics of every bridge, and of every writer and reader of a log, of this process that is open, as Prometheus' text format has them; in a
 * worker thread, of those of that thread. Serve them with the content type {@link METRICS_CONTENT_TYPE}.
 *
 * A bridge, a writer and a reader are in it from `create` until `stop()` has resolved. The README lists the names.
 *
 * @throws {TypeError} for a wrong option.
 */
export function metrics(options: MetricsOptions = {}): string {
  checkOptionNames('the options of metrics', options, ['channels']);
  const byChannel = checkBoolean('channels', options.channels ?? false);
  if (byChannel) registry.countChannels();
  const families = familiesOf(registry.bridges, byChannel);
  for (const source of metricSources) families.push(...source());
  return exposition(families);
}
