// The frames that can be stepped through, as ticks; of a file, where it is and how fast it is played.

import type { FileStatus } from '../../protocol';
import { counted, group, timeOfDay } from '../model/format';
import { usePage } from './context';
import { Group } from './group';

const SPEEDS = [
  [1, '1 frame/s'],
  [10, '10 frames/s'],
  [100, '100 frames/s'],
  [1000, '1 000 frames/s'],
  [0, 'as fast as it can be'],
] as const;

export function Timeline() {
  const { app } = usePage();
  const file = app.status.value?.file;
  return file === undefined ? <Ticks /> : <FilePosition file={file} />;
}

function Ticks() {
  const { app } = usePage();
  const paused = app.pausing.paused.value;
  const most = app.hello.value?.limits.kept ?? 64;
  const kept = paused?.frames.length ?? app.current.value?.kept ?? 0;
  const count = Math.min(most, kept);
  const at = paused?.index ?? count - 1;
  const frame = paused?.frames[at];
  const text = frame === undefined ? 'the newest' : `frame ${group(frame.number)}, ${timeOfDay(frame.time)}`;
  const moveTo = (index: number): void => {
    if (paused === undefined) app.pause(undefined, index - (count - 1));
    else app.pausing.moveTo(index);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      Home: 0,
      End: count - 1,
      PageUp: at + 8,
      PageDown: at - 8,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    moveTo(Math.max(0, Math.min(count - 1, to)));
  };
  return (
    <Group title="Kept for stepping" note={counted(kept, 'frame')}>
      <div
        class="ticks"
        role="slider"
        tabIndex={0}
        aria-label="Frame kept for stepping"
        aria-valuemin={1}
        aria-valuemax={Math.max(1, count)}
        aria-valuenow={Math.max(1, at + 1)}
        aria-valuetext={text}
        onKeyDown={onKeyDown}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          moveTo(
            Math.max(0, Math.min(count - 1, Math.floor(((event.clientX - box.left) / box.width) * count))),
          );
        }}
      >
        {Array.from({ length: count }, (_, i) => (
          <i key={i} class={i === at ? 'is-shown' : ''} />
        ))}
      </div>
    </Group>
  );
}

function FilePosition({ file }: { file: FileStatus }) {
  const { app } = usePage();
  return (
    <Group title="Position in the file" note={counted(file.frames, 'frame')}>
      <input
        type="range"
        class="file-position"
        aria-label="Position in the file"
        aria-valuetext={`${Math.round(100 * file.position)} %`}
        min={0}
        max={1000}
        value={Math.round(1000 * file.position)}
        onChange={(event) => {
          app.live();
          app.play({ position: Number(event.currentTarget.value) / 1000 });
        }}
      />
      <label class="row">
        <span>Speed</span>
        <select
          class="field"
          value={SPEEDS.some(([rate]) => rate === file.rate) ? file.rate : ''}
          onChange={(event) => app.play({ rate: Number(event.currentTarget.value) })}
        >
          {!SPEEDS.some(([rate]) => rate === file.rate) && (
            <option value="">{group(file.rate)} frames/s</option>
          )}
          {SPEEDS.map(([rate, text]) => (
            <option key={rate} value={rate}>
              {text}
            </option>
          ))}
        </select>
      </label>
    </Group>
  );
}
