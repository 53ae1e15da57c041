// Saving, copying, and the link: what touches the clipboard and the disk.

import { FrameGone } from '../model/whole-frames';
import { group } from '../model/format';
import { npy } from '../model/npy';
import type { Page } from './context';

export type SaveKind = 'bin' | 'npy' | 'png';

/** The frame that is shown, whole, as a file. */
export async function saveFrame(page: Page, kind: SaveKind): Promise<void> {
  const { app } = page;
  const about = app.watching.nothing.value ?? app.watching.picture.value?.about;
  const reading = app.selection.settings.value?.reading;
  const number = about?.number;
  if (about === undefined || number === undefined || reading === undefined) return;
  const name = `channel-${about.channel}-frame-${number}.${kind}`;
  try {
    if (kind === 'png') {
      await savePicture(page, name);
      return;
    }
    const payload = await app.wholes.get(about.channel, number);
    download(
      kind === 'bin' ? [payload] : npy(new Uint8Array(payload), reading),
      'application/octet-stream',
      name,
    );
  } catch (err) {
    if (err instanceof FrameGone) {
      const kept = app.hello.value?.limits.kept ?? 64;
      app.warn(
        `Frame ${group(number)} is gone.`,
        `The gateway keeps ${kept} frames. Pause first, then save.`,
      );
    } else {
      app.warn('Not saved.', err instanceof Error ? err.message : String(err));
    }
  }
}

async function savePicture({ app, shown }: Page, name: string): Promise<void> {
  const canvases = shown.current?.canvases() ?? [];
  const [first] = canvases;
  const picture = document.createElement('canvas');
  const context = picture.getContext('2d');
  if (first === undefined || context === null) {
    app.warn('Not saved.', 'This view has no picture.');
    return;
  }
  picture.width = first.width;
  picture.height = first.height;
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--panel');
  context.fillRect(0, 0, picture.width, picture.height);
  for (const canvas of canvases) context.drawImage(canvas, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => picture.toBlob(resolve, 'image/png'));
  if (blob !== null) download([blob], 'image/png', name);
}

function download(parts: BlobPart[], type: string, name: string): void {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // Chromium begins to read it after the click has returned.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export async function copyShown({ app, shown }: Page): Promise<void> {
  const text = shown.current?.text() ?? '';
  if (text === '') app.warn('Nothing to copy.', 'There is no picture.');
  else await copy(app, text);
}

export async function copyLink({ app }: Page): Promise<void> {
  app.selection.write();
  await copy(app, location.href);
}

async function copy(app: Page['app'], text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Over http, from another machine, a page has no clipboard API.
    if (!copyBySelection(text)) app.warn('Not copied.', 'The browser allows no copying from this page.');
  }
}

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  const focused = document.activeElement;
  area.value = text;
  area.className = 'off-screen';
  document.body.append(area);
  area.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without https
  const hasCopied = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return hasCopied;
}
