import { Frame, Master, Slave, streamConnect, streamConnectBiDir, type FrameSlave } from '../../lib';
import { rejection } from '../helpers/errors';
import { turns } from '../helpers/wait';

/** Notes the order in which slaves are called. */
function recorder(): { order: string[]; slave(name: string): FrameSlave } {
  const order: string[] = [];
  return { order, slave: (name) => ({ acceptFrame: () => void order.push(name) }) };
}

/** A slave that accepts when told to. */
class Gate implements FrameSlave {
  readonly frames: Frame[] = [];
  private open: (() => void)[] = [];

  acceptFrame(frame: Frame): Promise<void> {
    this.frames.push(frame);
    return new Promise((resolve) => this.open.push(resolve));
  }

  release(): void {
    for (const open of this.open.splice(0)) open();
  }
}

test('a slave may return anything that has a then: it is waited for, and its failure is told', async () => {
  const master = new Master();
  let settle: (() => void) | undefined;
  // No catch, no finally: a thenable, as some libraries return.
  master.to(() => ({ then: (resolve: () => void) => void (settle = resolve) }));
  let settled = false;
  expect(master.sendFrame(new Frame(1))).toBeInstanceOf(Promise);
  const sent = master.sendFrame(new Frame(1)).then(() => (settled = true));
  for (let look = 0; look < 10 && settle === undefined; look++) await Promise.resolve();
  expect(settled).toBe(false);
  settle!();
  await sent;

  const failing = new Master();
  failing.to(() => ({ then: (_: unknown, reject: (err: Error) => void) => reject(new Error('no')) }));
  await expect(failing.sendFrame(new Frame(1))).rejects.toThrow('no');
});

describe('Master', () => {
  test('gives a frame to the secondary slaves first, newest first, and to the primary last', async () => {
    const { order, slave } = recorder();
    const master = new Master();
    for (const name of ['primary', 'second', 'third', 'fourth']) master.addSlave(slave(name));
    expect(master.slaveCount).toBe(4);
    await master.sendFrame(new Frame(1));
    expect(order).toEqual(['fourth', 'third', 'second', 'primary']);
  });

  test('to() returns what it was given, so that src.to(a).to(b) is a chain', async () => {
    const sink = new Slave();
    class Pass extends Master {
      acceptFrame(frame: Frame): Promise<void> {
        return this.sendFrame(frame);
      }
    }
    const source = new Master();
    expect(source.to(new Pass()).to(sink)).toBe(sink);
    await source.sendFrame(new Frame(5));
    expect([sink.frameCount, sink.byteCount]).toEqual([1, 5]);
  });

  test('takes a plain function as a slave, whatever it returns', async () => {
    const sizes: number[] = [];
    const master = new Master();
    master.to((frame: Frame) => sizes.push(frame.size));
    await master.sendFrame(new Frame(3));
    expect(sizes).toEqual([3]);
  });

  test('without slaves sends into nothing', async () => {
    await expect(new Master().sendFrame(new Frame(1))).resolves.toBeUndefined();
  });

  test('sendFrame settles only when every slave has accepted', async () => {
    const gates = [new Gate(), new Gate()] as const;
    const master = new Master();
    for (const gate of gates) master.addSlave(gate);
    let settled = false;
    const sent = master.sendFrame(new Frame(1)).then(() => (settled = true));
    gates[0].release();
    await turns();
    expect(settled).toBe(false);
    gates[1].release();
    await sent;
    expect(settled).toBe(true);
  });

  test('every slave sees frames in the order of the calls, although another one is slow', async () => {
    const slow = new Gate();
    const seen: number[] = [];
    const master = new Master();
    master.to((frame: Frame) => seen.push(frame.size));
    master.to(slow);
    const sent = [1, 2, 3].map((size) => master.sendFrame(new Frame(size)));
    expect(seen).toEqual([1, 2, 3]);
    slow.release();
    await Promise.all(sent);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken slave');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken slave'))],
  ])(
    'a slave that %s does not keep the frame from the others, and sendFrame rejects with its error',
    async (_how, broken) => {
      const before = new Slave();
      const after = new Slave();
      const master = new Master();
      for (const slave of [before, broken, after]) master.addSlave(slave);
      expect((await rejection(master.sendFrame(new Frame(4)))).message).toBe('broken slave');
      expect([before.frameCount, after.frameCount]).toEqual([1, 1]);
    },
  );

  test('with several failing slaves rejects with an AggregateError of all', async () => {
    const master = new Master();
    for (const text of ['one', 'two'])
      master.to(() => {
        throw new Error(text);
      });
    const err = (await rejection(master.sendFrame(new Frame(1)))) as AggregateError;
    expect(err).toBeInstanceOf(AggregateError);
    expect(err.errors.map((each: Error) => each.message).sort()).toEqual(['one', 'two']);
  });

  test('a slave added from within acceptFrame gets the next frame, not the one under way', async () => {
    const late = new Slave();
    const master = new Master();
    let added = false;
    master.to(() => {
      if (!added) master.addSlave(late);
      added = true;
    });
    await master.sendFrame(new Frame(1));
    expect(late.frameCount).toBe(0);
    await master.sendFrame(new Frame(1));
    expect(late.frameCount).toBe(1);
  });

  test.each([undefined, null, 3, {}, 'slave'])('refuses %p as a slave', (slave) => {
    expect(() => new Master().addSlave(slave as never)).toThrow(TypeError);
    expect(() => new Master().addSlave(slave as never)).toThrow(
      'must have an acceptFrame method or be a function',
    );
  });
});

describe('streamConnect', () => {
  class Stage extends Master implements FrameSlave {
    seen = 0;
    acceptFrame(frame: Frame): Promise<void> {
      this.seen += 1;
      return this.sendFrame(frame);
    }
  }

  test('connects a chain like a >> b >> c', async () => {
    const [a, b, c] = [new Stage(), new Stage(), new Stage()];
    streamConnect(a, b, c);
    await a.sendFrame(new Frame(1));
    expect([a.seen, b.seen, c.seen]).toEqual([0, 1, 1]);
  });

  test('streamConnectBiDir connects both ways like a == b', async () => {
    class End extends Master implements FrameSlave {
      seen = 0;
      acceptFrame(): void {
        this.seen += 1;
      }
    }
    const [a, b] = [new End(), new End()];
    streamConnectBiDir(a, b);
    await a.sendFrame(new Frame(1));
    await b.sendFrame(new Frame(1));
    expect([a.seen, b.seen]).toEqual([1, 1]);
  });
});
