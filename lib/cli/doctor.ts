// rogue-bridge doctor: is the system ready for bridges; what is wrong with one that does not connect.

import type { Command } from 'commander';
import { integer, isLog, wait, type AnyTarget } from './support/arguments';
import { STATUS_FAILED, UsageError } from './support/errors';
import { foundText, isRight } from './doctor/findings';
import { readLimits } from './doctor/limits';
import { reportLog, type LogReport } from './doctor/log-check';
import { parseAnyTarget } from './support/log-target';
import { addFormat, finite, formatOf, type FormatOptions } from './support/options';
import { addLogOptions } from './support/run';
import { reportOf, tryLoopback, valueText, type SystemReport, type Verdict } from './doctor/system-check';
import { colors } from './support/colors';
import { tableText } from './support/table';
import { wrap } from './support/text';
import { reportTarget, type TargetReport } from './doctor/target-check';

const DEFAULT_TIMEOUT_S = 3;
const DEFAULT_COLUMNS = 80;
const WHERE_COLUMNS = 32;

const FORMATS = ['text', 'json'] as const;

interface DoctorOptions extends FormatOptions<(typeof FORMATS)[number]> {
  readonly bridges?: number;
  readonly timeout?: number;
}

export function addDoctor(program: Command): void {
  addLogOptions(
    addFormat(
      program
        .command('doctor')
        .summary('what the system allows, or what is wrong with a bridge or a log')
        .description(
          'Without an address: the limits of this system and how many bridges they allow. With one: whether a ' +
            'bridge server is there and, if not, what is instead; or whether a log and its servers are well. It is no ' +
            'peer: it sends no frame and takes none.',
        )
        .argument(
          '[target]',
          'HOST:PORT, the base port of a server; or a log, nats://HOST/STREAM',
          parseAnyTarget,
        )
        .option('--bridges <n>', 'without an address: whether so many fit, and what to raise', integer(1))
        .option(
          '--timeout <time>',
          `with an address: how long to wait for it (default: ${DEFAULT_TIMEOUT_S} s)`,
          wait,
        ),
      'text (default) or json: one JSON object',
      FORMATS,
    ),
  )
    .addHelpText(
      'after',
      `
Its exit status is 0 when all is well, and 1 when a server is not as it should
be, or when --bridges fit on neither engine. A libzmq server with listeners
for connect or disconnect logs a look as a failed handshake, and counts it in
refusedPeers.

Examples:
  rogue-bridge doctor --bridges 5000
  rogue-bridge doctor daq-host:8000
  rogue-bridge doctor daq-host:8000 --json | jq -r .diagnosis.code
  rogue-bridge doctor nats://daq-host:4222/run42`,
    )
    .action(doctor);
}

async function doctor(target: AnyTarget | undefined, options: DoctorOptions): Promise<void> {
  if (target === undefined) {
    if (options.timeout !== undefined) throw new UsageError('--timeout is for an address: give HOST:PORT');
    print(reportOf(readLimits(), await tryLoopback(), options.bridges), options, systemText);
    return;
  }
  if (options.bridges !== undefined) throw new UsageError('--bridges is for this system: give no address');
  if (isLog(target)) {
    print(await reportLog(target, options.timeout ?? DEFAULT_TIMEOUT_S), options, logReportText);
    return;
  }
  if (target.addr === '*') throw new UsageError('* is every interface of a server: name its host');
  print(await reportTarget(target, options.timeout ?? DEFAULT_TIMEOUT_S), options, targetReportText);
}

function print<T extends { readonly ok: boolean }>(
  report: T,
  options: DoctorOptions,
  textOf: (report: T) => string,
): void {
  process.stdout.write(`${formatOf(options) === 'json' ? JSON.stringify(report, finite) : textOf(report)}\n`);
  if (!report.ok) process.exitCode = STATUS_FAILED;
}

function targetReportText({ target, addresses, asked, ports, diagnosis }: TargetReport): string {
  const lines: string[] = [];
  if (asked !== undefined && !(addresses.length === 1 && target.includes(asked))) {
    const rest = addresses.length > 1 ? `; asked ${asked}` : '';
    lines.push(`${target.replace(/:\d+$/, '')} is ${addresses.join(', ')}${rest}`, '');
  }
  if (ports.length > 0) {
    const rows = ports.map((one) => [
      String(one.port),
      one.expected ?? '-',
      one.expected === undefined ? '-' : mark(isRight(one) ? 'ok' : 'fail'),
      foundText(one.finding),
    ]);
    lines.push(tableText(['port', 'a server has', '', 'here is'], rows, 4), '');
  }
  const isFine = diagnosis.code === 'fine';
  lines.push(`${mark(isFine ? 'ok' : 'fail')}: ${wrapped(diagnosis.text)}`, wrapped(diagnosis.advice));
  return lines.join('\n');
}

function logReportText({ ok, target, checks }: LogReport): string {
  const rows = checks.map(({ name, value, verdict, meaning }) => [name, value, mark(verdict), meaning]);
  const worst = checks.some(({ verdict }) => verdict === 'warn') ? 'warn' : 'ok';
  const text = ok
    ? worst === 'ok'
      ? 'is as it should be'
      : 'works, and has something to look after'
    : 'is not as it should be';
  return `${tableText(['of the log', 'value', '', 'meaning'], rows, 4)}\n\n${mark(ok ? worst : 'fail')}: ${target} ${text}`;
}

function systemText({ checks, capacity, wanted }: SystemReport): string {
  const lines = [
    tableText(
      ['limit', 'value', '', 'for bridges'],
      checks.map(({ name, value, verdict, meaning }) => [name, value, mark(verdict), meaning]),
      4,
    ),
    '',
    tableText(
      ['bridges that fit in one process', ...capacity.map(({ engine }) => engine)],
      [
        ['servers with a client each', ...capacity.map(({ servers }) => valueText(servers))],
        ['connected clients', ...capacity.map(({ clients }) => valueText(clients))],
      ],
    ),
    '',
  ];
  if (wanted === undefined)
    return [...lines, '--bridges N tells whether N fit, and what to raise.'].join('\n');
  const fits = [wanted.libzmq, wanted.native];
  const verdict = fits.includes(undefined)
    ? 'unknown'
    : !fits.includes(true)
      ? 'fail'
      : fits.includes(false)
        ? 'warn'
        : 'ok';
  lines.push(`${mark(verdict)}: ${wrapped(wanted.text)}`);
  for (const { limit, to, lines: raising } of wanted.raise) {
    lines.push('', colors.bold(`raise ${limit} to ${to}`));
    lines.push(...raising.map(({ where, line }) => `  ${where.padEnd(WHERE_COLUMNS)}${line}`));
  }
  return lines.join('\n');
}

function mark(verdict: Verdict): string {
  const colour = { ok: colors.green, warn: colors.yellow, fail: colors.red, unknown: colors.dim }[verdict];
  return colour(verdict);
}

/** In lines of a terminal; a pipe gets it in one, for those who search in it. */
function wrapped(text: string): string {
  if (!process.stdout.isTTY) return text;
  // The first line has a mark in front.
  return wrap(text, (process.stdout.columns || DEFAULT_COLUMNS) - 'unknown: '.length).join('\n');
}
