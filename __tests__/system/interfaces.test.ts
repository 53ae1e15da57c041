import os from 'node:os';
import { interfaceAddress, isInterface, scopeInterface, withScopeName } from '../../lib/system/interfaces';
import { findLink, hasIPv6, listed } from '../helpers/machine';

afterEach(() => jest.restoreAllMocks());

const LISTS = {
  both: [listed('fe80::1', 2), listed('fd00::1'), listed('10.0.0.1'), listed('10.0.0.2')],
  six: [listed('fe80::2', 3), listed('fd00::2')],
  link: [listed('fe80::3', 40_004)],
};

test.each([
  ['both', '10.0.0.1'],
  ['six', 'fd00::2'],
  ['link', 'fe80::3%link'],
  ['Both', undefined],
  ['constructor', undefined],
])('interface %s is bound by %s', (name, expected) => {
  jest.spyOn(os, 'networkInterfaces').mockReturnValue(LISTS);
  expect(interfaceAddress(name)).toBe(expected);
  expect(isInterface(name)).toBe(expected !== undefined);
});

test('where Node may not list interfaces, there are none, and nothing is thrown', () => {
  jest.spyOn(os, 'networkInterfaces').mockImplementation(() => {
    throw new Error('uv_interface_addresses returned Unknown system error 13');
  });
  expect(interfaceAddress('lo')).toBeUndefined();
});

test('a scope is an interface by its name or by its number', () => {
  jest.spyOn(os, 'networkInterfaces').mockReturnValue(LISTS);
  expect(scopeInterface('link')).toBe('link');
  // No kernel has as many: known from what Node lists alone.
  expect(scopeInterface('40004')).toBe('link');
  expect(scopeInterface('40005')).toBeUndefined();
  expect(scopeInterface('nope')).toBeUndefined();
  expect(withScopeName('fe80::3%40004')).toBe('fe80::3%link');
  for (const host of ['fe80::3%link', 'fe80::3%nope', 'fe80::3', 'daq%40004', '127.0.0.1', '*']) {
    expect(withScopeName(host)).toBe(host);
  }
});

test('loopback of this machine is found', () => {
  expect(interfaceAddress('lo')).toBe('127.0.0.1');
  expect(isInterface('lo')).toBe(true);
  expect(isInterface('lo0')).toBe(false);
});

(hasIPv6() ? test : test.skip)('a number is one of Linux, too, which numbers loopback 1 (needs IPv6)', () => {
  expect(scopeInterface('1')).toBe('lo');
  expect(scopeInterface('0')).toBeUndefined();
});

const link = findLink();
(link === undefined ? test.skip : test)(
  'a link of this machine is found by its number (needs one with IPv6)',
  () => {
    const { name, number, address } = link!;
    expect(scopeInterface(String(number))).toBe(name);
    expect(withScopeName(`${address}%${number}`)).toBe(`${address}%${name}`);
  },
);
