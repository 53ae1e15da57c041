// One of a few choices, side by side: radio buttons that look like one control.

interface Props<T> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, text: string])[];
  readonly onChange: (value: T) => void;
}

export function Segments<T extends string | number>({ label, value, options, onChange }: Props<T>) {
  const index = options.findIndex(([one]) => one === value);
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const to = (index + by + options.length) % options.length;
    const next = options[to];
    if (next === undefined) return;
    onChange(next[0]);
    const buttons = event.currentTarget instanceof HTMLElement ? event.currentTarget.children : [];
    const button = buttons[to];
    if (button instanceof HTMLElement) button.focus();
  };
  return (
    <div class="segments" role="radiogroup" aria-label={label} onKeyDown={onKeyDown}>
      {options.map(([one, text], i) => (
        <button
          type="button"
          key={one}
          class="segment"
          role="radio"
          aria-checked={one === value}
          tabIndex={i === Math.max(0, index) ? 0 : -1}
          onClick={() => onChange(one)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
