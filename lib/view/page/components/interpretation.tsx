// How the bytes are read: type, byte order, bytes to skip, shape.

import { useSignal } from '@preact/signals';
import { SAMPLE_TYPES, TYPE_LABELS, type ByteOrder, type SampleType } from '../../interpretation';
import { group } from '../model/format';
import { parseShape, shapeText } from '../model/fragment';
import { usePage } from './context';

export function InterpretationRow() {
  const { app, dialogs } = usePage();
  const settings = app.selection.settings.value;
  const samples = app.watching.calm.value?.about.samples;
  const { reading } = settings ?? {};
  const shape = reading?.shape === undefined ? group(samples ?? 0) : shapeText(reading.shape);
  return (
    <div class="interpretation">
      <div class="interpretation-form">
        <InterpretationForm />
      </div>
      <button type="button" class="button interpretation-button" onClick={() => dialogs.toggle('settings')}>
        {reading === undefined ? 'Settings' : `${TYPE_LABELS[reading.type]}, ${shape}`}
        <span aria-hidden="true"> ⌄</span>
      </button>
    </div>
  );
}

export function InterpretationForm() {
  const { app } = usePage();
  const { selection } = app;
  const reading = selection.settings.value?.reading;
  if (reading === undefined) return null;
  return (
    <>
      <label>
        <span>Type</span>
        <select
          class="field"
          value={reading.type}
          onChange={(event) => selection.read({ type: event.currentTarget.value as SampleType })}
        >
          {SAMPLE_TYPES.map((type) => (
            <option key={type} value={type}>
              {TYPE_LABELS[type]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Byte order</span>
        <select
          class="field"
          value={reading.order}
          onChange={(event) => selection.read({ order: event.currentTarget.value as ByteOrder })}
        >
          <option value="le">little</option>
          <option value="be">big</option>
        </select>
      </label>
      <label>
        <span>Skip</span>
        <TextField
          class="field skip-field"
          label="Skip, in bytes"
          value={String(reading.skip)}
          take={(text) => {
            const skip = Number(text);
            if (!/^\s*\d{1,9}\s*$/.test(text)) return false;
            selection.read({ skip });
            return true;
          }}
        />
        <span class="field-unit">B</span>
      </label>
      <label>
        <span>Shape</span>
        <TextField
          class="field shape-field"
          label="Shape, rows × columns"
          value={
            reading.shape === undefined
              ? String(app.watching.calm.value?.about.samples ?? 'all')
              : shapeText(reading.shape)
          }
          take={(text) => {
            const shape = /^\s*\d+\s*$/.test(text) ? undefined : parseShape(text);
            if (shape === null) return false;
            selection.read({ shape });
            return true;
          }}
        />
      </label>
      <Guessed />
    </>
  );
}

function Guessed() {
  const { selection } = usePage().app;
  if (selection.isGuessed.value) {
    return (
      <span class="guessed">
        <span class="guessed-text">Guessed from the frame size. </span>
        <button type="button" class="link" title="Keep this reading" onClick={() => selection.keepGuess()}>
          Keep
        </button>
      </span>
    );
  }
  if (!selection.differsFromGuess) return <span class="guessed">Kept.</span>;
  return (
    <span class="guessed">
      <button type="button" class="link" onClick={() => selection.useGuess()}>
        Use the guess
      </button>
    </span>
  );
}

interface TextFieldProps {
  readonly class: string;
  readonly label: string;
  readonly value: string;
  /** False when the text makes no sense: it stays, marked as wrong. */
  readonly take: (text: string) => boolean;
}

/** A field that is taken with Enter or when it is left. */
export function TextField({ class: look, label, value, take }: TextFieldProps) {
  const draft = useSignal<string | undefined>(undefined);
  const isWrong = useSignal(false);
  const finish = (): void => {
    if (draft.value === undefined) return;
    isWrong.value = draft.value !== value && !take(draft.value);
    if (!isWrong.value) draft.value = undefined;
  };
  return (
    <input
      type="text"
      class={look}
      aria-label={label}
      aria-invalid={isWrong.value}
      autocomplete="off"
      spellcheck={false}
      value={draft.value ?? value}
      onInput={(event) => (draft.value = event.currentTarget.value)}
      onBlur={finish}
      onKeyDown={(event) => {
        if (event.key === 'Enter') finish();
        if (event.key !== 'Escape') return;
        draft.value = undefined;
        isWrong.value = false;
      }}
    />
  );
}
