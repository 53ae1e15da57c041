// Part `abuse`: strangers do what they like to both ports of a server, while it streams both ways with a client.

import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../ports';
import { numberText, percentText, type Table } from '../table';
import { Attacker } from './attacker';
import { GREETING } from '../../lib/zmtp/greeting';
import { everyFlip, refusedInputs, strangeInputs } from './inputs';
import type { PartResult, Settings } from './part';
import type { Totals } from './report';
import { SoakSide } from './side';
import type { Work } from './work';

// A stream such as a slow detector makes: the attackers have the rest of the machine.
const FRAMES_PER_SECOND = 1_000;
const SIZE_BYTES = 1_000;
const CALM_MS = 3_000;
const RATE_KEPT = 0.8;
const LORISES = 100;
const SAMPLE_MS = 200;
const SETTLE_LIMIT_MS = 10_000;
// libzmq's I/O thread allocates what another thread frees, which glibc's malloc gives back late: some 200 MB, however long.
const RSS_ALLOWED_MEGABYTES = 400;
// Of 64 connections at a time, those who are slow, and those that are about to be closed.
const DESCRIPTORS_ALLOWED = 400;
const LOG_LINES_ALLOWED = 500;
// Of the inputs that are asked for; the recorded bytes come on top.
const REFUSED_SHARE = 0.2;

/** A server without `allow` that bears everything but peers; then one whose `allow` keeps everyone else out. */
export async function runAbuse(settings: Settings): Promise<PartResult> {
  const { engine, inputs, random } = settings;
  const refused = Math.ceil(inputs * REFUSED_SHARE);
  const open = async (attacker: Attacker): Promise<void> => {
    await attacker.play(everyFlip(inputs, random));
    await attacker.play(strangeInputs(random), enough(inputs - refused));
  };
  const closed = (attacker: Attacker): Promise<void> =>
    attacker.play(refusedInputs(random, engine === 'native'), enough(refused));
  const results = [
    await abuse('open to everyone', {}, open, settings),
    await abuse('allow', { allow: ['127.0.0.1'] }, closed, settings),
  ];
  return {
    tables: results.flatMap(({ tables }) => tables),
    failures: results.flatMap(({ failures }) => failures),
    figures: { abuse: results.map(({ figures }) => figures) },
  };
}

async function abuse(
  title: string,
  options: Work['options'],
  attack: (attacker: Attacker) => Promise<void>,
  { engine, progress }: Settings,
): Promise<PartResult> {
  const [port] = await freePorts(2);
  const sends = { sizeBytes: SIZE_BYTES, framesPerSecond: FRAMES_PER_SECOND };
  const server = new SoakSide({
    role: 'server',
    port: port!,
    engine,
    work: { options, sends, strangers: true },
  });
  const client = new SoakSide({ role: 'client', port: port!, engine, work: { options: {}, sends } });
  const sides = [server, client];
  await Promise.all(sides.map((side) => side.start()));
  await Promise.all(sides.map((side) => side.has(() => side.received > 0, SETTLE_LIMIT_MS)));

  progress(`${engine}: the stream without abuse`);
  const calm = await ratesOf(sides, sleep(CALM_MS));
  const before = { descriptors: server.descriptors, megabytes: server.rssMegabytes };

  const attacker = new Attacker(port!);
  const over = new AbortController();
  const most = { descriptors: 0, megabytes: 0 };
  const sampling = setInterval(() => {
    most.descriptors = Math.max(most.descriptors, server.descriptors);
    most.megabytes = Math.max(most.megabytes, server.rssMegabytes);
    progress(`${engine}, ${title}: ${numberText(attacker.total)} connections`);
  }, SAMPLE_MS);
  const started = performance.now();
  const slow = attacker.slowLoris(LORISES, GREETING, over.signal);
  const abused = await ratesOf(sides, attack(attacker));
  const elapsedSeconds = (performance.now() - started) / 1000;
  over.abort();
  await slow;
  clearInterval(sampling);

  // Now everything that was sent is to arrive.
  for (const side of sides) side.hush();
  const arrived = await Promise.all([allArrive(server, client), allArrive(client, server)]);
  const freed = await server.has(() => server.descriptors <= before.descriptors, SETTLE_LIMIT_MS);
  const after = { descriptors: server.descriptors, megabytes: server.rssMegabytes };
  const kept = abused.map((rate, index) => rate / calm[index]!);
  const { totals, logLines } = server;
  const failures = [
    ...sides.flatMap(({ crashes }) => crashes),
    ...sides.flatMap(({ role, totals: counts }) => wrongIn(counts).map((text) => `the ${role} got ${text}`)),
    ...(arrived.every(Boolean) ? [] : ['not every frame of the good stream arrived']),
    ...kept.flatMap((share, index) =>
      share < RATE_KEPT ? [`the ${sides[index]!.role} received ${percentText(share)} of its rate`] : [],
    ),
    ...attacker.faults(options.allow === undefined),
    ...(freed ? [] : [`the server kept ${after.descriptors - before.descriptors} descriptors`]),
    ...tooMany('descriptors', most.descriptors - before.descriptors, DESCRIPTORS_ALLOWED),
    ...tooMany('MB more of memory', most.megabytes - before.megabytes, RSS_ALLOWED_MEGABYTES),
    ...tooMany('lines logged', logLines, LOG_LINES_ALLOWED),
  ];
  for (const side of sides) failures.push(...(await side.end()));

  const cost: Table = {
    title: `${engine} engine, abuse, ${title}: ${numberText(attacker.total)} connections in ${Math.round(elapsedSeconds)} s`,
    columns: ['server', 'before', 'most', 'after'],
    rows: [
      ['descriptors', ...[before, most, after].map(({ descriptors }) => String(descriptors))],
      ['RSS, MB', ...[before, most, after].map(({ megabytes }) => String(Math.round(megabytes)))],
      ['good frames/s received', numberText(calm[0]!), '', numberText(abused[0]!)],
      ['good frames/s received by the client', numberText(calm[1]!), '', numberText(abused[1]!)],
      ["strangers' frames delivered", '', '', numberText(totals.strange)],
      ['malformed', '', '', numberText(totals.malformed)],
      ['peers refused', '', '', numberText(totals.refusedPeers)],
      ['lines logged', '', '', String(logLines)],
    ],
  };
  const kinds: Table = {
    title: 'What it was abused with',
    columns: [
      'kind',
      'connections asked for',
      'made',
      'said it all',
      'ended by the server',
      'left open by it',
    ],
    rows: [...attacker.tries].map(([kind, { asked, made, written, ended, left }]) => [
      kind,
      ...[asked, made, written, ended, left].map(numberText),
    ]),
  };
  const figures = {
    title,
    calm,
    abused,
    before,
    most,
    after,
    logLines,
    kinds: Object.fromEntries(attacker.tries),
  };
  return { tables: [cost, kinds], failures: failures.map((text) => `abuse, ${title}: ${text}`), figures };
}

/** So many inputs, and for as long as a rate takes to be told. */
function enough(inputs: number): (played: number) => boolean {
  const started = performance.now();
  return (played) => played >= inputs && performance.now() - started > CALM_MS;
}

/** Frames a second that each side receives until then. */
async function ratesOf(sides: readonly SoakSide[], until: Promise<void>): Promise<number[]> {
  const from = sides.map(({ received }) => received);
  const started = performance.now();
  await until;
  const seconds = (performance.now() - started) / 1000;
  return sides.map(({ received }, index) => (received - from[index]!) / seconds);
}

function allArrive(receiver: SoakSide, sender: SoakSide): Promise<boolean> {
  return receiver.has(() => sender.hushed && receiver.received === sender.totals.framesSent, SETTLE_LIMIT_MS);
}

function wrongIn(totals: Totals): string[] {
  return (['corrupted', 'duplicated', 'reordered', 'missing'] as const)
    .filter((what) => totals[what] > 0)
    .map((what) => `${totals[what]} ${what} frames`);
}

function tooMany(what: string, count: number, allowed: number): string[] {
  return count > allowed ? [`${Math.round(count)} ${what}, more than ${allowed}`] : [];
}
