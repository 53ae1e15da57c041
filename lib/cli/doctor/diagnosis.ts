// What is wrong with a bridge's two ports, in one sentence, and what to do about it.

import { targetText, type Target } from '../support/arguments';
import { doesText, foundText, isRight, isType, typeText, type Port } from './findings';
import type { Finding, State } from './zmtp-probe';

const MAX_PORT = 65_535;

/** What a program may ask for in `--json`. */
export type Code =
  | 'fine'
  | 'unresolved'
  | 'nothing-listens'
  | 'one-port'
  | 'off-by-one'
  | 'swapped'
  | 'not-zmtp'
  | 'silent'
  | 'old-zmtp'
  | 'secured'
  | 'refused'
  | 'stuck'
  | 'wrong-type';

/** The verdict: what is so, and what to do. */
export interface Diagnosis {
  readonly code: Code;
  readonly text: string;
  readonly advice: string;
}

/** Both ports, a neighbour where it was asked as well, and what follows. */
export interface Examination {
  readonly ports: readonly Port[];
  readonly diagnosis: Diagnosis;
}

/** @param look what is behind a port. @param waitText how long it waits. */
export async function examine(
  target: Target,
  waitText: string,
  look: (port: number) => Promise<Finding>,
): Promise<Examination> {
  const { port } = target;
  const [base, next] = await Promise.all([look(port), look(port + 1)]);
  const own: Port[] = [
    { port, expected: 'PULL', finding: base },
    { port: port + 1, expected: 'PUSH', finding: next },
  ];
  // One off shows at the edge: the neighbour behind it tells whether there is a server at all.
  if (isType(base, 'PUSH') && port > 1) {
    const below = { port: port - 1, expected: undefined, finding: await look(port - 1) };
    return { ports: [below, ...own], diagnosis: diagnosePush(target, next, below.finding) };
  }
  if (!isType(base, 'PULL') && isType(next, 'PULL') && port + 2 <= MAX_PORT) {
    const above = { port: port + 2, expected: undefined, finding: await look(port + 2) };
    return { ports: [...own, above], diagnosis: diagnosePull(target, above.finding) };
  }
  return { ports: own, diagnosis: diagnose(target, own, waitText) };
}

/** P sends, so it is the second port of something. */
function diagnosePush(target: Target, next: Finding, below: Finding): Diagnosis {
  const { port } = target;
  const given = at(target, port);
  if (isType(below, 'PULL')) {
    const other = isType(next, 'PULL') ? `, or ${at(target, port + 1)} for the server behind it` : '';
    return {
      code: 'off-by-one',
      text: `The base port is one too high: ${given} is the second port of the server at ${at(target, port - 1)}.`,
      advice: `Give ${at(target, port - 1)}${other}.`,
    };
  }
  if (isType(next, 'PULL')) {
    return {
      code: 'swapped',
      text: `The ports are swapped: ${given} sends and ${port + 1} receives; a server receives on its base port.`,
      advice: `Where these are bound as bare ZeroMQ sockets, bind PULL to ${port} and PUSH to ${port + 1}.`,
    };
  }
  return {
    code: 'wrong-type',
    text: `${given} sends, as the second port of a server at ${port - 1} would, but ${port - 1} is none: ${foundText(below)}.`,
    advice: 'Look at the program behind it: what are its base port and its role?',
  };
}

/** P + 1 receives and P does not, so P + 1 is a base port. */
function diagnosePull(target: Target, above: Finding): Diagnosis {
  const { port } = target;
  const server = at(target, port + 1);
  const sure = isType(above, 'PUSH')
    ? `the server's is ${port + 1}`
    : `${port + 1} receives, as a base port does`;
  return {
    code: 'off-by-one',
    text: `The base port is one too low: ${sure}.`,
    advice: `Give ${server}.`,
  };
}

function diagnose(target: Target, ports: readonly Port[], waitText: string): Diagnosis {
  const open = ports.filter(({ finding }) => finding.state !== 'closed');
  if (open.length === 0) return nothingListens(target, ports, waitText);
  const wrong = open.find((one) => !isRight(one));
  if (wrong !== undefined) return diagnosePort(target, wrong, ports, waitText);
  const shut = ports.find(({ finding }) => finding.state === 'closed');
  if (shut !== undefined) {
    const good = open[0]!.port;
    return {
      code: 'one-port',
      text: `Only ${good} is open; nothing answers on ${shut.port}, and a bridge needs both.`,
      advice: `Let ${shut.port} through as well: is a firewall or a tunnel (ssh -L) open for ${good} alone? Or is ${shut.port} all that is left of a server that failed to start?`,
    };
  }
  return {
    code: 'fine',
    text: `A bridge server is there: it receives on ${target.port} and sends on ${target.port + 1}.`,
    advice:
      "If no frames flow, look whether it is one of Rogue's memory bridges: on the wire it greets alike.",
  };
}

function nothingListens(target: Target, ports: readonly Port[], waitText: string): Diagnosis {
  const pair = `${targetText(target)} and ${target.port + 1}`;
  if (ports.every(({ finding }) => finding.why === 'ECONNREFUSED')) {
    return {
      code: 'nothing-listens',
      text: `Nothing listens on ${pair}.`,
      advice:
        'Start the server, or give its base port. A server bound to 127.0.0.1 is not seen from other hosts; a client listens on nothing.',
    };
  }
  const why = ports.map(({ finding }) => finding.why).find((code) => code !== 'ECONNREFUSED')!;
  return {
    code: 'nothing-listens',
    text:
      why === 'TIMEOUT' ? `${pair} did not answer within ${waitText}.` : `${pair} cannot be reached: ${why}.`,
    advice:
      why === 'TIMEOUT'
        ? 'Is the host up, and does a firewall drop what goes to these ports?'
        : 'Look at the network: the route to that host, and its address.',
  };
}

const ADVICE: Readonly<Record<Exclude<State, 'closed' | 'ready'>, readonly [Code, string]>> = {
  silent: [
    'silent',
    'Is the process behind it stopped or busy, or is it a service that waits to be spoken to (HTTP, TLS)?',
  ],
  dropped: [
    'refused',
    'Does its allow list name this host? Behind a tunnel or proxy: is the server itself there? Has it descriptors left?',
  ],
  stranger: ['not-zmtp', 'Another program has this port: give the base port of the bridge.'],
  old: ['old-zmtp', 'Bring the program there to ZeroMQ 4.0 or later.'],
  secured: [
    'secured',
    'A server with CURVE wants keys: add --curve and --curve-peer, or in a program curve: { serverKey, publicKey, secretKey }.',
  ],
  refused: [
    'refused',
    'Its allow list may not name this host, or it wants CURVE keys: its log says whom it refused.',
  ],
  stuck: [
    'stuck',
    'It may be too busy, or hold peers back while it is behind: try again with a longer --timeout.',
  ],
};

function diagnosePort(target: Target, wrong: Port, ports: readonly Port[], waitText: string): Diagnosis {
  const { port, finding } = wrong;
  const where = at(target, port);
  if (finding.state !== 'ready' && finding.state !== 'closed') {
    const [code, advice] = ADVICE[finding.state];
    return { code, text: `${where} ${doesText(finding, waitText)}.`, advice };
  }
  const types = ports.map((one) => one.finding.socketType);
  const isControl = types[0] === 'PUB' && types[1] === 'REP';
  return {
    code: 'wrong-type',
    text: `${where} is a ZeroMQ ${typeText(finding)}; a bridge has a ${wrong.expected!} there.`,
    advice: isControl
      ? "PUB and REP are pyrogue's ZmqServer, a Root's control interface: give the port of its stream bridge."
      : 'Another program has this port, or one with its sockets mixed up: give the base port of the bridge.',
  };
}

function at({ addr }: Target, port: number): string {
  return targetText({ addr, port });
}
