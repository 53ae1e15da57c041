// A master with the events of a bridge, to be listened to as Node's emitters are: `events.once` and `events.on` take it.

import { Master } from '../stream/master';
import { TcpEmitter, type TcpEvents, type TcpListener } from './events';

type Event = keyof TcpEvents;
/** As Node's own types have it. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type
type AnyListener = Function;

/** What {@link TcpCore} has of Node's `EventEmitter`. */
export abstract class EventMaster extends Master {
  private readonly events = new TcpEmitter();

  /**
   * Adds a listener. With the first one for `connect` or `disconnect`, peers that are there already are reported as
   * `connect` right away. On the libzmq engine a server does not know the addresses of its peers.
   */
  on<E extends Event>(event: E, listener: TcpListener<E>): this {
    this.beforeListening(event);
    this.events.on(event, listener as never);
    return this;
  }

  /** As {@link on}, for the next time only. */
  once<E extends Event>(event: E, listener: TcpListener<E>): this {
    this.beforeListening(event);
    this.events.once(event, listener as never);
    return this;
  }

  /** Removes a listener. */
  off<E extends Event>(event: E, listener: TcpListener<E>): this {
    this.events.off(event, listener as never);
    return this;
  }

  /** {@link on}, by the other name it has in Node. */
  addListener<E extends Event>(event: E, listener: TcpListener<E>): this {
    return this.on(event, listener);
  }

  /** {@link off}, by the other name it has in Node. */
  removeListener<E extends Event>(event: E, listener: TcpListener<E>): this {
    return this.off(event, listener);
  }

  /** As {@link on}, in front of the other listeners. */
  prependListener<E extends Event>(event: E, listener: TcpListener<E>): this {
    this.beforeListening(event);
    this.events.prependListener(event, listener as never);
    return this;
  }

  /** As {@link once}, in front of the other listeners. */
  prependOnceListener<E extends Event>(event: E, listener: TcpListener<E>): this {
    this.beforeListening(event);
    this.events.prependOnceListener(event, listener as never);
    return this;
  }

  /** Removes all listeners, or those of one event. */
  removeAllListeners(event?: Event): this {
    if (event === undefined) this.events.removeAllListeners();
    else this.events.removeAllListeners(event);
    return this;
  }

  /**
   * Calls the listeners of an event; whether there are any. An `error` without a listener is not thrown, unlike Node's: the
   * log has it.
   */
  emit<E extends Event>(event: E, ...args: TcpEvents[E]): boolean {
    return this.events.emitSafely(event, ...args);
  }

  listenerCount(event: Event): number {
    return this.events.listenerCount(event);
  }

  listeners(event: Event): AnyListener[] {
    return this.events.listeners(event);
  }

  rawListeners(event: Event): AnyListener[] {
    return this.events.rawListeners(event);
  }

  eventNames(): Event[] {
    return this.events.eventNames();
  }

  /** As Node's: more listeners than this to one event are taken for a leak, and warned of. */
  setMaxListeners(count: number): this {
    this.events.setMaxListeners(count);
    return this;
  }

  getMaxListeners(): number {
    return this.events.getMaxListeners();
  }

  /** Somebody is about to listen to this event. */
  protected abstract beforeListening(event: Event): void;
}
