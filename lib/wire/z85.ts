// Z85, the text form of ZeroMQ's keys (zeromq/rfc 32). Pure.

const MAX_UINT32 = 2 ** 32 - 1;
const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/** Five characters for every four bytes. */
export function z85Text(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    let value = bytes.readUInt32BE(at);
    let group = '';
    for (let i = 0; i < 5; i++) {
      group = DIGITS.charAt(value % DIGITS.length) + group;
      value = Math.floor(value / DIGITS.length);
    }
    text += group;
  }
  return text;
}

/** Four bytes for every five characters; undefined for what stands for none. */
export function z85Bytes(text: string): Buffer | undefined {
  const bytes = Buffer.alloc(Math.floor(text.length / 5) * 4);
  for (let at = 0; at < bytes.length; at += 4) {
    let value = 0;
    for (const char of text.slice((at / 4) * 5, (at / 4) * 5 + 5)) {
      const digit = DIGITS.indexOf(char);
      if (digit < 0) return undefined;
      value = value * DIGITS.length + digit;
    }
    if (value > MAX_UINT32) return undefined;
    bytes.writeUInt32BE(value, at);
  }
  return bytes;
}

/** Whether this is a key of 32 bytes. */
export function isKey(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/.test(text);
}
