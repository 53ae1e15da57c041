// A server deals its frames out among its clients: what one of them is given, the others do not get. Each reader of a
// log gets every frame, unless it shares them with its group. Pure.

import { isLog, type AnyTarget } from './arguments';
import { plural } from './text';

/** For `--help` of what shows or keeps frames. */
export const TAKES_HELP =
  'It is a peer: a server deals its frames out among its clients, so those that come here reach no other one; relay ' +
  'gives everyone all of them. A log gives each reader every frame.';

/** For `--help` of what only sends. */
export const THROWS_HELP =
  'It is a peer: frames that a server sends here meanwhile are thrown away and counted, and reach no other client.';

interface Role {
  readonly listen?: boolean;
}

/** Of frames that were wanted here; undefined where none came, and for a server: no other one would have got them. */
export function takenText(
  frames: number,
  target: AnyTarget,
  { listen = false }: Role = {},
): string | undefined {
  if (frames === 0 || listen) return undefined;
  if (isLog(target)) {
    const { group } = target.log.read;
    if (group === undefined) return undefined;
    return `${plural(frames, 'frame')} came here and reached no other reader of the group ${group}`;
  }
  return `${plural(frames, 'frame')} of the server came here and reached no other client; 'relay' gives everyone all of them`;
}

/** Of frames that nothing here takes; undefined where none came. */
export function thrownText(frames: number, { listen = false }: Role): string | undefined {
  if (frames === 0) return undefined;
  const what = `came here and ${frames === 1 ? 'was' : 'were'} thrown away`;
  if (listen) return `${plural(frames, 'frame')} of clients ${what}: nothing here takes any`;
  return `${plural(frames, 'frame')} of the server ${what}; other clients did not get ${frames === 1 ? 'it' : 'them'}`;
}
