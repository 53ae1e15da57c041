// rogue-bridge view: a live page of a stream, or of data files.

import type { Command } from 'commander';
import { openPage, pageOptions, pageText, type PageOptions } from './support/page';
import { isLog, parseListen, type AnyTarget, type ListenAddress } from './support/arguments';
import { filesText, SOURCE_HELP, sizeOf, sourceOf } from './support/frame-source';
import { logHelp } from './support/log-target';
import { withPeer } from './support/open';
import { durationOption, rateOption } from './support/options';
import { addBridgeOptions, Interruption, NEVER, tell, tellAll, type CommonOptions } from './support/run';
import { TAKES_HELP, takenText } from './support/share';
import { passing } from './support/slaves';
import { sayUnlessLive, Source } from './support/source';
import { grouped, plural, sizeText } from './support/text';
import { waitForPeer } from './support/wait-for-peer';
import { Player } from './view/player';

const DEFAULT_HTTP = '127.0.0.1:8080';
const DEFAULT_RATE = 30;

interface ViewCommandOptions extends CommonOptions {
  readonly http: ListenAddress;
  readonly duration?: number;
  readonly rate: number;
}

export function addView(program: Command): void {
  const command = program
    .command('view')
    .summary('a live page of the stream for any browser')
    .description(
      'Serves a page that shows the stream: rates, waveforms, images, histograms and hex of each channel, until Ctrl-C. Data ' +
        `files are played into it, as often as the page asks. Nothing else listens beyond this machine unless --http says so. With HOST:PORT: ${TAKES_HELP}`,
    )
    .argument('<source...>', SOURCE_HELP)
    .option(
      '--http <addr:port>',
      'where the page is, *:8080 for every address',
      parseListen,
      parseListen(DEFAULT_HTTP),
    )
    .addOption(durationOption())
    .addOption(rateOption().default(DEFAULT_RATE, `of a data file ${DEFAULT_RATE}`));
  for (const option of pageOptions()) command.addOption(option);
  addBridgeOptions(command, 'never')
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge view daq-host:8000
  rogue-bridge view 'nats://daq-host/run42?since=10m'
  rogue-bridge view --listen '*:8000' --http '*:8080'   for all; prints a token
  rogue-bridge view run.dat.1 --rate 100        all parts of a recording
  rogue-bridge relay --from daq-host:8000 --to '*:9000' --view 127.0.0.1:8080
                                                takes no frames from anybody
${logHelp('receive')}`,
    )
    .action(view);
}

async function view(names: string[], options: ViewCommandOptions, command: Command): Promise<void> {
  const source = sourceOf(names, command, ['allow', 'token']);
  const page: PageOptions = { ...options, view: options.http };
  if (source.files === undefined) await viewPeer(source.target, { ...options, ...page });
  else await viewFiles(source.files, options, page);
}

async function viewPeer(target: AnyTarget, options: ViewCommandOptions): Promise<void> {
  await withPeer(target, 'receive', options, async (peer, interruption) => {
    const source = new Source(peer, sayUnlessLive());
    // What comes after the last line is in no summary.
    peer.addSlave(passing(() => (interruption.signal.aborted ? NEVER : undefined)));
    try {
      // Without --timeout the page waits for a peer, and says so.
      if (options.timeout !== undefined || isLog(target))
        await waitForPeer(peer, target, options, interruption);
      await interruption.wait(options.duration);
    } finally {
      source.end();
    }
    const { framesReceived, bytesReceived } = peer.stats;
    tell(`${plural(framesReceived, 'frame')}, ${sizeText(bytesReceived)} seen`);
    tellAll(source.summary, takenText(source.frames, target, options));
  });
}

async function viewFiles(
  files: readonly string[],
  { duration, rate }: ViewCommandOptions,
  page: PageOptions,
): Promise<void> {
  const interruption = new Interruption();
  const player = new Player(files, await sizeOf(files), rate, interruption.signal);
  const address = filesText(files);
  const server = (await openPage(page, { address, role: 'file', file: player }))!;
  tellAll(pageText(server));
  try {
    if (duration !== undefined) void interruption.wait(duration).then(() => interruption.stop());
    await player.run(server);
  } finally {
    // It would wait for the rest of the time.
    interruption.stop();
    await server.stop();
  }
  tell(`${grouped(server.frameCount)} frames shown of ${address}`);
}
