// The header of the frame, and which share of the stream is shown.

import { frameRate, group, hex, timeOfDay, utc } from '../model/format';
import { usePage } from './context';

export function Footer() {
  const { app } = usePage();
  const shown = app.watching.calm.value?.about;
  const nothing = app.watching.nothing.value;
  const frame = nothing ?? shown;
  const time = frame?.time;
  const isHex = app.selection.settings.value?.view === 'hex';
  const flags = frame?.flags ?? 0;
  return (
    <div class="footer">
      <dl class="frame-facts" aria-label="Frame">
        <Fact name="Frame" value={frame?.number === undefined ? '–' : group(frame.number)} />
        <Fact
          name="Time"
          isTime
          value={time === undefined ? '–' : timeOfDay(time)}
          {...(time === undefined ? {} : { title: utc(time) })}
        />
        <Fact name="Size" value={frame?.size === undefined ? '–' : `${group(frame.size)} B`} />
        <Fact name="Flags" value={frame?.flags === undefined ? '–' : hex(flags, 4)} />
        {isHex && frame !== undefined && (
          <>
            <Fact name="First user" value={hex(flags & 0xff, 2)} />
            <Fact name="Last user" value={hex(flags >> 8, 2)} />
          </>
        )}
        <Fact
          name="Error"
          value={frame?.error === undefined ? '–' : String(frame.error)}
          isWarning={(frame?.error ?? 0) > 0}
        />
      </dl>
      <Share />
    </div>
  );
}

interface FactProps {
  readonly name: string;
  readonly value: string;
  readonly title?: string;
  readonly isTime?: boolean;
  readonly isWarning?: boolean;
}

function Fact({ name, value, title, isTime = false, isWarning = false }: FactProps) {
  return (
    <div class={`fact ${isTime ? 'fact-time' : ''}`} {...(title === undefined ? {} : { title })}>
      <dt>{name}</dt>
      <dd class={isWarning ? 'tone-warn' : ''}>{value}</dd>
    </div>
  );
}

function Share() {
  const { app } = usePage();
  const { shown, notShown } = app.watching.shares.value;
  const current = app.current.value;
  const paused = app.pausing.paused.value;
  if (current === undefined) return null;
  if (paused !== undefined) {
    const since = Math.max(0, current.frames - paused.countedBefore);
    return (
      <div class="share" role="group" aria-label="Share shown">
        <span>
          Since then <b>{group(since)} frames</b>, counted
        </span>
      </div>
    );
  }
  const isFlowing = app.isFlowing.value && !current.isStalled;
  const rate = isFlowing ? current.framesPerSecond : 0;
  return (
    <div class="share" role="group" aria-label="Share shown">
      <span>
        Shown <b>{frameRate(shown)}/s</b> of <b>{frameRate(rate)}/s</b>
      </span>
      <span>
        Not shown <b>{frameRate(notShown)}/s, counted</b>
      </span>
    </div>
  );
}
