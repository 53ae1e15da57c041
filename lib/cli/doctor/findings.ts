// What was found behind a port, in words. Pure.

import type { Finding } from './zmtp-probe';

/** One port that was looked at. `expected` is undefined for a neighbour of the two. */
export interface Port {
  readonly port: number;
  readonly expected: 'PULL' | 'PUSH' | undefined;
  readonly finding: Finding;
}

/** What somebody at a port does, behind its address. */
export function doesText({ state, seems, said, version, mechanism }: Finding, waitText: string): string {
  switch (state) {
    case 'silent':
      return `takes connections, but it said nothing within ${waitText}`;
    case 'dropped':
      return 'closed on us before it had greeted: we were refused';
    case 'stranger':
      return `does not speak ZeroMQ: ${seems === undefined ? '' : `it seems to be ${seems}; `}it said "${said}"`;
    case 'old':
      return `speaks ZMTP ${version}, which is too old`;
    case 'secured':
      return `wants the security mechanism ${mechanism}`;
    case 'refused':
      return said === undefined
        ? 'greeted and closed on us without READY: we were refused'
        : `refused us with ERROR "${said}"`;
    default:
      return `greeted, but said no READY within ${waitText}`;
  }
}

/** The short form, for a table. */
export function foundText(finding: Finding): string {
  const { state, why, seems, said, version, mechanism } = finding;
  const greeting = version === undefined ? 'ZMTP' : `ZMTP ${version}`;
  switch (state) {
    case 'closed':
      if (why === 'ECONNREFUSED') return 'nothing listens';
      return why === 'TIMEOUT' ? 'no answer' : `unreachable: ${why}`;
    case 'silent':
      return 'open, says nothing';
    case 'dropped':
      return 'closes before it greets';
    case 'stranger':
      return seems ?? `says "${said}"`;
    case 'old':
      return greeting;
    case 'secured':
      return `${greeting}, ${mechanism}`;
    case 'refused':
      return `${greeting}, ${mechanism}, then refuses`;
    case 'stuck':
      return `${greeting}, then nothing`;
    case 'ready':
      return `${typeText(finding)}, ${greeting}, ${mechanism}`;
  }
}

/** Whether it is a ZeroMQ socket of this type. */
export function isType({ state, socketType }: Finding, type: string): boolean {
  return state === 'ready' && socketType === type;
}

/** The type that READY named. */
export function typeText({ socketType = '' }: Finding): string {
  return socketType === '' ? 'socket of no type' : socketType;
}

/** Whether a port is as a server's. */
export function isRight({ expected, finding }: Port): boolean {
  return expected !== undefined && isType(finding, expected);
}
