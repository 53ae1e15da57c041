// Which channel is looked at and how; kept in the address of the page and in the browser's memory.

import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals-core';
import type { Guess, Interpretation, View } from '../../interpretation';
import type { Channels } from './channels';
import { formatFragment, parseFragment, type FragmentView } from './fragment';
import {
  recall,
  remember,
  sameReading,
  toLink,
  withLink,
  fromGuess,
  type ChannelView,
  type Memory,
} from './settings';
import { follow } from './follow';

export interface SelectionHost {
  readonly channels: Channels;
  readonly memory: Memory | undefined;
  /** The peer or the file, as the gateway names it. */
  readonly address: () => string;
  readonly fragment: () => string;
  readonly writeFragment: (fragment: string, isNewEntry: boolean) => void;
  readonly notice: (text: string) => void;
}

export class Selection {
  readonly channel: Signal<number | undefined> = signal(undefined);
  readonly settings: ReadonlySignal<ChannelView | undefined>;
  /** Whether the reading is still the gateway's guess. */
  readonly isGuessed: ReadonlySignal<boolean>;
  private readonly known = new Map<number, Signal<ChannelView>>();
  private readonly version = signal(0);
  private link: FragmentView = {};
  /** Asked for by the address, and not seen yet. */
  private awaited: number | undefined;

  constructor(private readonly host: SelectionHost) {
    this.settings = computed(() => {
      const channel = this.channel.value;
      return channel === undefined ? undefined : this.of(channel);
    });
    this.isGuessed = computed(() => this.settings.value?.isKept === false);
  }

  /** Reads the address of the page. @returns the theme it asks for. */
  readLink(): FragmentView['theme'] {
    const { view, problem } = parseFragment(this.host.fragment());
    this.link = view;
    if (problem !== undefined) this.host.notice(problem);
    const target = view.channel ?? this.channel.value;
    this.awaited = target;
    this.choose();
    return view.theme;
  }

  /** Channels have come: one is selected, that of the address when it is there. */
  choose(): void {
    const { all } = this.host.channels;
    const [first] = all.value.keys();
    if (this.awaited !== undefined && all.value.has(this.awaited)) {
      this.applyLink(this.awaited);
      this.channel.value = this.awaited;
      this.awaited = undefined;
    } else if (this.channel.value === undefined && first !== undefined) {
      // Another one until the one that was asked for comes.
      if (this.link.channel === undefined) this.applyLink(first);
      this.channel.value = first;
    }
  }

  select(channel: number): void {
    if (channel === this.channel.value || !this.host.channels.all.value.has(channel)) return;
    this.awaited = undefined;
    this.channel.value = channel;
    this.write(true);
  }

  /** Settings of a channel; undefined for one that the gateway has not told of. */
  of(channel: number): ChannelView | undefined {
    // So that readers run again when a channel becomes known.
    follow(this.version);
    return this.signalOf(channel)?.value;
  }

  viewOf(channel: number, otherwise: View): View {
    follow(this.version);
    return this.known.get(channel)?.value.view ?? otherwise;
  }

  change(change: Partial<ChannelView>): void {
    const channel = this.channel.value;
    const settings = channel === undefined ? undefined : this.signalOf(channel);
    if (channel === undefined || settings === undefined) return;
    settings.value = { ...settings.value, ...change };
    remember(this.host.memory, this.host.address(), channel, settings.value);
    this.version.value += 1;
    this.write(change.view !== undefined);
  }

  read(change: Partial<Interpretation>): void {
    const settings = this.settings.value;
    if (settings !== undefined) this.change({ reading: { ...settings.reading, ...change }, isKept: true });
  }

  keepGuess(): void {
    this.change({ isKept: true });
  }

  useGuess(): void {
    const guess = this.guess;
    if (guess !== undefined) this.change({ reading: fromGuess(guess).reading, isKept: false });
  }

  get differsFromGuess(): boolean {
    const { guess } = this;
    const settings = this.settings.value;
    return guess !== undefined && settings !== undefined && !sameReading(settings.reading, guess);
  }

  /** The fragment for what is shown. */
  fragment(theme?: FragmentView['theme']): string {
    const channel = this.channel.value;
    const { guess } = this;
    const settings = this.settings.value;
    if (channel === undefined || settings === undefined || guess === undefined) return '';
    const link = toLink(channel, settings, guess);
    if (theme !== undefined) link.theme = theme;
    return formatFragment(link);
  }

  /** Set where the page's theme is not the system's because the link said so. */
  theme: FragmentView['theme'];

  write(isNewEntry = false): void {
    this.host.writeFragment(this.fragment(this.theme), isNewEntry);
  }

  private get guess(): Guess | undefined {
    const channel = this.channel.value;
    return channel === undefined ? undefined : this.host.channels.all.value.get(channel)?.guess;
  }

  private applyLink(channel: number): void {
    const settings = this.signalOf(channel);
    if (settings === undefined) return;
    settings.value = withLink(settings.value, this.link);
    this.version.value += 1;
  }

  private signalOf(channel: number): Signal<ChannelView> | undefined {
    const known = this.known.get(channel);
    if (known !== undefined) return known;
    const status = this.host.channels.all.value.get(channel);
    if (status === undefined) return undefined;
    // JSON has no undefined: a guess without a shape comes without the field.
    const guess = { ...status.guess, shape: status.guess.shape ?? undefined };
    const settings = signal(recall(this.host.memory, this.host.address(), channel, guess));
    this.known.set(channel, settings);
    return settings;
  }
}
