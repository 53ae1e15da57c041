// What pages send, checked. Pure.

import { show } from '../errors';
import { SAMPLE_TYPES, VIEWS, type SampleType, type View } from './interpretation';
import type { Request, Watch } from './protocol';

const MAX_ID = 15;
const MAX_COLUMNS = 4096;
const MAX_BYTES = 2 ** 32;
const BINS = [16, 1024] as const;
const MAX_RATE = 1e6;

/** A request that makes no sense; the message is for who wrote the page. */
export class BadRequest extends Error {
  constructor(
    message: string,
    readonly id: number | undefined,
  ) {
    super(message);
  }
}

/** @throws {BadRequest} */
export function parseRequest(text: string): Request {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadRequest('the message is not JSON', undefined);
  }
  if (typeof value !== 'object' || value === null)
    throw new BadRequest('the message is no object', undefined);
  const fields = new Fields(value as Record<string, unknown>);
  const op = fields.word('op', [
    'watch',
    'next',
    'unwatch',
    'hold',
    'live',
    'subscribe',
    'credit',
    'play',
  ] as const);
  switch (op) {
    case 'watch':
      return watchOf(fields);
    case 'next':
    case 'unwatch':
      return { op, id: fields.integer('id', 0, MAX_ID) };
    case 'hold':
      return { op, channel: fields.integer('channel', 0, 255) };
    case 'live':
      return { op };
    case 'subscribe':
      return {
        op,
        id: fields.integer('id', 0, MAX_ID),
        ...fields.optional('channels', (name) => fields.integers(name, 0, 255, 256)),
        mode: fields.word('mode', ['all', 'latest'] as const),
        credit: fields.integer('credit', 0, MAX_BYTES),
      };
    case 'credit':
      return { op, id: fields.integer('id', 0, MAX_ID), bytes: fields.integer('bytes', 1, MAX_BYTES) };
    case 'play':
      return {
        op,
        ...fields.optional('playing', (name) => fields.boolean(name)),
        ...fields.optional('position', (name) => fields.number(name, 0, 1)),
        ...fields.optional('rate', (name) => fields.number(name, 0, MAX_RATE)),
      };
  }
}

function watchOf(fields: Fields): Watch {
  const shape = fields.optional('shape', (name) => fields.integers(name, 1, MAX_BYTES, 2)).shape;
  if (shape !== undefined && shape.length !== 2) throw fields.error('shape', 'rows and columns');
  return {
    op: 'watch',
    id: fields.integer('id', 0, MAX_ID),
    channel: fields.integer('channel', 0, 255),
    view: fields.word<View>('view', VIEWS),
    type: fields.word<SampleType>('type', SAMPLE_TYPES),
    order: fields.word('order', ['le', 'be'] as const),
    skip: fields.integer('skip', 0, MAX_BYTES),
    shape: shape === undefined ? undefined : [shape[0]!, shape[1]!],
    ...fields.optional('columns', (name) => fields.integer(name, 1, MAX_COLUMNS)),
    ...fields.optional('window', (name) => fields.integers(name, 0, MAX_BYTES, 4)),
    ...fields.optional('bins', (name) => fields.integer(name, ...BINS)),
    ...fields.optional('frame', (name) => fields.integer(name, 1, Number.MAX_SAFE_INTEGER)),
  };
}

class Fields {
  constructor(private readonly values: Record<string, unknown>) {}

  integer(name: string, min: number, max: number): number {
    return this.check(
      name,
      (value) => isInteger(value, min, max),
      `a whole number from ${min} to ${max}`,
    ) as number;
  }

  integers(name: string, min: number, max: number, most: number): number[] {
    const isList = (value: unknown): boolean =>
      Array.isArray(value) && value.length <= most && value.every((one) => isInteger(one, min, max));
    return this.check(name, isList, `at most ${most} whole numbers from ${min} to ${max}`) as number[];
  }

  number(name: string, min: number, max: number): number {
    const isNumber = (value: unknown): boolean => typeof value === 'number' && value >= min && value <= max;
    return this.check(name, isNumber, `a number from ${min} to ${max}`) as number;
  }

  boolean(name: string): boolean {
    return this.check(name, (value) => typeof value === 'boolean', 'true or false') as boolean;
  }

  word<T extends string>(name: string, words: readonly T[]): T {
    return this.check(
      name,
      (value) => (words as readonly unknown[]).includes(value),
      `one of ${words.join(', ')}`,
    ) as T;
  }

  /** A field of this name, or no field where there was none, or null. */
  optional<K extends string, T>(name: K, read: (name: K) => T): Partial<Record<K, T>> {
    const value = this.values[name];
    if (value === undefined || value === null) return {};
    return { [name]: read(name) } as Partial<Record<K, T>>;
  }

  error(name: string, wanted: string): BadRequest {
    const { id } = this.values;
    const text = `${name} is ${show(this.values[name])}, but must be ${wanted}`;
    return new BadRequest(text, typeof id === 'number' ? id : undefined);
  }

  private check(name: string, isRight: (value: unknown) => boolean, wanted: string): unknown {
    const value = this.values[name];
    if (!isRight(value)) throw this.error(name, wanted);
    return value;
  }
}

function isInteger(value: unknown, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}
