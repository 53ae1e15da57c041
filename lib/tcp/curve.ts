// CURVE keys of a bridge (zeromq/rfc 26). The libzmq engine alone can use them, and no Rogue peer can.

import { show } from '../errors';
import { newKeyPair } from '../transport/engines';
import type { CurveKeys } from '../transport/socket';
import { checkOptionNames } from '../validate';
import { isKey } from '../wire/z85';

export type CurveOptions = CurveKeys;

/** A new pair of keys for one bridge. The secret one stays where it is. */
export function generateCurveKeys(): { publicKey: string; secretKey: string } {
  return newKeyPair();
}

/** @throws {TypeError} {RangeError} naming the key that is wrong, or missing, or not this role's; never its value. */
export function checkCurve(curve: CurveOptions, server: boolean): CurveOptions {
  checkOptionNames('the options of curve', curve, ['publicKey', 'secretKey', 'serverKey', 'clientKeys']);
  const { publicKey, secretKey, serverKey, clientKeys } = curve;
  checkKey('publicKey', publicKey);
  checkKey('secretKey', secretKey);
  if (server) {
    if (serverKey !== undefined)
      throw new TypeError('curve.serverKey is for clients; a server has publicKey');
    if (clientKeys === undefined) return curve;
    if (!Array.isArray(clientKeys)) {
      throw new TypeError(`curve.clientKeys is ${show(clientKeys)}, but must be a list of public keys`);
    }
    for (const key of clientKeys) checkKey('clientKeys', key);
    return curve;
  }
  if (clientKeys !== undefined) throw new TypeError('curve.clientKeys is for servers');
  checkKey('serverKey', serverKey);
  return curve;
}

/** Keys do not belong into error messages, where logs would keep them. */
function checkKey(name: string, key: unknown): void {
  if (isKey(key)) return;
  const what = typeof key === 'string' ? `a string of ${key.length} characters` : show(key);
  const message = `curve.${name} is ${what}, but must be a key of 40 Z85 characters, as generateCurveKeys() makes them`;
  throw typeof key === 'string' ? new RangeError(message) : new TypeError(message);
}
