// Text from elsewhere, fit for one line of a log or a terminal. Pure.
//
// A terminal obeys what it is sent: ESC and U+009B begin a command, U+202E turns the rest of the line around. JSON's own
// escapes leave all from U+007F on as it is.

// Of what a peer says. Enough to know it by.
const QUOTED_CHARS = 64;
// Of an error's message, or of a file's name.
const VISIBLE_CHARS = 500;

const NOT_ASCII = /[^\x20-\x7e]|\\/g;
const NOT_ASCII_OR_QUOTE = /[^\x20-\x7e]|["\\]/g;
// Control, format, private and unassigned characters, halves of pairs, and the two that end a line.
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * Bytes of a peer, in double quotes: all but printable ASCII, and quotes and backslashes, as `\xNN` or `\uNNNN`. What is
 * behind the first `maxChars` is only counted: `"PUSH\x9b" and 16320 more bytes`.
 *
 * @param text a character for each byte, as `latin1` decodes them.
 */
export function quoted(text: string, maxChars = QUOTED_CHARS): string {
  const shown = `"${text.slice(0, maxChars).replace(NOT_ASCII_OR_QUOTE, code)}"`;
  return text.length > maxChars ? `${shown} and ${text.length - maxChars} more bytes` : shown;
}

/** The same without the quotes, for a field of its own: `PUSH\x9b... (16320 more bytes)`. */
export function escaped(text: string, maxChars = QUOTED_CHARS): string {
  const shown = text.slice(0, maxChars).replace(NOT_ASCII, code);
  return text.length > maxChars ? `${shown}... (${text.length - maxChars} more bytes)` : shown;
}

/**
 * Text of this machine, such as a message in a user's own language, or a file's name: letters of all scripts stay as
 * they are, what cannot be seen, or ends a line, is `\xNN`, `\uNNNN` or `\u{NNNNN}`. What is behind the first `maxChars`
 * is only counted. A text that is fit already, one of this function's own too, stays as it is.
 */
export function visible(text: string, maxChars = VISIBLE_CHARS): string {
  const shown = text.slice(0, maxChars).replace(UNSEEN, code);
  return text.length > maxChars ? `${shown}... (${text.length - maxChars} more characters)` : shown;
}

function code(char: string): string {
  if (char === '"' || char === '\\') return `\\${char}`;
  const point = char.codePointAt(0)!;
  const digits = point.toString(16);
  if (point <= 0xff) return `\\x${digits.padStart(2, '0')}`;
  return point <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`;
}
