// What has metrics besides bridges: parts of the library that are entry points of their own add themselves when they are
// loaded.

import type { Family } from './exposition';

/** Asked once a scrape. */
export const metricSources = new Set<() => readonly Family[]>();
