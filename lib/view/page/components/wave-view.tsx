// The waveform: the newest frame, earlier ones, the envelope; below it all of the frame with the part that is seen.

import { useRef } from 'preact/hooks';
import { WaveCanvas } from '../draw/wave-canvas';
import { group, sample } from '../model/format';
import { useMounted, usePage } from './context';
import { LegendRow } from './legend';
import { Overview } from './overview';
import { follow } from '../model/follow';

export function WaveView() {
  const { app, shown } = usePage();
  const plot = useRef<HTMLDivElement>(null);
  const overview = useRef<HTMLDivElement>(null);
  useMounted(() => {
    if (plot.current === null || overview.current === null) return () => undefined;
    const canvas = new WaveCanvas(app, plot.current, overview.current);
    shown.current = canvas;
    return () => {
      shown.current = undefined;
      canvas.destroy();
    };
  });
  return (
    <>
      <LegendRow>
        <WaveLegend />
      </LegendRow>
      <div class="plot" role="img" aria-label={useWaveSummary()}>
        <div class="fill" ref={plot} />
      </div>
      <Overview holder={overview} />
    </>
  );
}

function WaveLegend() {
  const { app } = usePage();
  const settings = app.selection.settings.value;
  const channel = app.selection.channel.value;
  follow(app.watching.calm);
  if (settings === undefined || channel === undefined) return null;
  const look = `series-line series-${app.channels.colorOf(channel)}`;
  const before = Math.min(settings.frames - 1, Math.max(0, app.ring.length - 1));
  return (
    <div class="legend-items">
      <span>
        <i class={look} />
        this frame
      </span>
      {before > 0 && (
        <span>
          <i class={`${look} is-faint`} />
          {before} before
        </span>
      )}
      {settings.envelope && app.ring.length > 1 && (
        <span>
          <i class={`${look} is-block`} />
          min to max of {app.ring.length} frames
        </span>
      )}
    </div>
  );
}

/** In words, at most once a second. */
function useWaveSummary(): string {
  const { app } = usePage();
  follow(app.second);
  const settings = app.selection.settings.value;
  const about = app.watching.calm.peek()?.about;
  if (about?.view !== 'wave' || settings === undefined) return 'Waveform, nothing to show';
  const { type } = settings.reading;
  const { statistics } = about;
  const range =
    statistics === undefined
      ? 'no finite value'
      : `min ${sample(statistics.min, type)}, max ${sample(statistics.max, type)}`;
  return `Waveform of channel ${about.channel}, ${group(about.samples)} samples, ${range}`;
}
