// What a process of a soak can be told, a line of JSON each.

export type Order =
  /** Sends no more. */
  | { readonly do: 'hush' }
  /** Blocks its event loop, as a long calculation does. */
  | { readonly do: 'block'; readonly ms: number }
  /** Its slave takes its time for each frame, for a while. */
  | { readonly do: 'be slow'; readonly ms: number; readonly perFrameMs: number }
  /** Stops its bridge in good order, adds up its account, and opens another one. */
  | { readonly do: 'reopen' };
