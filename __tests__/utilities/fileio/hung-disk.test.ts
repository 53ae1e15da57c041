// A disk that hangs, under a StreamWriter: a named pipe, whose open and writes wait for the other end.

import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { Frame, Logging, StreamWriter } from '../../../lib';
import { fileName, removeFiles } from '../../helpers/files';
import { collectLog } from '../../helpers/log';
import { turns, waitFor, waitForEnd, waitForStandstill } from '../../helpers/wait';

const FRAME_BYTES = 1_000_000;

/** The end of the pipe that lets it go on. */
let other: number | undefined;

afterEach(() => {
  Logging.setSink(undefined);
  if (other !== undefined) closeSync(other);
  other = undefined;
  removeFiles();
});

function makePipe(): string {
  const path = fileName('run.dat');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  return path;
}

/** Lets an open of the pipe's writing end go on. */
function openOther(path: string): number {
  return (other = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
}

/** Reads what is written, until the writing end is closed. */
async function drain(pipe: number): Promise<number> {
  const into = Buffer.alloc(FRAME_BYTES);
  let bytes = 0;
  await waitFor('the end of the file', () => {
    for (;;) {
      try {
        const read = readSync(pipe, into);
        if (read === 0) return true;
        bytes += read;
      } catch {
        // Nothing there at the moment.
        return false;
      }
    }
  });
  return bytes;
}

test('close() lets senders go that wait for a write, takes no more, and ends when the disk goes on', async () => {
  collectLog();
  const path = makePipe();
  const writer = new StreamWriter();
  const channel = writer.getChannel(0);
  const opening = writer.open(path);
  const pipe = openOther(path);
  await waitForEnd('open', opening);
  let sent = 0;
  const sending = (async () => {
    while (writer.isOpen) {
      await channel.acceptFrame(new Frame(FRAME_BYTES));
      sent += 1;
    }
  })();
  await waitForStandstill('the sender to wait', () => sent);
  const waits = [writer.waitFrameCount(1000), channel.waitFrameCount(1000)];
  const closed = writer.close();
  await waitForEnd('the sender', sending);
  await waitForEnd('those who wait for a count', Promise.all(waits));
  await waitForEnd('a frame that comes later', channel.acceptFrame(new Frame(8)));
  const again = writer.close();
  expect([writer.isOpen, writer.frameCount, writer.dropCount]).toEqual([false, sent, 1]);
  // What was accepted is in the file all the same.
  expect(await drain(pipe)).toBe(sent * (FRAME_BYTES + 8));
  await waitForEnd('both calls of close', Promise.all([closed, again]));
});

test('close() lets senders go that wait for open(), and the next open() has them wait again', async () => {
  collectLog();
  const path = makePipe();
  const writer = new StreamWriter();
  const channel = writer.getChannel(0);
  const opening = writer.open(path);
  const waiting = channel.acceptFrame(new Frame(8));
  const waits = [writer.waitFrameCount(1), channel.waitFrameCount(2)];
  await turns();
  const closed = writer.close();
  await waitForEnd('the sender', waiting);
  await waitForEnd('those who wait for a count', Promise.all(waits));
  await waitForEnd('a frame that comes later', channel.acceptFrame(new Frame(8)));
  expect([writer.isOpen, writer.frameCount, writer.dropCount]).toEqual([false, 0, 2]);
  const next = writer.open(fileName('next.dat'));
  const recorded = channel.acceptFrame(new Frame(8));
  openOther(path);
  await waitForEnd('all calls', Promise.all([opening, closed, next, recorded]));
  expect([writer.isOpen, writer.frameCount, writer.dropCount]).toEqual([true, 1, 0]);
  await writer.close();
});
