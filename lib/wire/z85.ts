// Z85, the text form of ZeroMQ's keys (zeromq/rfc 32). Pure.

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

/** Whether this is a key of 32 bytes. */
export function isKey(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/.test(text);
}
