// Certificates of an authority of their own, made by openssl.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** A certificate and its private key, as PEM files. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** What TLS on loopback needs, on both sides. */
export interface TlsFiles {
  /** The authority that signed both certificates. */
  readonly caFile: string;
  /** For 127.0.0.1 and localhost. */
  readonly server: Certificate;
  readonly client: Certificate;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const DAYS = '2';

/** Makes them in this folder. @throws {Error} without openssl 3. */
export function makeCertificates(folder: string): TlsFiles {
  const file = (name: string): string => join(folder, name);
  const make = (name: string, ...more: string[]): Certificate => {
    const made = { certFile: file(`${name}.pem`), keyFile: file(`${name}.key`) };
    const subject = `/CN=rogue-bridge-test-${name}`;
    const files = ['-keyout', made.keyFile, '-out', made.certFile];
    openssl('req', '-x509', ...KEY, '-days', DAYS, '-subj', subject, ...files, ...more);
    return made;
  };
  const ca = make('ca');
  const signed = ['-CA', ca.certFile, '-CAkey', ca.keyFile, '-addext', 'basicConstraints=CA:FALSE'];
  return {
    caFile: ca.certFile,
    server: make('server', ...signed, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'),
    client: make('client', ...signed),
  };
}

function openssl(...args: string[]): void {
  const { status, stderr, error } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (error !== undefined)
    throw new Error(`openssl does not run: ${error.message} (apt-get install openssl)`);
  if (status !== 0) throw new Error(`openssl ${args.join(' ')} failed: ${stderr}`);
}
