import { Frame, Logging, Slave, type LogSink } from '../../lib';

describe('Slave', () => {
  test('counts frames and payload bytes, also from a subclass that calls super', () => {
    class Mine extends Slave {
      override acceptFrame(frame: Frame): void {
        void super.acceptFrame(frame);
      }
    }
    const slave = new Mine();
    for (const size of [0, 10, 32]) slave.acceptFrame(new Frame(size));
    expect([slave.frameCount, slave.byteCount]).toEqual([3, 42]);
  });

  test('setDebug logs size, error and first bytes of each frame under pyrogue.<name>, eight a line', () => {
    const lines: string[] = [];
    const names: unknown[] = [];
    const child = { fatal: (message: string) => void lines.push(message) };
    Logging.setSink({
      child: (bindings: { name: string }) => {
        names.push(bindings.name);
        return child;
      },
    } as unknown as LogSink);
    const slave = new Slave();
    slave.setDebug(10, 'tap');
    void slave.acceptFrame(new Frame(Buffer.from([...Array(20).keys()]), { error: 7 }));
    slave.setDebug(0, 'tap');
    void slave.acceptFrame(new Frame(3));
    Logging.setSink(undefined);
    expect(names).toEqual(['pyrogue.tap']);
    expect(lines).toEqual([
      'Got Size=20, Error=7, Data:',
      '      0x00 0x01 0x02 0x03 0x04 0x05 0x06 0x07',
      '      0x08 0x09',
    ]);
  });

  test('setDebug refuses a number of bytes that is none', () => {
    expect(() => new Slave().setDebug(-1, 'tap')).toThrow('maxBytes is -1');
  });
});
