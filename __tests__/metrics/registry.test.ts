// Which bridges a process has, and how those with the same address are told apart.

import { BridgeRegistry, type RegisteredBridge } from '../../lib/tcp/registry';

class Fake implements RegisteredBridge {
  counting = 0;
  readonly meters = { countChannels: () => void (this.counting += 1) };

  constructor(
    readonly name: string,
    readonly role: 'server' | 'client' = 'client',
  ) {}

  get identity(): RegisteredBridge['identity'] {
    return { bridge: this.name, role: this.role };
  }
}

test('a number is the smallest that is free, and stays until its bridge leaves', () => {
  const registry = new BridgeRegistry<Fake>();
  const [a, b, c, server, other] = [
    new Fake('a:1'),
    new Fake('a:1'),
    new Fake('a:1'),
    new Fake('a:1', 'server'),
    new Fake('b:1'),
  ];
  for (const one of [a, b, server, other]) registry.enter(one);
  expect([...registry.bridges.values()]).toEqual([1, 2, 1, 1]);
  registry.leave(a);
  expect(registry.bridges.get(b)).toBe(2);
  registry.enter(c);
  expect([registry.bridges.get(b), registry.bridges.get(c)]).toEqual([2, 1]);
});

test('a bridge that has left is forgotten, one that never came and one that leaves twice do no harm', () => {
  const registry = new BridgeRegistry<Fake>();
  const [a, b] = [new Fake('a:1'), new Fake('a:1')];
  registry.leave(a);
  registry.enter(a);
  registry.enter(b);
  registry.leave(a);
  registry.leave(a);
  registry.leave(b);
  expect(registry.bridges.size).toBe(0);
  registry.enter(a);
  expect([...registry.bridges]).toEqual([[a, 1]]);
});

test('counting by channel begins once, for the bridges that are there and for those that come', () => {
  const registry = new BridgeRegistry<Fake>();
  const [a, b] = [new Fake('a:1'), new Fake('b:1')];
  registry.enter(a);
  expect(a.counting).toBe(0);
  registry.countChannels();
  registry.countChannels();
  registry.enter(b);
  expect([a.counting, b.counting]).toEqual([1, 1]);
});
