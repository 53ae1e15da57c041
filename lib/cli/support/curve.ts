// CURVE keys in files, as `keygen --out` writes them.

import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { CurveOptions } from '../../index';
import { visible } from '../../quoted';
import { isKey, z85Bytes, z85Text } from '../../wire/z85';
import { Failure, UsageError } from './errors';

// A thousand keys.
const MAX_FILE_BYTES = 50_000;
const OF_OTHERS = 0o077;
const MODE_BITS = 0o777;
// In front of the 32 bytes of an X25519 key in PKCS #8 (RFC 8410).
const X25519_HEADER = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** The options `--curve` and `--curve-peer`. */
export interface CurveFiles {
  readonly curve?: string | undefined;
  readonly curvePeer?: string[] | undefined;
}

/**
 * The keys that these files hold; undefined where there are none, so that nothing is encrypted.
 * @param name of the option `--curve`, in the words of a message.
 * @throws {UsageError} for options that do not go together. @throws {Failure} for a file that holds no such key, or
 * that others can read.
 */
export function curveKeys(
  { curve, curvePeer }: CurveFiles,
  isServer: boolean,
  name = '--curve',
): CurveOptions | undefined {
  if (curve === undefined) {
    if (curvePeer === undefined) return undefined;
    throw new UsageError(`${name}-peer is the other side's key: add ${name} with the .secret file of ours`);
  }
  if (!isServer && curvePeer?.length !== 1) {
    throw new UsageError(`a client needs ${name}-peer once, with the .public file of its server`);
  }
  const secretKey = readSecret(curve, name);
  const publicKey = publicKeyOf(secretKey);
  const peers = curvePeer?.flatMap((path) => readPublic(path, name));
  if (publicKey === undefined) throw noKey(curve);
  if (peers?.includes(publicKey) === true) {
    throw new Failure(`${name}-peer names our own key: give the .public file of the other side`);
  }
  const own = { publicKey, secretKey };
  if (isServer) return peers === undefined ? own : { ...own, clientKeys: peers };
  if (peers!.length > 1) throw new Failure(`${visible(curvePeer![0]!)} holds several keys, a server has one`);
  return { ...own, serverKey: peers![0]! };
}

/** The public key of a secret one, both as Z85; undefined for what is no key. */
export function publicKeyOf(secretKey: string): string | undefined {
  const secret = isKey(secretKey) ? z85Bytes(secretKey) : undefined;
  if (secret === undefined) return undefined;
  const key = Buffer.concat([X25519_HEADER, secret]);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  const exported = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return z85Text(exported.subarray(-secret.length));
}

function readSecret(path: string, name: string): string {
  if (path.endsWith('.public')) {
    throw new Failure(`${visible(path)} is a public key: ${name} takes the .secret file of our own`);
  }
  const { text, mode } = readFile(path);
  const secret = isKey(text) ? text : secretOf(text);
  if (secret === undefined) throw noKey(path);
  if (process.platform !== 'win32' && (mode & OF_OTHERS) !== 0) {
    const octal = (mode & MODE_BITS).toString(8).padStart(4, '0');
    throw new Failure(
      `${visible(path)} can be read by other users (mode ${octal}): run 'chmod 600 ${visible(path)}'`,
    );
  }
  return secret;
}

/** Of what `keygen` prints without `--out`. */
function secretOf(text: string): string | undefined {
  try {
    const { secretKey } = JSON.parse(text) as { secretKey?: unknown };
    return isKey(secretKey) ? secretKey : undefined;
  } catch {
    return undefined;
  }
}

/** The keys of a file, one a line. */
function readPublic(path: string, name: string): string[] {
  if (path.endsWith('.secret')) {
    throw new Failure(
      `${visible(path)} is a secret key, which stays on its host: ${name}-peer takes the .public file of the other side`,
    );
  }
  const keys = readFile(path).text.split(/\s+/);
  if (!keys.every(isKey)) throw noKey(path);
  return keys;
}

/** @throws the system's error. */
function readFile(path: string): { text: string; mode: number } {
  const stats = statSync(path);
  if (!stats.isFile() || stats.size > MAX_FILE_BYTES) throw noKey(path);
  return { text: readFileSync(path, 'utf8').trim(), mode: stats.mode };
}

function noKey(path: string): Failure {
  return new Failure(
    `${visible(path)} holds no CURVE key: 'rogue-bridge keygen --out NAME' makes such files`,
  );
}
