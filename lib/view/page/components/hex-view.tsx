// The bytes of the frame: as many lines as there is room for, and a slider for where they are in the frame.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { hexLines, hexText } from '../model/copying';
import { group } from '../model/format';
import { useMounted, usePage } from './context';
import { LegendRow } from './legend';

const LINE_HEIGHT = 20;
/** The gateway sends no more at once. */
const MAX_BYTES = 4096;

export function HexView() {
  const { app, shown } = usePage();
  const body = useRef<HTMLDivElement>(null);
  const first = useSignal(0);
  const lines = useSignal(16);
  const perLine = matchMedia('(max-width: 959px)').matches ? 8 : 16;
  const picture = app.watching.calm.value;
  const total = picture?.about.samples ?? 0;
  const seen = Math.min(MAX_BYTES, lines.value * perLine);
  const last = Math.max(0, Math.ceil((total - seen) / perLine) * perLine);

  const moveTo = (offset: number): void => {
    first.value = Math.max(0, Math.min(last, Math.round(offset / perLine) * perLine));
  };
  useMounted(() => {
    const element = body.current;
    if (element === null) return () => undefined;
    const observer = new ResizeObserver(
      () => (lines.value = Math.max(4, Math.floor(element.clientHeight / LINE_HEIGHT))),
    );
    observer.observe(element);
    shown.current = {
      canvases: () => [],
      text: () => {
        const now = app.watching.picture.peek();
        return now?.about.view === 'hex' ? hexText(now.numbers, now.about.window[0] ?? 0) : '';
      },
      zoom: () => undefined,
    };
    return () => {
      shown.current = undefined;
      observer.disconnect();
    };
  });
  useEffect(() => {
    const window = [first.value, first.value + seen];
    const before = app.canvas.peek();
    if (before.window?.join() !== window.join()) app.canvas.value = { ...before, window };
  }, [first.value, seen]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const to = {
      ArrowDown: first.value + perLine,
      ArrowUp: first.value - perLine,
      PageDown: first.value + seen,
      PageUp: first.value - seen,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    moveTo(to);
  };
  const isHex = picture?.about.view === 'hex';
  const [from = 0, to = 0] = picture?.about.window ?? [];
  const skip = app.selection.settings.value?.reading.skip ?? 0;
  return (
    <>
      <LegendRow>
        <span class="legend-note">
          {isHex && to > from ? `bytes ${group(from)} to ${group(to - 1)} of ${group(total)}` : ''}
        </span>
      </LegendRow>
      <div class="hex">
        <div
          class="hex-lines"
          ref={body}
          role="group"
          tabIndex={0}
          aria-label={`Bytes of the frame, ${group(from)} to ${group(Math.max(0, to - 1))} of ${group(total)}`}
          onKeyDown={onKeyDown}
          onWheel={(event) => moveTo(first.value + Math.sign(event.deltaY) * 3 * perLine)}
        >
          {isHex &&
            hexLines(picture.numbers, from, perLine).map((line, i) => (
              <div class="hex-line" key={line.offset}>
                <span class="hex-offset">{line.offset}</span>
                <Bytes bytes={line.bytes} skipped={skip - from - i * perLine} />
                <span class="hex-text">{line.text}</span>
              </div>
            ))}
        </div>
        {last > 0 && (
          <input
            type="range"
            class="hex-place"
            aria-label="Place in the frame"
            min={0}
            max={last}
            step={perLine}
            value={first.value}
            onInput={(event) => moveTo(Number(event.currentTarget.value))}
          />
        )}
      </div>
    </>
  );
}

/** The skipped ones are quiet. */
function Bytes({ bytes, skipped }: { bytes: readonly string[]; skipped: number }) {
  const split = Math.max(0, Math.min(bytes.length, skipped));
  const text = (from: number, to: number): string =>
    bytes
      .slice(from, to)
      .map((byte, i) => `${from + i > 0 ? ' ' : ''}${from + i === 8 ? ' ' : ''}${byte}`)
      .join('');
  return (
    <span class="hex-bytes">
      {split > 0 && <span class="quiet">{text(0, split)}</span>}
      {text(split, bytes.length)}
    </span>
  );
}
