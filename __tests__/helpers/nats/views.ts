// Which server leads what, and which copies are up to date, as each server sees it.

import type { NatsServer } from './server';

/** A group of servers that agree on something: the cluster itself, or the copies of a stream. */
interface Group {
  readonly leader?: string;
  /** The other members. What the leader says of them counts. */
  readonly replicas?: readonly { readonly name: string; readonly current: boolean; readonly lag?: number }[];
}

interface Jsz {
  readonly meta_cluster?: Group;
  readonly account_details?: readonly {
    readonly stream_detail?: readonly {
      readonly name: string;
      readonly cluster?: Group;
      readonly state: { readonly last_seq: number };
    }[];
  }[];
}

/** The name of the group that places streams. No stream can have it. */
export const META = '';

/** What one server says of the groups that it is a member of. */
export interface View {
  /** Its own name. */
  readonly name: string;
  readonly groups: ReadonlyMap<string, Group>;
  /** The last sequence of its copy of each stream. */
  readonly ends: ReadonlyMap<string, number>;
  readonly routes: number;
}

/** Empty if the server does not answer. */
export async function viewOf(server: NatsServer): Promise<View> {
  const [jsz, routez] = await Promise.all([
    server.ask<Jsz>('jsz?streams=true'),
    server.ask<{ num_routes: number }>('routez'),
  ]);
  const streams = (jsz?.account_details ?? []).flatMap((account) => account.stream_detail ?? []);
  const groups = new Map(streams.map(({ name, cluster = {} }) => [name, cluster]));
  return {
    name: server.options.name!,
    groups: groups.set(META, jsz?.meta_cluster ?? {}),
    ends: new Map(streams.map(({ name, state }) => [name, state.last_seq])),
    routes: routez?.num_routes ?? 0,
  };
}

/** Who leads the group: every member in view says so, and so does the leader; undefined otherwise. */
export function leaderIn(views: readonly View[], group: string): string | undefined {
  const members = views.filter(({ groups }) => groups.has(group));
  const leader = members[0]?.groups.get(group)!.leader;
  const isSure =
    members.every(({ groups }) => groups.get(group)!.leader === leader) &&
    members.some(({ name }) => name === leader);
  return isSure ? leader : undefined;
}

/** Whether all servers in view are connected, every group has a leader, and its copies in view are up to date. */
export function isSettled(views: readonly View[]): boolean {
  const names = new Set(views.map(({ name }) => name));
  const isCurrent = (group: string): boolean => {
    const leader = leaderIn(views, group);
    const { replicas = [] } = views.find(({ name }) => name === leader)?.groups.get(group) ?? {};
    return (
      leader !== undefined &&
      replicas.every(({ name, current, lag = 0 }) => !names.has(name) || (current && lag === 0))
    );
  };
  return (
    views.every(({ routes }) => routes >= views.length - 1) &&
    views.flatMap(({ groups }) => [...groups.keys()]).every(isCurrent)
  );
}

/** Whether every copy in view holds at least what any copy held then. A leader may call one current that stands still. */
export function haveCaughtUp(views: readonly View[], then: readonly View[]): boolean {
  return then
    .flatMap(({ ends }) => [...ends])
    .every(([stream, end]) => views.every(({ ends }) => (ends.get(stream) ?? Infinity) >= end));
}
