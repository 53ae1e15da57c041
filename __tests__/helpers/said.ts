// What a program says, and how it ends.

import { waitFor } from './wait';

/** What a program has printed so far. */
export class Said {
  stdout = '';
  stderr = '';
  protected status: number | string | undefined;

  protected constructor(protected readonly name: string) {}

  /** Waits until it has printed this to its standard output. */
  prints(text: string): Promise<void> {
    return this.says(text, () => this.stdout);
  }

  /** Waits until it has printed this to its standard error. */
  complains(text: string): Promise<void> {
    return this.says(text, () => this.stderr);
  }

  private async says(text: string, where: () => string): Promise<void> {
    await waitFor(
      `${this.name} to print '${text}'`,
      () => where().includes(text) || this.status !== undefined,
      undefined,
      () => this.said,
    );
    if (!where().includes(text))
      throw new Error(`${this.name} ended without printing '${text}': ${this.said}`);
  }

  /** Waits for its end; returns its exit status. */
  async end(): Promise<number | string> {
    await waitFor(
      `${this.name} to end`,
      () => this.status !== undefined,
      undefined,
      () => this.said,
    );
    return this.status!;
  }

  private get said(): string {
    return JSON.stringify({ stdout: this.stdout.slice(-500), stderr: this.stderr.slice(-2000) });
  }
}
