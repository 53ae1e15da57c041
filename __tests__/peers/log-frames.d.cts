/** Bytes and metadata of the frame with a number. */
export interface Content {
  readonly payload: Buffer;
  readonly fields: { readonly channel: number; readonly flags: number; readonly error: number };
}

export function contentOf(number: number): Content;

/** What is wrong with the frame that is to have this number; undefined for nothing. */
export function faultOf(
  number: number,
  frame: {
    readonly payload: Buffer;
    readonly channel: number;
    readonly flags: number;
    readonly error: number;
    readonly number?: number;
  },
): string | undefined;
