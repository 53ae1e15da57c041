// rogue-bridge relay: every frame of one bridge or log to several others.

import type { Command } from 'commander';
import type { CurveOptions, Frame } from '../index';
import { checkServers } from './relay/check';
import { checkLogs, checkOptions } from './relay/check-logs';
import { destinations, Downstream, isStopped, type Destination } from './relay/downstream';
import { lossText, RelayRates, relaySummary } from './relay/report';
import { given, isLog, parseTarget, targetText, type AnyTarget, type Target } from './support/arguments';
import { Failure, UsageError } from './support/errors';
import { curveKeys } from './support/curve';
import { logHelp, parseAnyTarget } from './support/log-target';
import { openWithPage } from './support/open';
import {
  allowOption,
  countOption,
  curveOptions,
  durationOption,
  engineOption,
  fromCurveOptions,
  lingerOption,
  listenOption,
  timeoutOption,
} from './support/options';
import { tokenOption, viewOption } from './support/page';
import { LiveLine } from './support/live-line';
import { addMetricsOptions, type MetricsPage } from './support/metrics';
import {
  addLogOptions,
  DEFAULT_WAIT,
  Interruption,
  NEVER,
  withMetrics,
  type CommonOptions,
} from './support/run';
import { sayUnlessLive, Source } from './support/source';
import type { Peer } from './support/peer';
import { plural } from './support/text';
import { passing } from './support/slaves';
import { waitForPeer } from './support/wait-for-peer';

interface RelayOptions extends CommonOptions {
  readonly from: AnyTarget;
  readonly to: Destination[];
  readonly back?: Target;
  readonly count?: number;
  readonly duration?: number;
  readonly linger: number;
  readonly fromCurve?: string;
  readonly fromCurvePeer?: string[];
}

export function addRelay(program: Command): void {
  const command = program
    .command('relay')
    .summary('pass every frame on to several servers or logs')
    .description(
      'Passes every frame of one peer, or of a log, on to each of several servers of its own, where a single server ' +
        'would deal them out among its clients in turn, and to logs. A downstream with block gets every frame and holds back the source; ' +
        'one with drop=N never does: what finds N frames waiting for it is dropped and counted.',
    )
    .requiredOption('--from <target>', 'the source: HOST:PORT, or a log nats://HOST/STREAM', parseAnyTarget)
    .requiredOption(
      '--to <server>',
      'ADDR:PORT to serve at, or a log nats://HOST/STREAM, with ,block (default) or ,drop=N; again for more',
      destinations,
    )
    .option('--back <server>', 'the --to whose clients may send frames to the source', parseTarget)
    .addOption(listenOption('be the server for the source, too'))
    .addOption(countOption())
    .addOption(durationOption())
    .addOption(lingerOption())
    .addOption(engineOption())
    .addOption(timeoutOption(DEFAULT_WAIT))
    .addOption(allowOption())
    .addOption(viewOption())
    .addOption(tokenOption());
  for (const option of [...curveOptions(), ...fromCurveOptions()]) command.addOption(option);
  addLogOptions(addMetricsOptions(command))
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge relay --from daq-host:8000 --to '*:9000' --to '*:9010,drop=100'
  rogue-bridge relay --from daq-host:8000 --to '*:9000' --back '*:9000'
  rogue-bridge relay --listen --from '*:8000' --to '*:9000,drop=10'
  rogue-bridge relay --from daq-host:8000 --to 'nats://a,b,c/run42?replicas=3'
  rogue-bridge relay --from 'nats://a,b,c/run42?since=10m' --to '*:8000'
${logHelp('receive', 'send')}`,
    )
    .action(relay);
}

async function relay(options: RelayOptions): Promise<void> {
  const { from, to, back, listen = false } = options;
  checkOptions(options);
  const backIndex = back === undefined ? -1 : to.findIndex((one) => targetText(one) === targetText(back));
  if (back !== undefined && backIndex < 0) {
    throw new UsageError(`--back ${targetText(back)} is none of the servers that --to names`);
  }
  const curve = curveKeys(
    { curve: options.fromCurve, curvePeer: options.fromCurvePeer },
    listen,
    '--from-curve',
  );
  checkLogs(from, to);
  await checkServers(from, to, listen);
  await withMetrics(options, (page) => run(options, backIndex, curve, page));
}

async function run(
  options: RelayOptions,
  backIndex: number,
  curve: CurveOptions | undefined,
  page: MetricsPage,
): Promise<void> {
  const { from, to, duration, listen = false } = options;
  const interruption = new Interruption();
  const open: { stop(): Promise<void> }[] = [];
  try {
    const downstreams: Downstream[] = [];
    for (const one of to) {
      const downstream = await Downstream.open(one, options, Math.ceil(options.linger * 1000));
      downstreams.push(downstream);
      open.push(downstream);
      // One that may drop is there for clients that come and go.
      if (!downstream.mayDrop) page.watch(downstream.peer, { direction: 'send', mayBeSilent: true });
    }
    const { allow, engine, ...rest } = options;
    const own = {
      ...rest,
      ...(isLog(from) ? {} : given({ engine })),
      allow: listen || options.view !== undefined ? allow : undefined,
      curve: undefined,
      curvePeer: undefined,
    };
    const { peer: upstream, stop } = await openWithPage(from, 'receive', own, given({ curve }));
    open.push({ stop });
    page.watch(upstream, { direction: 'receive' });
    interruption.stopWith((upstream as Peer).finished?.());
    const work = new Relay(upstream, downstreams, downstreams[backIndex], options.count, interruption);
    try {
      if (await waitForPeer(upstream, from, { ...options, curve: options.fromCurve }, interruption)) {
        work.watch();
        await interruption.wait(duration);
      }
    } finally {
      await work.end();
    }
    work.tellSummary();
    if (interruption.failure !== undefined) throw interruption.failure;
    const loss = lossText(downstreams);
    if (loss !== undefined) throw new Failure(loss);
  } finally {
    await Promise.all(open.map((one) => one.stop()));
  }
}

/** Frames from one bridge to all others, and from one of these back. */
class Relay {
  private readonly counts = { frames: 0, bytes: 0 };
  private sentBack = 0;
  private stray = 0;
  private firstAt: number | undefined;
  private endedAt: number | undefined;
  private readonly told = new Set<Downstream>();
  private readonly source: Source;
  private readonly line = new LiveLine();

  constructor(
    private readonly upstream: Peer,
    private readonly downstreams: readonly Downstream[],
    private readonly back: Downstream | undefined,
    private readonly count = Infinity,
    private readonly interruption: Interruption,
  ) {
    this.source = new Source(upstream, sayUnlessLive());
    upstream.addSlave(passing((frame) => this.pass(frame)));
    for (const one of downstreams) {
      one.onFailed = (err) => this.onFailed(one, err);
      one.peer.addSlave(passing((frame) => (one === back ? this.sendBack(frame) : this.loseStray(one))));
    }
  }

  /** Shows what happens, from the time on when there is a source. */
  watch(): void {
    const rates = new RelayRates(this.downstreams);
    this.line.start(() => {
      this.look();
      return rates.line({ ...this.counts }, this.source.goneText);
    });
  }

  /** Takes no more frames, and lets those that are here go on for a moment. */
  async end(): Promise<void> {
    this.endedAt = performance.now();
    this.source.end();
    await Promise.all([this.upstream, ...this.downstreams].map((one) => one.stop()));
    this.line.end();
  }

  tellSummary(): void {
    const elapsedMs = this.firstAt === undefined ? 0 : this.endedAt! - this.firstAt;
    this.line.say(relaySummary(this.counts, this.downstreams, elapsedMs / 1000));
    if (this.source.summary !== undefined) this.line.say(this.source.summary);
    if (this.back !== undefined) this.line.say(`${plural(this.sentBack, 'frame')} sent back to the source`);
    if (this.stray > 0) this.line.say(`${plural(this.stray, 'frame')} of clients went nowhere`);
    for (const { name, refusal } of this.downstreams) {
      if (refusal !== undefined) this.line.say(`${name}: ${refusal}`);
    }
  }

  /** One that must have every frame takes none any more, so this is the end. */
  private onFailed({ name, mayDrop }: Downstream, err: Error): void {
    if (mayDrop) this.line.say(`${name} takes no more frames, and they are dropped: ${err.message}`);
    else this.interruption.fail(err);
  }

  /** Done when every downstream has taken it; all of them are given it at once. */
  private pass(frame: Frame): Promise<void> | undefined {
    const { counts } = this;
    if (counts.frames >= this.count || this.endedAt !== undefined) return NEVER;
    this.firstAt ??= performance.now();
    counts.frames += 1;
    counts.bytes += frame.size;
    if (counts.frames === this.count) this.interruption.stop();
    let waiting: Promise<void>[] | undefined;
    for (const one of this.downstreams) {
      const accepted = one.acceptFrame(frame);
      if (accepted !== undefined) (waiting ??= []).push(accepted);
    }
    return waiting === undefined ? undefined : Promise.all(waiting).then(() => undefined);
  }

  private async sendBack(frame: Frame): Promise<void> {
    try {
      if (this.endedAt !== undefined) await NEVER;
      await this.upstream.send(frame);
      this.sentBack += 1;
    } catch (err) {
      // The end of all ends it as well, and is no fault of the client.
      if (!isStopped(err)) throw err;
    }
  }

  private loseStray({ name }: Downstream): void {
    this.stray += 1;
    if (this.stray > 1) return;
    this.line.say(`frames from clients of ${name} go nowhere: --back ${name} sends them to the source`);
  }

  /** Says who holds everything back, once each time. */
  private look(): void {
    for (const one of this.downstreams) {
      if (!one.isHoldingBack) this.told.delete(one);
      else if (!this.told.has(one)) {
        this.told.add(one);
        this.line.say(
          `${one.isLog ? 'no connection to' : 'no client on'} ${one.name}: the source is held back until one comes`,
        );
      }
    }
  }
}
