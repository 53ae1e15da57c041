// The dialogs: the list of keys, the save menu, and on a phone the settings.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { KEY_LIST } from '../model/keys';
import { copyLink, copyShown, saveFrame, type SaveKind } from './actions';
import { usePage } from './context';
import type { DialogName } from './dialogs';
import { InspectorGroups } from './inspector';
import { InterpretationForm } from './interpretation';
import { Timeline } from './timeline';
import { ZoomGroup } from './zoom';

export function AllDialogs() {
  const { dialogs } = usePage();
  switch (dialogs.open.value) {
    case 'keys':
      return <KeysDialog />;
    case 'save':
      return <SaveDialog />;
    case 'settings':
      return <SettingsSheet />;
    case undefined:
      return null;
  }
}

function Dialog({ name, title, children }: { name: DialogName; title: string; children: ComponentChildren }) {
  const { dialogs } = usePage();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog dialog-${name}`}
      aria-label={title}
      onClose={() => dialogs.close()}
      onClick={(event) => {
        // Outside of it: on its backdrop.
        if (event.target === element.current) dialogs.close();
      }}
    >
      <div class="dialog-inside">
        <div class="dialog-head">
          <h2>{title}</h2>
          <button type="button" class="plain" aria-label="Close" onClick={() => dialogs.close()}>
            ×
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}

function KeysDialog() {
  const { app, dialogs } = usePage();
  const version = app.hello.value?.version;
  return (
    <Dialog name="keys" title="Keys">
      <table class="keys">
        <tbody>
          {KEY_LIST.map(({ keys, text }) => (
            <tr key={text}>
              <td>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </td>
              <td>{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <label class="row check">
        <input
          type="checkbox"
          checked={dialogs.areSingleKeysOn.value}
          onChange={(event) => (dialogs.areSingleKeysOn.value = event.currentTarget.checked)}
        />
        <span>Single characters are keys</span>
      </label>
      <p class="quiet">
        {version === undefined ? '' : `rogue-bridge ${version}`}
        {dialogs.painter.value === undefined ? '' : ` · images by ${dialogs.painter.value}`}
      </p>
    </Dialog>
  );
}

const KINDS: readonly (readonly [SaveKind, string, string])[] = [
  ['bin', 'Payload', '.bin'],
  ['npy', 'Samples for numpy', '.npy'],
  ['png', 'Picture', '.png'],
];

function SaveDialog() {
  const page = usePage();
  const { app, dialogs } = page;
  const isHex = app.selection.settings.value?.view === 'hex';
  const close = (act: () => Promise<void>) => () => {
    dialogs.close();
    void act();
  };
  return (
    <Dialog name="save" title="Save this frame">
      <div class="menu">
        {KINDS.map(([kind, text, ending]) => (
          <button
            key={kind}
            type="button"
            class="menu-item"
            disabled={kind === 'png' && isHex}
            onClick={close(() => saveFrame(page, kind))}
          >
            <span>{text}</span>
            <code>{ending}</code>
          </button>
        ))}
        <div class="phone-only menu">
          <button type="button" class="menu-item" onClick={close(() => copyShown(page))}>
            Copy as text
          </button>
          <button type="button" class="menu-item" onClick={close(() => copyLink(page))}>
            Copy the link
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function SettingsSheet() {
  return (
    <Dialog name="settings" title="How it is read and drawn">
      <div class="sheet-form">
        <InterpretationForm />
      </div>
      <div class="sheet-groups">
        <ZoomGroup />
        <InspectorGroups />
        <Timeline />
      </div>
    </Dialog>
  );
}
